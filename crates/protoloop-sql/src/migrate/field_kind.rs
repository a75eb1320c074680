//! Types of fields, as the record keeps them.

use protoloop_repository::{LeafKind, LeafShape};

use crate::{Column, Table};

/// The kind of the field that a column stores, as [`stored_kind`](protoloop_schema::stored_kind) names it: `int32`, `list string`.
#[must_use]
pub fn field_kind(table: &Table, column: &Column) -> String {
    let Some(property) = table.model().column_property(column.number) else {
        return "message".to_owned();
    };
    let leaf = property.leaf();
    let kind = match leaf.kind {
        LeafKind::Bool => "bool",
        LeafKind::Int32 => "int32",
        LeafKind::Int64 => "int64",
        LeafKind::Uint32 => "uint32",
        LeafKind::Uint64 => "uint64",
        LeafKind::Float => "float",
        LeafKind::Double => "double",
        LeafKind::String => "string",
        LeafKind::Bytes => "bytes",
        LeafKind::Enum(_) => "enum",
        LeafKind::Timestamp => "timestamp",
        LeafKind::Duration => "duration",
        LeafKind::Message(_) => "message",
    };
    match leaf.shape {
        LeafShape::Single => kind.to_owned(),
        LeafShape::List => format!("list {kind}"),
        LeafShape::Map => format!("map {kind}"),
    }
}
