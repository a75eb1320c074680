//! Presence.

use std::sync::Arc;

use protoloop_schema::Presence;

use super::{CompareOp, Filter};
use crate::{Leaf, LeafKind, LeafShape, PropertyPath, Value};

impl Filter {
    /// The property is present. For a field without presence, that it does not hold its default.
    #[must_use]
    pub fn has(path: PropertyPath) -> Self {
        let leaf = *path.leaf();
        if leaf.shape != LeafShape::Single || leaf.presence != Presence::Implicit {
            return Self::Has { path };
        }
        let Some(value) = default_of(leaf.kind) else {
            return Self::Has { path };
        };
        let parent = parent_of(&path);
        let differs = Self::Compare {
            path,
            op: CompareOp::Ne,
            value,
        };
        match parent {
            // Below an absent message the property is null, and null differs from every value.
            Some(path) => Self::And(vec![Self::Has { path }, differs]),
            None => differs,
        }
    }
}

fn default_of(kind: LeafKind) -> Option<Value> {
    Some(match kind {
        LeafKind::Bool => Value::Bool(false),
        LeafKind::Int32 | LeafKind::Int64 => Value::I64(0),
        LeafKind::Uint32 | LeafKind::Uint64 => Value::U64(0),
        LeafKind::Float | LeafKind::Double => Value::F64(0.0),
        LeafKind::String => Value::String(String::new()),
        LeafKind::Bytes => Value::Bytes(Vec::new()),
        LeafKind::Enum(_) => Value::Enum(0),
        LeafKind::Timestamp | LeafKind::Duration | LeafKind::Message(_) => return None,
    })
}

/// The message that holds the property, where it is not the row itself.
fn parent_of(path: &PropertyPath) -> Option<PropertyPath> {
    let (_, parents) = path.steps.split_last()?;
    if parents.is_empty() {
        return None;
    }
    let text = path.text.rsplit_once('.').map_or("", |(parent, _)| parent);
    let kind = path.parent?;
    Some(PropertyPath {
        text: Arc::from(text),
        steps: parents.into(),
        leaf: Leaf {
            kind: LeafKind::Message(kind),
            shape: LeafShape::Single,
            presence: Presence::Explicit,
            wrapped: false,
        },
        parent: None,
        from: None,
    })
}
