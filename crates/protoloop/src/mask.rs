//! Field masks.

pub use prost_types::FieldMask;

/// The mask of these paths, in proto names: `field_mask(["title", "author.name"])`.
pub fn field_mask<P: Into<String>>(paths: impl IntoIterator<Item = P>) -> FieldMask {
    FieldMask {
        paths: paths.into_iter().map(Into::into).collect(),
    }
}
