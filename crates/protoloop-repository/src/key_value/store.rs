//! A key-value store over a connector.

use std::{
    fmt,
    marker::PhantomData,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use protoloop_core::{BoxFuture, CallContext, Code, Error, Result};
use protoloop_schema::{Schema, bundled};
use protoloop_wire::{Tables, Value as WireValue, View, Writer, time::TIMESTAMP_SECONDS};

use super::{KeyStream, KeyValueRepository, glob};
use crate::{
    CompareOp, Connector, Entity, Filter, Key, KeyValue, Model, OnStart, PropertyPath, Query,
    Record, Repository, RepositoryExt as _, Value, Write,
};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Longest name of a store, and longest key, in bytes: what every database can have in a key.
const MAX_STORE: usize = 64;
const MAX_KEY: usize = 255;

/// After so many values that were stored the expired ones are removed.
const SWEEP: u32 = 1_000;

/// Field numbers of `protoloop.v1.KeyValue`.
mod number {
    pub(super) const STORE: u32 = 1;
    pub(super) const KEY: u32 = 2;
    pub(super) const VALUE: u32 = 3;
    pub(super) const EXPIRE_TIME: u32 = 4;
}

/// The values of one named store in a connector; the stores of a connector share a table, `protoloop_key_values`.
///
/// ```text
/// let carts: KeyValues<Cart> = KeyValues::open(&connector, "carts").await?;
/// carts.set(&cx, "ada", cart, Some(Duration::from_secs(3600))).await?;
/// ```
pub struct KeyValues<E> {
    rows: Arc<dyn Repository<Record>>,
    store: Arc<str>,
    paths: Paths,
    clock: Clock,
    /// Values stored since the expired ones were removed.
    stored: AtomicU32,
    value: PhantomData<fn() -> E>,
}

struct Paths {
    store: PropertyPath,
    key: PropertyPath,
    expire_time: PropertyPath,
}

impl<E: Entity> KeyValues<E> {
    /// Opens a store, making its table where it is missing.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for an empty name or one of more than 64 bytes; as [`Connector::prepare`].
    pub async fn open(connector: &dyn Connector, store: &str) -> Result<Self> {
        Self::open_with_clock(connector, store, Arc::new(SystemTime::now)).await
    }

    /// The same, going as far as `how` says where the table is missing.
    ///
    /// # Errors
    /// As [`KeyValues::open`].
    pub async fn open_as(connector: &dyn Connector, store: &str, how: OnStart) -> Result<Self> {
        check_name(store)?;
        let model = key_value_model()?;
        connector
            .prepare_as(std::slice::from_ref(&model), how)
            .await?;
        Self::over(connector, &model, store, Arc::new(SystemTime::now))
    }

    /// As [`KeyValues::open`] with another clock.
    ///
    /// # Errors
    /// As [`KeyValues::open`].
    pub async fn open_with_clock(
        connector: &dyn Connector,
        store: &str,
        clock: Clock,
    ) -> Result<Self> {
        check_name(store)?;
        let model = key_value_model()?;
        connector.prepare(std::slice::from_ref(&model)).await?;
        Self::over(connector, &model, store, clock)
    }

    /// A store in a table that is ready.
    fn over(
        connector: &dyn Connector,
        model: &Arc<Model>,
        store: &str,
        clock: Clock,
    ) -> Result<Self> {
        let path = |number| {
            let path = model.column_property(number);
            path.ok_or_else(|| {
                Error::internal_error("key_value.proto is another one than expected")
            })
        };
        Ok(Self {
            paths: Paths {
                store: path(number::STORE)?,
                key: path(number::KEY)?,
                expire_time: path(number::EXPIRE_TIME)?,
            },
            rows: connector.repository(model)?,
            store: store.into(),
            clock,
            stored: AtomicU32::new(0),
            value: PhantomData,
        })
    }

    /// Removes the rows of values that have expired, of all stores of the connector. It happens by itself now and then as
    /// values are stored.
    ///
    /// # Errors
    /// As [`KeyValueRepository::delete_all`].
    pub async fn remove_expired(&self, cx: &CallContext) -> Result<u64> {
        let expired = self.expires(CompareOp::Le, self.now());
        self.rows.delete_all(cx, Some(&expired)).await
    }

    /// Stores a value where there is none, and answers whether it did. Of several at once, on whatever replica, one does.
    ///
    /// # Errors
    /// As [`KeyValueRepository::set`].
    pub async fn add(
        &self,
        cx: &CallContext,
        key: &str,
        value: E,
        ttl: Option<Duration>,
    ) -> Result<bool> {
        let id = self.key(key)?;
        let end = ttl.and_then(|ttl| self.end(ttl));
        let row = of_parts(&self.store, key, &value.encode(), end);
        match self.rows.create(cx, row.clone()).await {
            Err(error) if error.code() == Code::AlreadyExists => {}
            outcome => return outcome.map(|_| true),
        }
        // What has expired is not there, though its row may be.
        let (model, now) = (Arc::clone(self.rows.model()), self.now());
        let check = move |present: Option<&Record>| {
            let end = present.map(|present| expiry(&model, present));
            match end {
                Some(end) if end.is_none_or(|end| now < end) => Err(taken()),
                _ => Ok(()),
            }
        };
        let check = Box::new(check);
        let writes = vec![Write::Delete { key: id, check }, Write::Create(row)];
        match self.rows.write(cx, writes).await {
            Err(failure) if failure.error.code() == Code::AlreadyExists => Ok(false),
            outcome => outcome.map(|_| true).map_err(Error::from),
        }
    }

    /// Now, in what databases hold: microseconds.
    fn now(&self) -> Duration {
        let now = (self.clock)().duration_since(UNIX_EPOCH);
        cut(now.unwrap_or_default())
    }

    fn key(&self, key: &str) -> Result<Key> {
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(Error::invalid_argument(format!(
                "a key has 1 to {MAX_KEY} bytes"
            )));
        }
        let parts = [&*self.store, key].map(|part| KeyValue::String(part.into()));
        Key::new(parts.into()).ok_or_else(|| Error::internal_error("a key without parts"))
    }

    /// The end of a time to live that begins now; `None` when it is beyond any date.
    fn end(&self, ttl: Duration) -> Option<Duration> {
        let last = Duration::from_secs(TIMESTAMP_SECONDS.end().unsigned_abs());
        let end = self.now().checked_add(ttl)?;
        (end <= last).then_some(cut(end))
    }

    /// The row of a key, if its value has not expired.
    async fn find(&self, cx: &CallContext, key: &str) -> Result<Option<Record>> {
        let row = self.rows.find_by_key(cx, &self.key(key)?).await?;
        let now = self.now();
        Ok(row.filter(|row| self.expiry(row).is_none_or(|end| now < end)))
    }

    fn expiry(&self, row: &Record) -> Option<Duration> {
        expiry(self.rows.model(), row)
    }

    fn expires(&self, op: CompareOp, time: Duration) -> Filter {
        Filter::Compare {
            path: self.paths.expire_time.clone(),
            op,
            value: Value::Timestamp {
                seconds: time.as_secs().cast_signed(),
                nanos: time.subsec_nanos().cast_signed(),
            },
        }
    }

    /// The rows of this store.
    fn own(&self) -> Filter {
        Filter::Compare {
            path: self.paths.store.clone(),
            op: CompareOp::Eq,
            value: Value::String(self.store.as_ref().to_owned()),
        }
    }

    /// The rows of this store whose values have not expired.
    fn live(&self) -> Filter {
        let path = self.paths.expire_time.clone();
        let for_ever = Filter::Not(Box::new(Filter::Has { path }));
        let later = self.expires(CompareOp::Gt, self.now());
        Filter::And(vec![self.own(), Filter::Or(vec![for_ever, later])])
    }

    /// Removes expired rows once in a while.
    pub(crate) async fn sweep(&self, cx: &CallContext) -> Result<()> {
        let stored = self.stored.fetch_add(1, Ordering::Relaxed);
        if stored < SWEEP {
            return Ok(());
        }
        self.stored.store(0, Ordering::Relaxed);
        self.remove_expired(cx).await.map(drop)
    }
}

