//! Paths to properties of a model.

use std::{fmt, sync::Arc};

use protoloop_schema::{EnumId, MessageId, Presence};

use crate::{Model, Place};

/// A checked path to a property: `title`, `address.city`, `labels.env`.
///
/// It is made by [`Model::property`](crate::Model::property), which knows every name; a path never leads through a
/// repeated field, and never to a hidden one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyPath {
    pub(crate) text: Arc<str>,
    pub(crate) steps: Box<[Step]>,
    pub(crate) leaf: Leaf,
    /// The message that holds the last field, where that is not the row.
    pub(crate) parent: Option<MessageId>,
    /// Where the property is how far the place is that the steps lead to: from where.
    pub(crate) from: Option<Place>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into the field of this number.
    Field(u32),
    /// To the value of this key of a map; integer and bool keys as ProtoJSON writes them (`7`, `true`).
    MapKey(Box<str>),
}

/// What stands at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The type of the value, or of an element or map value.
    pub kind: LeafKind,
    /// One value, a list, or a whole map.
    pub shape: LeafShape,
    /// Whether an unset field is null ([`Presence::Explicit`]) or its default value ([`Presence::Implicit`]).
    /// Map values, messages, timestamps and wrappers are explicit.
    pub presence: Presence,
    /// Whether the field is a wrapper such as `google.protobuf.StringValue`, of which this is the inner value. The
    /// path's last step is the wrapper field itself.
    pub wrapped: bool,
}

/// The type of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are protobuf's own")]
pub enum LeafKind {
    Bool,
    /// Every signed 32-bit type.
    Int32,
    /// Every signed 64-bit type.
    Int64,
    /// Every unsigned 32-bit type.
    Uint32,
    /// Every unsigned 64-bit type.
    Uint64,
    Float,
    Double,
    String,
    Bytes,
    Enum(EnumId),
    Timestamp,
    Duration,
    /// Any other message; it can only be tested for presence.
    Message(MessageId),
}

/// How many values stand at a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeafShape {
    /// At most one.
    Single,
    /// A list; [`Leaf::kind`] is that of its elements.
    List,
    /// A map; [`Leaf::kind`] is that of its values.
    Map,
}

impl PropertyPath {
    /// The path in proto names: `address.city`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The steps from the row's message; the first is always a field.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The end of the path.
    #[must_use]
    pub fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    /// Where the property is how far a `google.type.LatLng` is, in meters: from which place. The steps lead to the message then.
    #[must_use]
    pub fn from(&self) -> Option<Place> {
        self.from
    }

    /// How far the place is that this path leads to; `None` when it leads to no single `google.type.LatLng`.
    pub(crate) fn distance(&self, model: &Model, from: Place) -> Option<Self> {
        let LeafKind::Message(id) = self.leaf.kind else {
            return None;
        };
        let is_place = &*model.schema().message(id).full_name == "google.type.LatLng";
        (is_place && self.leaf.shape == LeafShape::Single).then(|| Self {
            text: format!(
                "distance({self}, {}, {})",
                from.latitude(),
                from.longitude()
            )
            .into(),
            leaf: Leaf {
                kind: LeafKind::Double,
                presence: Presence::Explicit,
                ..self.leaf
            },
            from: Some(from),
            ..self.clone()
        })
    }

    /// A field of the message that a path of a distance leads to: 1 for the latitude, 2 for the longitude.
    #[must_use]
    pub fn degrees(&self, number: u32) -> Self {
        let mut steps = self.steps.to_vec();
        steps.push(Step::Field(number));
        Self {
            steps: steps.into(),
            leaf: Leaf {
                kind: LeafKind::Double,
                shape: LeafShape::Single,
                presence: Presence::Implicit,
                wrapped: false,
            },
            from: None,
            ..self.clone()
        }
    }

    /// The number of the row's field that the path begins with: the column.
    #[must_use]
    pub fn column(&self) -> u32 {
        match self.steps.first() {
            Some(Step::Field(number)) => *number,
            // Model::property starts every path with a field; zero is no field number and matches nothing.
            Some(Step::MapKey(_)) | None => 0,
        }
    }

    /// Whether the path is a whole column, not something inside one.
    #[must_use]
    pub fn is_column(&self) -> bool {
        self.steps.len() == 1
    }
}

impl fmt::Display for PropertyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
