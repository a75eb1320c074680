//! Texts of statements that are made when they are first wanted.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};

/// Most texts of one kind, which bounds what callers can fill the memory with.
const MOST: usize = 64;

/// Texts by what they are made for.
#[derive(Debug)]
pub(crate) struct Texts<K>(RwLock<HashMap<K, Arc<str>>>);

impl<K> Default for Texts<K> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Eq + Hash> Texts<K> {
    pub(crate) fn get(&self, key: &K) -> Option<Arc<str>> {
        let texts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        texts.get(key).cloned()
    }

    /// Keeps a text, if there is room for it.
    pub(crate) fn keep(&self, key: K, text: Arc<str>) -> Arc<str> {
        let mut texts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if texts.len() < MOST {
            texts.insert(key, Arc::clone(&text));
        }
        text
    }
}
