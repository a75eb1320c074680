//! Secrets and ConfigMaps that pods refer to: what they hold decides whether pods have to start anew.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, Client, ResourceExt as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::api::{Microservice, Source};

/// What is referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A Secret.
    Secret,
    /// A ConfigMap.
    ConfigMap,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }
}

/// Which keys of an object count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// All of them.
    All,
    /// These.
    Some(BTreeSet<String>),
}

/// What pods of a service refer to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// By kind and name: which keys count, and whether pods cannot start without the object.
    pub objects: BTreeMap<(Kind, String), (Keys, bool)>,
}

impl References {
    /// What the pods of `service` refer to by what the resource says; pod templates are not looked through.
    #[must_use]
    pub fn of(service: &Microservice) -> Self {
        let mut all = Self::default();
        let spec = &service.spec;
        if let Some(secret) = spec
            .datasource
            .as_ref()
            .and_then(|datasource| datasource.secret.as_ref())
        {
            all.key(Kind::Secret, &secret.name, &secret.key, true);
        }
        for source in spec
            .env
            .iter()
            .filter_map(|variable| variable.value_from.as_ref())
        {
            if let Some(one) = &source.secret_key_ref {
                all.key(
                    Kind::Secret,
                    &one.name,
                    &one.key,
                    one.optional != Some(true),
                );
            }
            if let Some(one) = &source.config_map_key_ref {
                all.key(
                    Kind::ConfigMap,
                    &one.name,
                    &one.key,
                    one.optional != Some(true),
                );
            }
        }
        for source in &spec.env_from {
            if let Some(one) = &source.secret_ref {
                all.whole(Kind::Secret, &one.name, one.optional != Some(true));
            }
            if let Some(one) = &source.config_map_ref {
                all.whole(Kind::ConfigMap, &one.name, one.optional != Some(true));
            }
        }
        if let Some(tls) = &spec.tls {
            all.whole(Kind::Secret, &tls.secret, true);
        }
        all.volumes(&spec.volumes);
        // What a gateway reads it reads again by itself; pods only cannot start without it.
        if let Some(Source::Gateway(gateway)) = spec.source() {
            for one in [&gateway.descriptor_set, &gateway.rules]
                .into_iter()
                .flatten()
            {
                all.insert(
                    Kind::ConfigMap,
                    &one.name,
                    Keys::Some(BTreeSet::new()),
                    true,
                );
            }
        }
        all
    }

    /// The same, and what the schema is read from: a change of that is looked at, but starts no pod anew by itself.
    #[must_use]
    pub fn with_schema(&self, service: &Microservice) -> Self {
        let mut all = self.clone();
        if let Some(schema) = &service.spec.schema {
            let set = schema.descriptor_set.as_ref().map(|key| &key.name);
            for name in schema.config_map.iter().map(|map| &map.name).chain(set) {
                all.insert(Kind::ConfigMap, name, Keys::Some(BTreeSet::new()), false);
            }
        }
        all
    }

    fn volumes(&mut self, volumes: &[Value]) {
        for volume in volumes {
            let text = |pointer: &str| volume.pointer(pointer).and_then(Value::as_str);
            let required =
                |pointer: &str| volume.pointer(pointer).and_then(Value::as_bool) != Some(true);
            if let Some(name) = text("/secret/secretName") {
                self.whole(Kind::Secret, name, required("/secret/optional"));
            }
            if let Some(name) = text("/configMap/name") {
                self.whole(Kind::ConfigMap, name, required("/configMap/optional"));
            }
        }
    }

    fn key(&mut self, kind: Kind, name: &str, key: &str, required: bool) {
        self.insert(kind, name, Keys::Some([key.to_owned()].into()), required);
    }

    fn whole(&mut self, kind: Kind, name: &str, required: bool) {
        self.insert(kind, name, Keys::All, required);
    }

    fn insert(&mut self, kind: Kind, name: &str, keys: Keys, required: bool) {
        let empty = (Keys::Some(BTreeSet::new()), false);
        let (known, needed) = self.objects.entry((kind, name.to_owned())).or_insert(empty);
        *needed |= required;
        match (&mut *known, keys) {
            (Keys::Some(known), Keys::Some(more)) => known.extend(more),
            (known, _) => *known = Keys::All,
        }
    }
}

/// What the objects hold that a service refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Digest of all that counts; `None` where nothing does.
    pub checksum: Option<String>,
    /// What is not there, for people.
    pub missing: Vec<String>,
}

/// Digests of the values of one object, by key, and the version that they were read at.
#[derive(Clone, Debug)]
struct Held {
    version: String,
    values: Option<BTreeMap<String, [u8; 32]>>,
}

type Place = (Kind, String, String);

#[derive(Debug, Default)]
struct State {
    /// Who refers to an object.
    readers: HashMap<Place, BTreeSet<String>>,
    /// What each service refers to.
    read: HashMap<(String, String), BTreeSet<Place>>,
    /// The newest version of an object that a watch told of; empty when it is gone.
    versions: HashMap<Place, String>,
    held: HashMap<Place, Held>,
}

