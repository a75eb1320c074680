//! Types of fields, as the record keeps them, and which follows another without loss.

use protoloop_repository::{LeafKind, LeafShape};

use crate::{Column, Table};

/// Whether the values of one kind of field are values of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// All of them, and each stays what it is.
    All,
    /// Some; a change must look at every row and fails where one does not fit.
    Some,
    /// None can be told to be the same.
    None,
}

/// The kind of the field that a column stores: `int32`, `string`, `timestamp`, `message`, `list string`, `map int32`.
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

/// Whether the values of a column that was `from` fit where it is `to`.
#[must_use]
pub fn fit(from: &str, to: &str) -> Fit {
    if from == to {
        return Fit::All;
    }
    if let (Some(from), Some(to)) = (integers(from), integers(to)) {
        let inside = to.0 <= from.0 && from.1 <= to.1;
        return if inside { Fit::All } else { Fit::Some };
    }
    match (from, to) {
        // An enum keeps the numbers that it has no name for.
        ("int32" | "uint32" | "enum" | "bool", "double")
        | ("float", "double")
        | ("string", "bytes")
        | ("bool" | "int32" | "int64" | "uint32" | "uint64" | "timestamp", "string") => Fit::All,
        ("int32" | "int64" | "uint32" | "uint64" | "double", "float")
        | ("int64" | "uint64", "double")
        | ("float" | "double", "int32" | "int64" | "uint32" | "uint64")
        | ("string", "int32" | "int64" | "uint32")
        | ("bytes", "string") => Fit::Some,
        _ => Fit::None,
    }
}

/// The range of an integer kind.
pub(crate) fn integers(kind: &str) -> Option<(i128, i128)> {
    Some(match kind {
        "bool" => (0, 1),
        "int32" | "enum" => (i32::MIN.into(), i32::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "int64" => (i64::MIN.into(), i64::MAX.into()),
        "uint64" => (0, u64::MAX.into()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_kinds_take_all_values() {
        for (from, to) in [
            ("int32", "int64"),
            ("uint32", "int64"),
            ("uint32", "uint64"),
            ("bool", "int32"),
            ("enum", "int32"),
            ("int32", "enum"),
            ("float", "double"),
            ("string", "bytes"),
            ("int64", "string"),
        ] {
            assert_eq!(fit(from, to), Fit::All, "{from} to {to}");
        }
        for (from, to) in [
            ("int64", "int32"),
            ("int32", "uint64"),
            ("uint64", "int64"),
            ("double", "float"),
            ("int32", "bool"),
            ("bytes", "string"),
        ] {
            assert_eq!(fit(from, to), Fit::Some, "{from} to {to}");
        }
        for (from, to) in [
            ("string", "list string"),
            ("list int32", "list string"),
            ("message", "string"),
            ("string", "timestamp"),
        ] {
            assert_eq!(fit(from, to), Fit::None, "{from} to {to}");
        }
    }
}
