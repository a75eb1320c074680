//! The rules, by their stable names.

use std::{fmt, str::FromStr};

use super::UnknownRule;

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $name:literal,)*) => {
        /// What a schema must keep for those who use it. `docs/reference/compatibility.md` describes each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])* $rule,)*
        }

        impl Rule {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            /// Its name, which stays the same between versions: `field-removed`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$rule => $name,)*
                }
            }
        }
    };
}

rules! {
    /// A file is gone.
    FileRemoved = "file-removed",
    /// A file has another package.
    FilePackageChanged = "file-package-changed",
    /// A file has another syntax.
    FileSyntaxChanged = "file-syntax-changed",
    /// An option of a file that generated code depends on has another value.
    FileOptionChanged = "file-option-changed",
    /// A message, enum, service or extension is in another file.
    ElementMoved = "element-moved",
    /// A message is gone.
    MessageRemoved = "message-removed",
    /// An option of a message that generated code or JSON depends on has another value.
    MessageOptionChanged = "message-option-changed",
    /// A number or name is not reserved any more.
    ReservedRemoved = "reserved-removed",
    /// Numbers are not kept for extensions any more.
    ExtensionRangeRemoved = "extension-range-removed",
    /// An extension is gone.
    ExtensionRemoved = "extension-removed",
    /// A oneof is gone.
    OneofRemoved = "oneof-removed",
    /// A field is gone.
    FieldRemoved = "field-removed",
    /// A number stands for another field.
    FieldNumberReused = "field-number-reused",
    /// A field has another name.
    FieldRenamed = "field-renamed",
    /// A field has another name in JSON.
    FieldJsonNameChanged = "field-json-name-changed",
    /// A field has another type.
    FieldTypeChanged = "field-type-changed",
    /// A field holds one value instead of a list, or the like.
    FieldCardinalityChanged = "field-cardinality-changed",
    /// A field is in another oneof.
    FieldOneofChanged = "field-oneof-changed",
    /// A field has another default.
    FieldDefaultChanged = "field-default-changed",
    /// An option of a field that generated code depends on has another value.
    FieldOptionChanged = "field-option-changed",
    /// A `required` of proto2 came or went.
    FieldRequiredChanged = "field-required-changed",
    /// Callers have to send a field that they had not to before.
    FieldBecameRequired = "field-became-required",
    /// What callers send in a field is not taken any more.
    FieldBecameOutputOnly = "field-became-output-only",
    /// A field cannot be changed any more.
    FieldBecameImmutable = "field-became-immutable",
    /// A field is not returned any more.
    FieldBecameHidden = "field-became-hidden",
    /// Filters and orders may not name a field any more.
    FieldBecameUnfilterable = "field-became-unfilterable",
    /// An enum is gone.
    EnumRemoved = "enum-removed",
    /// An enum is open that was closed, or closed that was open.
    EnumTypeChanged = "enum-type-changed",
    /// A value of an enum is gone.
    EnumValueRemoved = "enum-value-removed",
    /// A value of an enum has another name.
    EnumValueRenamed = "enum-value-renamed",
    /// A value of an enum has another number.
    EnumValueRenumbered = "enum-value-renumbered",
    /// A service is gone.
    ServiceRemoved = "service-removed",
    /// A method is gone.
    MethodRemoved = "method-removed",
    /// A method takes another message.
    MethodRequestChanged = "method-request-changed",
    /// A method answers another message.
    MethodResponseChanged = "method-response-changed",
    /// A method streams that did not, or does not that did.
    MethodStreamingChanged = "method-streaming-changed",
    /// A method has another idempotency level.
    MethodIdempotencyChanged = "method-idempotency-changed",
    /// A REST route is gone, or leads to another method.
    RouteRemoved = "route-removed",
    /// The request body of a route goes elsewhere.
    RouteBodyChanged = "route-body-changed",
    /// The response body of a route comes from elsewhere.
    RouteResponseBodyChanged = "route-response-body-changed",
    /// A variable of a route's path is of another field.
    RouteVariableChanged = "route-variable-changed",
    /// A message is not stored any more.
    ModelRemoved = "model-removed",
    /// A model has another table.
    ModelTableChanged = "model-table-changed",
    /// A model is stored elsewhere.
    ModelDatasourceChanged = "model-datasource-changed",
    /// A model has another key.
    ModelKeyChanged = "model-key-changed",
    /// Rows belong to tenants that did not, or do not that did, or by another field.
    ModelTenantChanged = "model-tenant-changed",
    /// Rows that were deleted softly come back.
    ModelSoftDeleteRemoved = "model-soft-delete-removed",
    /// A field has another column.
    ColumnRenamed = "column-renamed",
    /// A column needs a type that not all values fit.
    ColumnTypeChanged = "column-type-changed",
    /// A field is not stored any more.
    ColumnRemoved = "column-removed",
    /// Rows may not share values any more.
    UniqueAdded = "unique-added",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        let found = Self::ALL.iter().find(|rule| rule.name() == text);
        found.copied().ok_or_else(|| UnknownRule::new(text))
    }
}
