//! Kinds of stored values, by name, and which of them take the values of another without loss.
//!
//! `int32`, `int64`, `uint32`, `uint64`, `bool`, `enum`, `float`, `double`, `string`, `bytes`, `timestamp`, `duration`,
//! `message`; before a list of them stands `list `, before a map `map `. Migrations convert columns by this, and
//! [`compatibility`](crate::compatibility) tells by it what they would refuse.

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
#[must_use]
pub fn integers(kind: &str) -> Option<(i128, i128)> {
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
