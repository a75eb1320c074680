//! All of descriptor.proto that text can say; options stay encoded.

use prost::bytes::Bytes;

use crate::descriptor::{Label, SourceCodeInfo, Type};

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct File {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) package: String,
    #[prost(string, repeated, tag = "3")]
    pub(super) dependency: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    pub(super) message_type: Vec<Message>,
    #[prost(message, repeated, tag = "5")]
    pub(super) enum_type: Vec<Enum>,
    #[prost(message, repeated, tag = "6")]
    pub(super) service: Vec<Service>,
    #[prost(message, repeated, tag = "7")]
    pub(super) extension: Vec<Field>,
    #[prost(bytes = "bytes", tag = "8")]
    pub(super) options: Bytes,
    #[prost(message, optional, tag = "9")]
    pub(super) source_code_info: Option<SourceCodeInfo>,
    #[prost(int32, repeated, tag = "10")]
    pub(super) public_dependency: Vec<i32>,
    #[prost(int32, repeated, tag = "11")]
    pub(super) weak_dependency: Vec<i32>,
    #[prost(string, tag = "12")]
    pub(super) syntax: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Message {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) field: Vec<Field>,
    #[prost(message, repeated, tag = "3")]
    pub(super) nested_type: Vec<Self>,
    #[prost(message, repeated, tag = "4")]
    pub(super) enum_type: Vec<Enum>,
    #[prost(message, repeated, tag = "5")]
    pub(super) extension_range: Vec<Range>,
    #[prost(message, repeated, tag = "6")]
    pub(super) extension: Vec<Field>,
    #[prost(bytes = "bytes", tag = "7")]
    pub(super) options: Bytes,
    #[prost(message, repeated, tag = "8")]
    pub(super) oneof_decl: Vec<Oneof>,
    #[prost(message, repeated, tag = "9")]
    pub(super) reserved_range: Vec<Range>,
    #[prost(string, repeated, tag = "10")]
    pub(super) reserved_name: Vec<String>,
}

/// Numbers from `start`; `end` belongs to it in enums only.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Range {
    #[prost(int32, tag = "1")]
    pub(super) start: i32,
    #[prost(int32, tag = "2")]
    pub(super) end: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Oneof {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) options: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Field {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) extendee: String,
    #[prost(int32, tag = "3")]
    pub(super) number: i32,
    #[prost(enumeration = "Label", tag = "4")]
    pub(super) label: i32,
    #[prost(enumeration = "Type", tag = "5")]
    pub(super) r#type: i32,
    #[prost(string, tag = "6")]
    pub(super) type_name: String,
    #[prost(string, optional, tag = "7")]
    pub(super) default_value: Option<String>,
    #[prost(bytes = "bytes", tag = "8")]
    pub(super) options: Bytes,
    #[prost(int32, optional, tag = "9")]
    pub(super) oneof_index: Option<i32>,
    #[prost(string, tag = "10")]
    pub(super) json_name: String,
    #[prost(bool, tag = "17")]
    pub(super) proto3_optional: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Enum {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) value: Vec<EnumValue>,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) options: Bytes,
    #[prost(message, repeated, tag = "4")]
    pub(super) reserved_range: Vec<Range>,
    #[prost(string, repeated, tag = "5")]
    pub(super) reserved_name: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct EnumValue {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(int32, tag = "2")]
    pub(super) number: i32,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) options: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Service {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) method: Vec<Method>,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) options: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Method {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) input_type: String,
    #[prost(string, tag = "3")]
    pub(super) output_type: String,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) options: Bytes,
    #[prost(bool, tag = "5")]
    pub(super) client_streaming: bool,
    #[prost(bool, tag = "6")]
    pub(super) server_streaming: bool,
}
