//! What is known of the objects in the cluster: little, because there are many.
//!
//! Whether an object still says what we applied need not be read from the object: the API server keeps account of whose each
//! field is. Whoever changes one of our fields takes it over, and our entry in `managedFields` is another one then.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

use k8s_openapi::{api::apps::v1::Deployment, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{Resource as _, core::DynamicObject};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{api::Microservice, children::ChildKind, rollout::DeploymentState};

/// The field manager of everything that the operator applies.
pub const FIELD_MANAGER: &str = "protoloop-operator";

/// One object, by kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Its kind.
    pub kind: ChildKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What is known of one object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Its uid.
    pub uid: String,
    /// The uid and name of the Microservice that controls it.
    pub owner: Option<(String, String)>,
    /// Whether anybody else controls it.
    pub foreign: bool,
    /// Digest of our entry in `managedFields`.
    pub ours: Option<u64>,
    /// Whether `spec.replicas` is among our fields.
    pub owns_replicas: bool,
    /// Its version, where that is a number.
    pub version: u64,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// What its status says.
    pub detail: Detail,
}

/// What the status of an object says.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Detail {
    /// Nothing that is looked at.
    #[default]
    None,
    /// How a Deployment is.
    Deployment(DeploymentState),
    /// What the Gateways say of a route: for each, whether it took it, and why not.
    Route(Vec<ParentState>),
}

impl Detail {
    /// Whether it is a Deployment whose pods are all as they should be.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        match self {
            Self::Deployment(state) => state.is_complete(),
            Self::None | Self::Route(_) => false,
        }
    }
}

/// What a Gateway says of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParentState {
    /// The Gateway's name.
    pub name: String,
    /// Whether it took the route.
    pub accepted: bool,
    /// Why not.
    pub message: String,
}

impl Observed {
    /// What metadata tells.
    #[must_use]
    pub fn of(metadata: &ObjectMeta) -> Self {
        let controller = metadata
            .owner_references
            .iter()
            .flatten()
            .find(|owner| owner.controller == Some(true));
        let is_ours = |owner: &&k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference| {
            owner.kind == Microservice::kind(&())
                && owner.api_version == Microservice::api_version(&())
        };
        let owner = controller
            .filter(is_ours)
            .map(|owner| (owner.uid.clone(), owner.name.clone()));
        let entry = metadata.managed_fields.iter().flatten().find(|entry| {
            entry.manager.as_deref() == Some(FIELD_MANAGER)
                && entry.operation.as_deref() == Some("Apply")
                && entry.subresource.as_deref().unwrap_or_default().is_empty()
        });
        let fields = entry
            .and_then(|entry| entry.fields_v1.as_ref())
            .map(|fields| &fields.0);
        Self {
            uid: metadata.uid.clone().unwrap_or_default(),
            foreign: owner.is_none() && controller.is_some(),
            owner,
            ours: fields.map(digest),
            owns_replicas: fields
                .is_some_and(|fields| fields.pointer("/f:spec/f:replicas").is_some()),
            version: metadata
                .resource_version
                .as_deref()
                .and_then(|text| text.parse().ok())
                .unwrap_or_default(),
            deleting: metadata.deletion_timestamp.is_some(),
            detail: Detail::None,
        }
    }

    /// What a Deployment tells.
    #[must_use]
    pub fn of_deployment(deployment: &Deployment) -> Self {
        Self {
            detail: Detail::Deployment(DeploymentState::of(deployment)),
            ..Self::of(&deployment.metadata)
        }
    }

    /// What an answer of the API server tells.
    #[must_use]
    pub fn of_answer(kind: ChildKind, object: &DynamicObject) -> Self {
        let plain = Self::of(&object.metadata);
        let detail = match kind {
            ChildKind::Deployment => {
                let whole =
                    serde_json::to_value(object).and_then(serde_json::from_value::<Deployment>);
                whole.map_or(Detail::None, |deployment| {
                    Detail::Deployment(DeploymentState::of(&deployment))
                })
            }
            ChildKind::GrpcRoute | ChildKind::HttpRoute => Detail::Route(parents(&object.data)),
            _ => Detail::None,
        };
        Self { detail, ..plain }
    }
}

/// What each Gateway says in the status of a route.
fn parents(object: &Value) -> Vec<ParentState> {
    let parents = object.pointer("/status/parents").and_then(Value::as_array);
    let state = |parent: &Value| {
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let conditions = parent.get("conditions").and_then(Value::as_array);
        let refused = conditions.into_iter().flatten().find(|one| {
            let kind = text(one.get("type"));
            (kind == "Accepted" || kind == "ResolvedRefs") && text(one.get("status")) != "True"
        });
        ParentState {
            name: text(parent.pointer("/parentRef/name")),
            accepted: refused.is_none() && conditions.is_some_and(|all| !all.is_empty()),
            message: refused
                .map(|one| format!("{}: {}", text(one.get("reason")), text(one.get("message"))))
                .unwrap_or_default(),
        }
    };
    parents.into_iter().flatten().map(state).collect()
}

