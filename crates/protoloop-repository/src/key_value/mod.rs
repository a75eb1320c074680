//! Values by key, with a time to live: for carts, sessions, caches.

mod glob;
mod store;
#[cfg(test)]
mod tests;

use std::{pin::Pin, time::Duration};

use futures_core::Stream;
use protoloop_core::{BoxFuture, CallContext, Result};

pub use store::{Clock, KeyValues, key_value_model};

use crate::Entity;

/// Keys as they come from the store; an error ends them.
pub type KeyStream<'a> = Pin<Box<dyn Stream<Item = Result<String>> + Send + 'a>>;

/// Values of one kind by key. [`KeyValues`] is one over any connector.
///
/// A value that has expired is not there: exactly from the moment that its time to live ends, whether or not its row has
/// been removed yet. Called within a transaction, all methods work inside it.
pub trait KeyValueRepository<E: Entity>: Send + Sync + 'static {
    /// The value of a key; `None` when there is none.
    ///
    /// # Errors
    /// UNAVAILABLE or INTERNAL from the store.
    fn get<'a>(&'a self, cx: &'a CallContext, key: &'a str) -> BoxFuture<'a, Result<Option<E>>>;

    /// Stores a value in the place of the one that was there, time to live included. Without `ttl` it stays for ever.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for an empty or too long key; UNAVAILABLE or INTERNAL from the store.
    fn set<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a str,
        value: E,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<()>>;

    /// Removes a value; answers whether there was one.
    ///
    /// # Errors
    /// As [`KeyValueRepository::get`].
    fn delete<'a>(&'a self, cx: &'a CallContext, key: &'a str) -> BoxFuture<'a, Result<bool>>;

    /// Removes all values; answers how many there were.
    ///
    /// # Errors
    /// As [`KeyValueRepository::get`].
    fn delete_all<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<u64>>;

    /// Gives a value a new time to live, counted from now.
    ///
    /// # Errors
    /// NOT_FOUND when there is no such value, or no longer; as [`KeyValueRepository::get`].
    fn expire<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a str,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<()>>;

    /// How long a value will stay; `None` for ever.
    ///
    /// # Errors
    /// NOT_FOUND when there is no such value, or no longer; as [`KeyValueRepository::get`].
    fn ttl<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Duration>>>;

    /// The keys that a pattern matches, of all values without one, in ascending order of their bytes. `*` stands for any
    /// characters, `?` for one, and a backslash takes the next character as it is.
    fn keys<'a>(&'a self, cx: &'a CallContext, pattern: Option<&str>) -> KeyStream<'a>;
}