/// Who refers to what, and what was in it. Values are never kept, only their digests.
#[derive(Debug, Default)]
pub struct Index {
    state: Mutex<State>,
}

impl Index {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a service refers to; nothing once it is gone.
    pub fn replace(&self, namespace: &str, service: &str, references: &References) {
        let mut state = self.state();
        let id = (namespace.to_owned(), service.to_owned());
        let places: BTreeSet<Place> = references
            .objects
            .keys()
            .map(|(kind, name)| (*kind, namespace.to_owned(), name.clone()))
            .collect();
        let before = state
            .read
            .insert(id.clone(), places.clone())
            .unwrap_or_default();
        for place in before.difference(&places) {
            let unread = state.readers.get_mut(place).is_some_and(|readers| {
                readers.remove(service);
                readers.is_empty()
            });
            if unread {
                state.readers.remove(place);
                state.versions.remove(place);
                state.held.remove(place);
            }
        }
        for place in places.iter() {
            state
                .readers
                .entry(place.clone())
                .or_default()
                .insert(service.to_owned());
        }
        if places.is_empty() {
            state.read.remove(&id);
        }
    }

    /// Notes what a watch tells: the version of an object, `None` once it is gone. Answers who refers to it, when that is news.
    pub fn observe(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
        version: Option<&str>,
    ) -> Vec<String> {
        let mut state = self.state();
        let place = (kind, namespace.to_owned(), name.to_owned());
        let Some(readers) = state.readers.get(&place).cloned() else {
            return Vec::new();
        };
        let version = version.unwrap_or_default().to_owned();
        let known = state
            .held
            .get(&place)
            .is_some_and(|held| held.version == version);
        state.versions.insert(place, version);
        if known {
            Vec::new()
        } else {
            readers.into_iter().collect()
        }
    }

    fn known(&self, place: &Place) -> Option<Held> {
        let state = self.state();
        let held = state.held.get(place)?;
        let current = state
            .versions
            .get(place)
            .is_none_or(|version| *version == held.version);
        current.then(|| held.clone())
    }

    /// What the objects hold. Those that were not read since they changed are read.
    ///
    /// # Errors
    /// What the API server answers, except that an object is not there.
    pub async fn contents(
        &self,
        client: &Client,
        namespace: &str,
        references: &References,
    ) -> Result<Contents, kube::Error> {
        let mut hasher = Sha256::new();
        let mut contents = Contents::default();
        let mut counted = false;
        for ((kind, name), (keys, required)) in &references.objects {
            let place = (*kind, namespace.to_owned(), name.clone());
            let held = match self.known(&place) {
                Some(held) => held,
                None => {
                    let held = read(client, &place).await?;
                    self.state().held.insert(place, held.clone());
                    held
                }
            };
            let Some(values) = held.values else {
                if *required {
                    contents.missing.push(format!("{} {name}", kind.as_str()));
                }
                continue;
            };
            hasher.update(format!("{} {name}\n", kind.as_str()));
            for (key, digest) in &values {
                if matches!(keys, Keys::All)
                    || matches!(keys, Keys::Some(some) if some.contains(key))
                {
                    hasher.update(key);
                    hasher.update(digest);
                    counted = true;
                }
            }
            if let Keys::Some(some) = keys {
                let absent = some
                    .iter()
                    .filter(|key| !values.contains_key(*key) && *required);
                contents
                    .missing
                    .extend(absent.map(|key| format!("key {key} of {} {name}", kind.as_str())));
            }
        }
        contents.checksum = counted.then(|| crate::children::hexadecimal(&hasher.finalize()[..8]));
        Ok(contents)
    }
}

async fn read(client: &Client, (kind, namespace, name): &Place) -> Result<Held, kube::Error> {
    let digest = |bytes: &[u8]| -> [u8; 32] { Sha256::digest(bytes).into() };
    let absent = Held {
        version: String::new(),
        values: None,
    };
    Ok(match kind {
        Kind::Secret => {
            let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
            api.get_opt(name).await?.map_or(absent, |secret| Held {
                version: secret.resource_version().unwrap_or_default(),
                values: Some(
                    secret
                        .data
                        .iter()
                        .flatten()
                        .map(|(key, value)| (key.clone(), digest(&value.0)))
                        .collect(),
                ),
            })
        }
        Kind::ConfigMap => {
            let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
            api.get_opt(name).await?.map_or(absent, |map| {
                let texts = map
                    .data
                    .iter()
                    .flatten()
                    .map(|(key, value)| (key.clone(), digest(value.as_bytes())));
                let binaries = map
                    .binary_data
                    .iter()
                    .flatten()
                    .map(|(key, value)| (key.clone(), digest(&value.0)));
                Held {
                    version: map.resource_version().unwrap_or_default(),
                    values: Some(texts.chain(binaries).collect()),
                }
            })
        }
    })
}

#[cfg(test)]
mod tests;
