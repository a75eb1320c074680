//! Repeated calls with one `request_id` (AIP-155), as one process remembers them.

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use protoloop_core::{CallContext, Caller, Detail, Error, Result};
use sha2::{Digest as _, Sha256};

use super::request_ids::{Repeatable, RequestIds, other_request};
use crate::{Record, Repository, transaction::InTransaction};

/// The most answers that are remembered.
const MAX_ANSWERS: usize = 10_000;

/// The most bytes of answers that are remembered.
const MAX_BYTES: usize = 16 << 20;

/// The longest `request_id`; a UUID has 36 characters.
const MAX_LENGTH: usize = 128;

/// The metadata by which callers differ of whom no layer has said who they are.
const CREDENTIALS: [&str; 2] = ["authorization", "cookie"];

/// The answers of the last calls of one method that carried a `request_id`.
///
/// They are held in this process: another replica, or the next run, does not know them. [`RequestIds`] does.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_id: HashMap<Key, Entry>,
    /// Ids that have an answer, oldest first.
    order: VecDeque<Key>,
    bytes: usize,
}

/// A digest of the caller and of the `request_id`: equal ids of two callers do not meet, and nothing that a caller keeps
/// secret is stored. The caller is who the context says; without a name there, whoever sends the same credentials and shows the same certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key([u8; 32]);

impl Key {
    fn new(cx: &CallContext, id: &str) -> Self {
        let mut digest = Sha256::new();
        let caller = cx.caller();
        let subject = caller.and_then(Caller::subject);
        for said in [subject, caller.and_then(Caller::tenant)] {
            digest.update([u8::from(said.is_some())]);
            part(&mut digest, said.unwrap_or_default().as_bytes());
        }
        digest.update([u8::from(caller.is_some_and(|caller| caller.every_tenant))]);
        let credentials = subject.map_or(&CREDENTIALS[..], |_| &[]);
        for name in credentials {
            let values = cx.metadata().get_all(*name);
            for value in values {
                part(&mut digest, value.as_bytes());
            }
            // No value is so long: it ends the list, so that a value cannot count under the other name.
            digest.update(u64::MAX.to_be_bytes());
        }
        let certificate = cx.certificate().filter(|_| subject.is_none());
        digest.update([u8::from(certificate.is_some())]);
        digest.update(certificate.map_or(&[][..], |certificate| certificate));
        part(&mut digest, id.as_bytes());
        Self(digest.finalize().into())
    }
}

impl Key {
    /// The name of a call of a method, for a store that all methods share.
    fn name(self, method: &str) -> String {
        let mut digest = Sha256::new();
        digest.update(self.0);
        digest.update(method);
        let digest: [u8; 32] = digest.finalize().into();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A call that may be sent again.
pub(super) struct RepeatableCall<'a> {
    /// Path of the method.
    pub(super) method: &'a str,
    /// The name of its `request_id`.
    pub(super) field: &'a str,
    /// What that says.
    pub(super) id: &'a str,
    /// The whole request.
    pub(super) request: &'a [u8],
}

/// Adds bytes with their length in front, so that no two lists of them give the same digest.
fn part(digest: &mut Sha256, bytes: &[u8]) {
    digest.update((bytes.len() as u64).to_be_bytes());
    digest.update(bytes);
}

#[derive(Debug)]
struct Entry {
    request: [u8; 32],
    /// `None` while the call is under way.
    answer: Option<Bytes>,
}

/// What to do with a call.
enum Turn<'a> {
    /// It was answered before.
    Answered(Bytes),
    /// It is the first; tell the ticket how it went.
    First(Ticket<'a>),
}

/// A call under way. Dropped without an answer, it is forgotten, so that it may be tried again.
struct Ticket<'a> {
    answers: &'a Answers,
    key: Key,
}