fn check_name(store: &str) -> Result<()> {
    match store.is_empty() || store.len() > MAX_STORE {
        true => Err(Error::invalid_argument(format!(
            "the name of a key-value store has 1 to {MAX_STORE} bytes"
        ))),
        false => Ok(()),
    }
}

/// When the value of a row ceases to be.
fn expiry(model: &Model, row: &Record) -> Option<Duration> {
    let time = model.view(row.as_ref()).message(number::EXPIRE_TIME)?;
    let seconds = u64::try_from(time.i64(1)).unwrap_or(0);
    let nanos = u32::try_from(time.i32(2)).unwrap_or(0);
    Some(Duration::new(seconds, nanos))
}

fn cut(time: Duration) -> Duration {
    Duration::new(time.as_secs(), time.subsec_micros() * 1_000)
}

fn value_of(view: &View<'_>) -> Bytes {
    match view.get(number::VALUE) {
        Some(WireValue::Bytes(bytes)) => Bytes::copy_from_slice(bytes),
        _ => Bytes::new(),
    }
}

fn taken() -> Error {
    Error::already_exists("there is a value of the key")
}

fn missing(key: &str) -> Error {
    Error::not_found(format!("there is no value of the key `{key}`"))
}

/// The model of the rows of key-value stores, of the schema that comes with the toolkit: what migrations know their table
/// by.
///
/// # Errors
/// INTERNAL when the bundled schema is another one than expected.
pub fn key_value_model() -> Result<Arc<Model>> {
    static MODEL: OnceLock<Arc<Model>> = OnceLock::new();
    if let Some(model) = MODEL.get() {
        return Ok(Arc::clone(model));
    }
    let schema = Schema::from_descriptor_set(bundled::descriptor_set())
        .map_err(|problems| Error::internal_error(problems.to_string()))?;
    let entity = schema
        .message_by_name("protoloop.v1.KeyValue")
        .and_then(|message| message.entity)
        .ok_or_else(|| Error::internal_error("key_value.proto is not bundled"))?;
    let model = Model::new(&Tables::new(&Arc::new(schema)), entity)?;
    Ok(Arc::clone(MODEL.get_or_init(|| model)))
}

