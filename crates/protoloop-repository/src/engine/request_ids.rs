//! Answers to calls with a `request_id` that outlive the process, and that all replicas know.
//!
//! The answer is stored in the transaction that does the call, so there is one exactly if the call was done: a caller that
//! lost an answer, to a crash of the service or of the database, sends the call again and gets it.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use bytes::{BufMut as _, Bytes, BytesMut};
use protoloop_core::{CallContext, Code, Error, Result};
use tokio::sync::OnceCell;

use crate::{
    Connector, KeyValueRepository as _, KeyValues, OnStart, Record, Repository, RepositoryExt as _,
    TransactionOptions, transaction::InTransaction,
};

/// Name of the store in `protoloop_key_values`.
const STORE: &str = "request_ids";

/// Bytes of a request's digest, in front of the answer.
const DIGEST: usize = 32;

/// Where a datasource keeps the answers to calls with a `request_id`.
///
/// Its table, `protoloop_key_values`, is made with the first such call, so that who gets none has none. Where it cannot be
/// made, the answers are remembered by the process alone; where it must not be made ([`OnStart::Check`]) such calls are
/// refused, because they could be done twice.
pub struct RequestIds {
    connector: Arc<dyn Connector>,
    keep: Duration,
    how: Option<OnStart>,
    store: OnceCell<Store>,
}

/// What became of the store.
enum Store {
    Open(Box<KeyValues<Record>>),
    /// Its table is missing and cannot be made.
    Impossible,
    /// Its table is missing, and the start was told to change nothing.
    NotMade,
}

/// A call with a `request_id`.
pub(super) struct Repeatable<'a> {
    /// Of the caller, the method and the `request_id`; safe to show.
    pub(super) name: String,
    /// The name of the request's field.
    pub(super) field: &'a str,
    pub(super) request: [u8; DIGEST],
}

impl RequestIds {
    /// For how long an answer is kept unless said otherwise: a day.
    pub const KEEP: Duration = Duration::from_secs(24 * 60 * 60);

    /// Keeps answers in the database of a connector.
    #[must_use]
    pub fn new(connector: Arc<dyn Connector>) -> Self {
        Self {
            connector,
            keep: Self::KEEP,
            how: None,
            store: OnceCell::new(),
        }
    }

    /// What may be done about a table that is missing: what the start does about others, unless it is said.
    #[must_use]
    pub fn on_start(mut self, how: OnStart) -> Self {
        self.how = Some(how);
        self
    }

    /// Keeps each answer for another time. Later the same call is done again.
    #[must_use]
    pub fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// The store, opened by the first call. Within a transaction it is not opened, because a store with
    /// one writer would wait for itself. `None` where the process remembers the answers.
    async fn store(&self, cx: &CallContext, field: &str) -> Result<Option<&KeyValues<Record>>> {
        let store = match InTransaction::of(cx) {
            Some(_) => self.store.get(),
            None => Some(self.store.get_or_try_init(|| self.open()).await?),
        };
        match store {
            Some(Store::Open(store)) => Ok(Some(&**store)),
            Some(Store::NotMade) => Err(not_made(field)),
            Some(Store::Impossible) | None => Ok(None),
        }
    }

    async fn open(&self) -> Result<Store> {
        let opened = match self.how {
            Some(OnStart::Check) => return self.look().await,
            Some(how) => KeyValues::open_as(&*self.connector, STORE, how).await,
            None => KeyValues::open(&*self.connector, STORE).await,
        };
        match opened {
            Ok(store) => Ok(Store::Open(Box::new(store))),
            // It may be there in a moment, and a call that is done without it could be done twice.
            Err(error) if is_passing(&error) => Err(error),
            Err(error) => {
                tracing::warn!(
                    database = self.connector.name(),
                    error = %error.message(),
                    "request ids are remembered by this process only: their table cannot be made"
                );
                Ok(Store::Impossible)
            }
        }
    }

    async fn look(&self) -> Result<Store> {
        match KeyValues::open_as(&*self.connector, STORE, OnStart::Check).await {
            Ok(store) => Ok(Store::Open(Box::new(store))),
            Err(error) if is_passing(&error) => Err(error),
            Err(_) => {
                tracing::warn!(
                    database = self.connector.name(),
                    "calls with a request id are refused: their table is missing, and the start was told to make none; \
                     `protoloop migrate apply --key-values` does, then start again"
                );
                Ok(Store::NotMade)
            }
        }
    }

    /// Does a call, unless it was done before: then it answers what it answered.
    ///
    /// INVALID_ARGUMENT when the id was used for another request.
    pub(super) async fn once<Run, Done>(
        &self,
        cx: &CallContext,
        repository: &dyn Repository<Record>,
        call: &Repeatable<'_>,
        run: Run,
    ) -> Result<Bytes>
    where
        Run: Fn(CallContext) -> Done + Send + Sync,
        Done: Future<Output = Result<Bytes>> + Send,
    {
        let Some(store) = self.store(cx, call.field).await? else {
            return run(cx.clone()).await;
        };
        let work = |cx: CallContext| {
            let run = &run;
            async move {
                if let Some(answer) = known(store, &cx, call).await? {
                    return Ok(answer);
                }
                let answer = run(cx.clone()).await?;
                let mut value = BytesMut::with_capacity(DIGEST + answer.len());
                value.put_slice(&call.request);
                value.put_slice(&answer);
                let value = Record(value.freeze());
                match store.add(&cx, &call.name, value, Some(self.keep)).await? {
                    true => Ok(answer),
                    false => Err(overtaken()),
                }
            }
        };
        let options = TransactionOptions::new();
        let outcome = repository.transaction(cx, &options, work).await;
        match outcome {
            // Another replica may have done it meanwhile, which is why it could not be done here.
            Err(error) if may_be_overtaken(&error) => match known(store, cx, call).await? {
                Some(answer) => Ok(answer),
                None => Err(error),
            },
            Ok(answer) => {
                if InTransaction::of(cx).is_none()
                    && let Err(error) = store.sweep(cx).await
                {
                    // The next one removes them; this call is done.
                    tracing::debug!(error = %error.message(), "expired request ids were not removed");
                }
                Ok(answer)
            }
            outcome => outcome,
        }
    }
}