impl Answers {
    /// Looks a call up. `field` is the name of its `request_id`.
    ///
    /// INVALID_ARGUMENT when the caller used the id for another request or it is too long; ABORTED while the first is
    /// under way.
    fn begin(&self, cx: &CallContext, field: &str, id: &str, request: &[u8]) -> Result<Turn<'_>> {
        if id.len() > MAX_LENGTH {
            let text = format!("has more than {MAX_LENGTH} bytes");
            return Err(Error::invalid_field(field, text));
        }
        let request: [u8; 32] = Sha256::digest(request).into();
        let key = Key::new(cx, id);
        let mut known = self.lock();
        match known.by_id.get(&key) {
            Some(entry) if entry.request != request => Err(other_request(field)),
            Some(Entry {
                answer: Some(answer),
                ..
            }) => Ok(Turn::Answered(answer.clone())),
            Some(_) => Err(Error::aborted(format!(
                "a call with this {field} is under way; try again"
            ))
            .with_detail(Detail::RetryInfo {
                retry_delay: Duration::from_secs(1),
            })),
            None => {
                let answer = None;
                known.by_id.insert(key, Entry { request, answer });
                Ok(Turn::First(Ticket { answers: self, key }))
            }
        }
    }

    /// Does a call with a `request_id`, unless it was done before: then it answers what it answered. `stored` are the
    /// answers that the datasource of `repository` keeps, where it does.
    ///
    /// As [`Answers::begin`].
    pub(super) async fn once<Run, Done>(
        &self,
        cx: &CallContext,
        call: &RepeatableCall<'_>,
        repository: &dyn Repository<Record>,
        stored: Option<&RequestIds>,
        run: Run,
    ) -> Result<Bytes>
    where
        Run: Fn(CallContext) -> Done + Send + Sync,
        Done: Future<Output = Result<Bytes>> + Send,
    {
        let repeatable = || Repeatable {
            name: Key::new(cx, call.id).name(call.method),
            field: call.field,
            request: Sha256::digest(call.request).into(),
        };
        if InTransaction::of(cx).is_some() {
            // Whether it will have been done is not known before the transaction ends, so this process says nothing of it.
            return match stored {
                Some(stored) => stored.once(cx, repository, &repeatable(), run).await,
                None => run(cx.clone()).await,
            };
        }
        let ticket = match self.begin(cx, call.field, call.id, call.request)? {
            Turn::Answered(answer) => return Ok(answer),
            Turn::First(ticket) => ticket,
        };
        let answer = match stored {
            Some(stored) => stored.once(cx, repository, &repeatable(), run).await?,
            None => run(cx.clone()).await?,
        };
        ticket.answered(&answer);
        Ok(answer)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket<'_> {
    /// Remembers the answer.
    fn answered(self, answer: &Bytes) {
        let mut known = self.answers.lock();
        if let Some(entry) = known.by_id.get_mut(&self.key) {
            entry.answer = Some(answer.clone());
            known.bytes += answer.len();
            known.order.push_back(self.key);
        }
        while known.order.len() > MAX_ANSWERS || known.bytes > MAX_BYTES {
            let Some(oldest) = known.order.pop_front() else {
                break;
            };
            if let Some(answer) = known.by_id.remove(&oldest).and_then(|entry| entry.answer) {
                known.bytes -= answer.len();
            }
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut known = self.answers.lock();
        if known
            .by_id
            .get(&self.key)
            .is_some_and(|entry| entry.answer.is_none())
        {
            known.by_id.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use protoloop_core::{Origin, Protocol};

    use super::*;

    fn begin<'a>(answers: &'a Answers, id: &str) -> Result<Turn<'a>> {
        answers.begin(&CallContext::new(), "request_id", id, b"r")
    }

    fn first<'a>(answers: &'a Answers, id: &str) -> Ticket<'a> {
        match begin(answers, id) {
            Ok(Turn::First(ticket)) => ticket,
            _ => panic!("{id} is not the first"),
        }
    }

    #[test]
    fn a_failed_call_may_be_tried_again() {
        let answers = Answers::default();
        let ticket = first(&answers, "a");
        let busy = begin(&answers, "a").err().unwrap();
        assert_eq!(busy.code(), protoloop_core::Code::Aborted);
        drop(ticket);
        first(&answers, "a").answered(&Bytes::from_static(b"x"));
        assert!(matches!(begin(&answers, "a"), Ok(Turn::Answered(_))));
    }

    #[test]
    fn callers_are_told_apart_by_who_they_are() {
        let with = |caller: Option<Caller>, token: Option<&str>| {
            let mut cx = CallContext::new();
            if let Some(token) = token {
                let token = token.parse().expect("a value");
                cx.metadata_mut().insert("authorization", token);
            }
            if let Some(caller) = caller {
                cx.set_caller(caller);
            }
            Key::new(&cx, "id")
        };
        let ada = Caller::new("ada");
        let keys = [
            with(None, None),
            with(None, Some("t")),
            with(Some(ada.clone()), None),
            with(Some(ada.clone().in_tenant("acme")), None),
            with(Some(Caller::new("acme")), None),
            with(Some(Caller::anonymous().in_tenant("ada")), None),
            with(Some(Caller::anonymous().in_tenant("ada")), Some("t")),
            with(Some(Caller::every_tenant()), None),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key), "{at}");
        }
        let shown = |certificate| {
            let origin = Origin {
                certificate,
                ..Origin::default()
            };
            let cx = CallContext::of_request(Protocol::Grpc, origin, HeaderMap::new());
            Key::new(&cx, "id")
        };
        assert_eq!(shown(None), keys[0]);
        assert_ne!(shown(Some([1; 32])), shown(Some([2; 32])));
        assert_ne!(shown(Some([1; 32])), keys[0]);
        // Who they are counts, and not the token that they happen to have.
        assert_eq!(with(Some(ada.clone()), Some("new")), with(Some(ada), None));
    }

    #[test]
    fn old_answers_are_forgotten() {
        let answers = Answers::default();
        let large = Bytes::from(vec![0; MAX_BYTES / 4]);
        for id in ["a", "b", "c", "d", "e"] {
            first(&answers, id).answered(&large);
        }
        first(&answers, "a");
        for n in 0..=MAX_ANSWERS {
            first(&answers, &n.to_string()).answered(&Bytes::new());
        }
        let known = answers.lock();
        assert_eq!(known.order.len(), MAX_ANSWERS);
        assert_eq!(known.by_id.len(), MAX_ANSWERS);
        assert_eq!(known.bytes, 0);
    }
}