impl<E: Entity> KeyValueRepository<E> for KeyValues<E> {
    fn get<'a>(&'a self, cx: &'a CallContext, key: &'a str) -> BoxFuture<'a, Result<Option<E>>> {
        Box::pin(async move {
            let row = self.find(cx, key).await?;
            let value = row.map(|row| value_of(&self.rows.model().view(row.as_ref())));
            value.map(E::decode).transpose()
        })
    }

    fn set<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a str,
        value: E,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.key(key)?;
            let end = ttl.and_then(|ttl| self.end(ttl));
            let row = of_parts(&self.store, key, &value.encode(), end);
            self.rows.upsert(cx, row).await?;
            self.sweep(cx).await
        })
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, key: &'a str) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let delete = Write::Delete {
                key: self.key(key)?,
                check: Box::new(|_| Ok(())),
            };
            let gone = self.rows.write(cx, vec![delete]).await?;
            let now = self.now();
            let live = |row: &Record| self.expiry(row).is_none_or(|end| now < end);
            Ok(gone.iter().flatten().any(live))
        })
    }

    fn delete_all<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let live = self.rows.count(cx, Some(&self.live())).await?;
            self.rows.delete_all(cx, Some(&self.own())).await?;
            Ok(live)
        })
    }

    fn expire<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a str,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let (model, now, end) = (Arc::clone(self.rows.model()), self.now(), self.end(ttl));
            let (store, name) = (Arc::clone(&self.store), key.to_owned());
            let edit = move |row: Option<&Record>| {
                let live = |row: &&Record| expiry(&model, row).is_none_or(|end| now < end);
                let row = row.filter(live).ok_or_else(|| missing(&name))?;
                let value = value_of(&model.view(row.as_ref()));
                Ok(of_parts(&store, &name, &value, end))
            };
            let write = Write::Modify {
                key: self.key(key)?,
                edit: Box::new(edit),
            };
            self.rows.write(cx, vec![write]).await?;
            Ok(())
        })
    }

    fn ttl<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Duration>>> {
        Box::pin(async move {
            let now = self.now();
            let row = self.find(cx, key).await?.ok_or_else(|| missing(key))?;
            Ok(self.expiry(&row).map(|end| end.saturating_sub(now)))
        })
    }

    fn keys<'a>(&'a self, cx: &'a CallContext, pattern: Option<&str>) -> KeyStream<'a> {
        let mut filter = self.live();
        if let (Some(pattern), Filter::And(parts)) = (pattern, &mut filter) {
            parts.push(Filter::Like {
                path: self.paths.key.clone(),
                pattern: glob::like(pattern),
                folded: None,
            });
        }
        let model = self.rows.model();
        let mut query = Query::new(model.key_order().clone());
        query.filter = Some(filter);
        query.fields = Some(model.entity().key.clone());
        let name = |row: Record| model.view(row.as_ref()).string(number::KEY).to_owned();
        // The stream of rows lives no longer than its query, so they come in pages that own theirs.
        let pages = stream::try_unfold(Some(query), move |query| async move {
            let Some(mut query) = query else {
                return Ok(None);
            };
            query.limit = Some(PAGE);
            let rows = self.rows.find(cx, &query).await?;
            let next = match rows.last() {
                Some(last) if rows.len() == PAGE as usize => {
                    query.after = Some(self.rows.place(cx, &query.order, last).await?);
                    Some(query)
                }
                _ => None,
            };
            Ok::<_, Error>(Some((stream::iter(rows).map(Ok), next)))
        });
        Box::pin(pages.try_flatten().map_ok(name))
    }
}

/// Keys in memory at once.
const PAGE: u32 = 500;

/// The row of a value.
fn of_parts(store: &str, key: &str, value: &[u8], expires: Option<Duration>) -> Record {
    let mut writer = Writer::with_capacity(value.len() + 64);
    writer.string(number::STORE, store);
    writer.string(number::KEY, key);
    if !value.is_empty() {
        writer.bytes(number::VALUE, value);
    }
    if let Some(expires) = expires {
        let open = writer.open(number::EXPIRE_TIME);
        writer.int64(1, expires.as_secs().cast_signed());
        if expires.subsec_nanos() != 0 {
            writer.int32(2, expires.subsec_nanos().cast_signed());
        }
        writer.close(open);
    }
    Record(writer.finish().into())
}

impl<E> fmt::Debug for KeyValues<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyValues")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