/// Digest of JSON that outlives the program: what the standard library makes of it may be another one in the next build, and every
/// service would seem to have changed.
pub(crate) fn lasting_digest(value: &Value) -> String {
    let mut text = String::new();
    write_sorted(value, &mut text);
    let digest = Sha256::digest(text.as_bytes());
    digest[..8].iter().fold(String::new(), |mut all, byte| {
        all += &format!("{byte:02x}");
        all
    })
}

/// JSON with the members of objects in order.
fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<_, _> = members.iter().collect();
            for (key, value) in sorted {
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write_sorted(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(elements) => {
            for element in elements {
                write_sorted(element, text);
                text.push(',');
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

/// Digest of JSON for as long as the program runs, in which the order of members does not count.
pub(crate) fn digest(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash(value, &mut hasher);
    hasher.finish()
}

fn hash(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Null => 0u8.hash(hasher),
        Value::Bool(value) => (1u8, value).hash(hasher),
        Value::Number(value) => (2u8, value).hash(hasher),
        Value::String(value) => (3u8, value).hash(hasher),
        Value::Array(elements) => {
            (4u8, elements.len()).hash(hasher);
            elements.iter().for_each(|element| hash(element, hasher));
        }
        Value::Object(members) => {
            (5u8, members.len()).hash(hasher);
            let sorted: BTreeMap<_, _> = members.iter().collect();
            for (key, value) in sorted {
                key.hash(hasher);
                hash(value, hasher);
            }
        }
    }
}

/// What we applied, and what the API server said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Applied {
    desired: u64,
    uid: String,
    ours: Option<u64>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<Key, Observed>,
    applied: HashMap<Key, Applied>,
}

/// What is known of all objects that are ours, and what we applied.
#[derive(Debug, Default)]
pub struct Cache {
    state: Mutex<State>,
}

impl Cache {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of an object.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<Observed> {
        self.state().objects.get(key).cloned()
    }

    /// The objects of one Microservice.
    #[must_use]
    pub fn owned_by(&self, uid: &str) -> Vec<(Key, Observed)> {
        let state = self.state();
        let owned = state
            .objects
            .iter()
            .filter(|(_, object)| object.owner.as_ref().is_some_and(|(owner, _)| owner == uid));
        owned
            .map(|(key, object)| (key.clone(), object.clone()))
            .collect()
    }

    /// Notes what a watch tells. Answers who is to look at it: the owner, unless it tells nothing new.
    pub fn observe(&self, key: &Key, object: Observed) -> Option<String> {
        let mut state = self.state();
        let before = state.objects.get(key);
        // Our own answers may be ahead of the watch.
        if before.is_some_and(|before| before.uid == object.uid && before.version > object.version)
        {
            return None;
        }
        let expected = state.applied.get(key);
        let touched = expected
            .is_none_or(|expected| expected.uid != object.uid || expected.ours != object.ours);
        let moved = before.is_none_or(|before| {
            before.detail != object.detail || before.deleting != object.deleting
        });
        let owner = object.owner.as_ref().map(|(_, name)| name.clone());
        state.objects.insert(key.clone(), object);
        owner.filter(|_| touched || moved)
    }

    /// Notes that an object is gone. Answers whose it was.
    pub fn forget(&self, key: &Key) -> Option<String> {
        let mut state = self.state();
        state.applied.remove(key);
        let gone = state.objects.remove(key)?;
        gone.owner.map(|(_, name)| name)
    }

    /// Forgets what a complete list of a kind does not hold. Answers whose it was.
    pub fn retain(
        &self,
        kind: ChildKind,
        namespace: Option<&str>,
        present: &dyn Fn(&Key) -> bool,
    ) -> Vec<(String, String)> {
        let keys: Vec<Key> = {
            let state = self.state();
            let of_kind = state.objects.keys().filter(|key| key.kind == kind);
            let in_scope =
                of_kind.filter(|key| namespace.is_none_or(|namespace| namespace == key.namespace));
            in_scope.filter(|key| !present(key)).cloned().collect()
        };
        let gone = |key: &Key| Some((key.namespace.clone(), self.forget(key)?));
        keys.iter().filter_map(gone).collect()
    }

    /// Whether an object is what was applied last, and `desired` is that.
    #[must_use]
    pub fn is_as_applied(&self, key: &Key, desired: u64) -> bool {
        let state = self.state();
        let (Some(applied), Some(object)) = (state.applied.get(key), state.objects.get(key)) else {
            return false;
        };
        applied.desired == desired
            && applied.uid == object.uid
            && applied.ours == object.ours
            && !object.deleting
    }

    /// Notes what the API server answered to what was applied.
    pub fn applied(&self, key: &Key, desired: u64, answer: Observed) {
        let mut state = self.state();
        let applied = Applied {
            desired,
            uid: answer.uid.clone(),
            ours: answer.ours,
        };
        state.applied.insert(key.clone(), applied);
        let known = state.objects.get(key);
        if known.is_none_or(|known| known.uid != answer.uid || known.version <= answer.version) {
            state.objects.insert(key.clone(), answer);
        }
    }

    /// How many objects are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state().objects.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests;