/// The answer to a call that was done.
async fn known(
    store: &KeyValues<Record>,
    cx: &CallContext,
    call: &Repeatable<'_>,
) -> Result<Option<Bytes>> {
    let Some(Record(value)) = store.get(cx, &call.name).await? else {
        return Ok(None);
    };
    match value.split_at_checked(DIGEST) {
        Some((request, _)) if *request == call.request => Ok(Some(value.slice(DIGEST..))),
        Some(_) => Err(other_request(call.field)),
        None => Err(Error::internal_error("a stored answer without its request")),
    }
}

/// INVALID_ARGUMENT: the caller used the id for another request.
pub(super) fn other_request(field: &str) -> Error {
    Error::invalid_field(
        field,
        "was used for another request; make a new one for each",
    )
}

/// FAILED_PRECONDITION: nobody could tell later that the call was done.
fn not_made(field: &str) -> Error {
    Error::failed_precondition(format!(
        "{field}: the database of this service has no table in which the answers to such calls are kept; whoever runs it \
         makes it with `protoloop migrate apply --key-values`"
    ))
}

fn overtaken() -> Error {
    Error::aborted("a call with this request id is under way; try again")
}

fn is_passing(error: &Error) -> bool {
    matches!(
        error.code(),
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Aborted
    )
}

/// Whether a failure may come of another call with the same id.
fn may_be_overtaken(error: &Error) -> bool {
    matches!(
        error.code(),
        Code::Aborted | Code::AlreadyExists | Code::FailedPrecondition | Code::NotFound
    )
}

impl fmt::Debug for RequestIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestIds")
            .field("connector", &self.connector)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        MemoryConnector,
        testing::{Shop, member, now},
    };

    use super::*;

    const CREATE: &str = "BookService/CreateBook";
    const BOOK: &str = r#"{"book":{"title":"a"},"request_id":"r"}"#;

    #[test]
    fn another_process_answers_what_the_first_did() {
        let connector = Arc::new(MemoryConnector::new());
        let (one, other) = (Shop::remembering(&connector), Shop::remembering(&connector));
        let answer = one.ok(CREATE, BOOK);
        assert_eq!(other.ok(CREATE, BOOK), answer);
        assert_eq!(one.ok(CREATE, BOOK), answer);
        assert_eq!(other.ok("BookService/CountBooks", "{}"), r#"{"count":"1"}"#);
        assert_eq!(
            Shop::remembering(&connector).err(CREATE, &BOOK.replace("\"a\"", "\"b\"")),
            "INVALID_ARGUMENT: request_id: was used for another request; make a new one for each"
        );
        // A delete that was done is no NOT_FOUND, and one of another method is another.
        let id = member(&answer, "id");
        let delete = format!(r#"{{"id":"{id}"}}"#);
        one.ok("BookService/DeleteBook", &delete);
        assert_eq!(other.ok(CREATE, BOOK), answer);
    }

    #[test]
    fn without_their_table_such_calls_are_refused() {
        let stored = RequestIds::new(Arc::new(MemoryConnector::new()));
        assert!(stored.store.set(Store::NotMade).is_ok());
        let cx = CallContext::new();
        let outcome = now(stored.store(&cx, "request_id"));
        let error = outcome.expect_err("refused");
        assert_eq!(error.code(), Code::FailedPrecondition);
        assert!(error.message().starts_with("request_id: "), "{error}");
    }

    #[test]
    fn what_failed_or_was_only_tried_is_not_remembered() {
        let connector = Arc::new(MemoryConnector::new());
        let (one, other) = (Shop::remembering(&connector), Shop::remembering(&connector));
        let failing = r#"{"book":{},"request_id":"r"}"#;
        one.err(CREATE, failing);
        let tried = r#"{"book":{"title":"a"},"request_id":"r","validate_only":true}"#;
        one.ok(CREATE, tried);
        assert_eq!(one.ok("BookService/CountBooks", "{}"), "{}");
        other.ok(CREATE, BOOK);
    }

    #[test]
    fn what_was_rolled_back_was_not_done() {
        let connector = Arc::new(MemoryConnector::new());
        let shop = Shop::remembering(&connector);
        shop.ok(CREATE, r#"{"book":{"title":"z"},"request_id":"opens"}"#);
        let cx = CallContext::new();
        let options = TransactionOptions::new();
        let transaction = now(connector.begin(&cx, &options)).expect("begun");
        let inside = || transaction.cx().clone();
        let answer = shop.call_with(inside(), CREATE, BOOK).expect("done");
        assert_eq!(
            shop.call_with(inside(), CREATE, BOOK).expect("known"),
            answer
        );
        now(transaction.rollback()).expect("rolled back");
        assert_ne!(shop.ok(CREATE, BOOK), answer);
        assert_eq!(shop.ok("BookService/CountBooks", "{}"), r#"{"count":"2"}"#);
    }
}
