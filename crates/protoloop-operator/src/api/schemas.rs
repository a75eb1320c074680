//! Schemas for fields that no Rust type describes well enough.

use schemars::{Schema, SchemaGenerator, json_schema};

/// Any object, checked when it is used.
pub(super) fn object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

/// Objects with a name each, merged by it.
pub(super) fn named_objects(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 64,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 63}},
            "x-kubernetes-preserve-unknown-fields": true
        }
    })
}

/// A list of objects that is replaced as a whole.
pub(super) fn objects(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 32,
        "x-kubernetes-list-type": "atomic",
        "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}
    })
}

/// `.proto` files by their import path.
pub(super) fn proto_files(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": 128,
        "additionalProperties": {"type": "string", "maxLength": 262_144},
        "x-kubernetes-validations": [{
            "rule": "self.all(name, name.size() <= 200 && name.matches('^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*[.]proto$') && !name.contains('__') && !name.contains('..'))",
            "message": "name files by their import path, such as shop/v1/shop.proto: letters, digits, _ . - and /, without __ and .."
        }]
    })
}

/// A whole number, or a share such as `25%`.
pub(super) fn int_or_percent(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "x-kubernetes-int-or-string": true,
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "x-kubernetes-validations": [{
            "rule": "type(self) == int ? self >= 0 : self.matches('^[0-9]+%$')",
            "message": "write a number of pods, or a share such as 25%"
        }]
    })
}
