//! What descriptors say that the model does not keep, because nothing is served from it.

use std::collections::{BTreeMap, HashMap};

use prost::{Message as _, bytes::Bytes};

use crate::{Schema, read::join};

#[derive(Clone, PartialEq, prost::Message)]
struct RawSet {
    #[prost(message, repeated, tag = "1")]
    file: Vec<RawFile>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RawFile {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    package: String,
    #[prost(message, repeated, tag = "4")]
    messages: Vec<RawMessage>,
    #[prost(message, repeated, tag = "5")]
    enums: Vec<RawEnum>,
    #[prost(message, repeated, tag = "6")]
    services: Vec<RawService>,
    #[prost(message, repeated, tag = "7")]
    extensions: Vec<RawField>,
    #[prost(bytes = "bytes", tag = "8")]
    options: Bytes,
    #[prost(string, tag = "12")]
    syntax: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RawMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    fields: Vec<RawField>,
    #[prost(message, repeated, tag = "3")]
    nested: Vec<Self>,
    #[prost(message, repeated, tag = "4")]
    enums: Vec<RawEnum>,
    #[prost(message, repeated, tag = "5")]
    extension_ranges: Vec<RawRange>,
    #[prost(message, repeated, tag = "6")]
    extensions: Vec<RawField>,
    #[prost(bytes = "bytes", tag = "7")]
    options: Bytes,
    #[prost(message, repeated, tag = "9")]
    reserved_ranges: Vec<RawRange>,
    #[prost(string, repeated, tag = "10")]
    reserved_names: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RawField {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(int32, tag = "3")]
    number: i32,
    #[prost(bytes = "bytes", tag = "8")]
    options: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RawEnum {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "4")]
    reserved_ranges: Vec<RawRange>,
    #[prost(string, repeated, tag = "5")]
    reserved_names: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct RawRange {
    #[prost(int32, tag = "1")]
    start: i32,
    #[prost(int32, tag = "2")]
    end: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RawService {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    methods: Vec<RawMethod>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RawMethod {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "4")]
    options: Option<RawMethodOptions>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct RawMethodOptions {
    #[prost(int32, tag = "34")]
    idempotency_level: i32,
}

/// Options by their numbers, as they are encoded.
pub(super) type Options = BTreeMap<u32, Vec<u8>>;

/// What is said once for a message or enum.
#[derive(Debug, Default)]
pub(super) struct Type {
    pub(super) file: String,
    /// First and last number, both included.
    pub(super) reserved: Vec<(i64, i64)>,
    pub(super) reserved_names: Vec<String>,
    /// First and last number that extensions may have, both included.
    pub(super) extension_ranges: Vec<(i64, i64)>,
    pub(super) options: Options,
    /// Options of fields, by their numbers.
    pub(super) field_options: HashMap<i32, Options>,
}

impl Type {
    pub(super) fn reserves(&self, number: i64) -> bool {
        within(&self.reserved, number)
    }

    pub(super) fn reserves_name(&self, name: &str) -> bool {
        self.reserved_names.iter().any(|reserved| reserved == name)
    }
}

pub(super) fn within(ranges: &[(i64, i64)], number: i64) -> bool {
    ranges
        .iter()
        .any(|(start, end)| (*start..=*end).contains(&number))
}

/// What is said once for a file.
#[derive(Debug)]
pub(super) struct FileOf {
    pub(super) package: String,
    pub(super) proto3: bool,
    pub(super) options: Options,
}

/// Everything of one descriptor set, by full names.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub(super) files: BTreeMap<String, FileOf>,
    /// Messages and enums.
    pub(super) types: HashMap<String, Type>,
    /// Services with their files.
    pub(super) services: HashMap<String, String>,
    /// Extensions with their files.
    pub(super) extensions: BTreeMap<String, String>,
    /// Idempotency levels that are not the default, by gRPC path.
    pub(super) idempotency: HashMap<String, i32>,
}

impl Declared {
    pub(super) fn of(schema: &Schema) -> Self {
        let mut declared = Self::default();
        // The schema wrote these bytes itself.
        let set = RawSet::decode(schema.descriptor_set()).unwrap_or_default();
        for file in set.file {
            declared.file(file);
        }
        declared
    }

    fn file(&mut self, file: RawFile) {
        for message in &file.messages {
            self.message(&file.name, &file.package, message);
        }
        for item in &file.enums {
            self.enumeration(&file.name, &file.package, item);
        }
        for extension in &file.extensions {
            let name = join(&file.package, &extension.name).to_string();
            self.extensions.insert(name, file.name.clone());
        }
        for service in &file.services {
            let full_name = join(&file.package, &service.name).to_string();
            for method in &service.methods {
                let level = method
                    .options
                    .map_or(0, |options| options.idempotency_level);
                if level != 0 {
                    let path = format!("/{full_name}/{}", method.name);
                    self.idempotency.insert(path, level);
                }
            }
            self.services.insert(full_name, file.name.clone());
        }
        let of = FileOf {
            package: file.package,
            proto3: file.syntax == "proto3",
            options: options(&file.options),
        };
        self.files.insert(file.name, of);
    }

    fn message(&mut self, file: &str, scope: &str, message: &RawMessage) {
        let full_name = join(scope, &message.name).to_string();
        for nested in &message.nested {
            self.message(file, &full_name, nested);
        }
        for item in &message.enums {
            self.enumeration(file, &full_name, item);
        }
        for extension in &message.extensions {
            let name = join(&full_name, &extension.name).to_string();
            self.extensions.insert(name, file.to_owned());
        }
        let fields = message.fields.iter();
        let of = Type {
            file: file.to_owned(),
            reserved: exclusive(&message.reserved_ranges),
            reserved_names: message.reserved_names.clone(),
            extension_ranges: exclusive(&message.extension_ranges),
            options: options(&message.options),
            field_options: fields
                .map(|field| (field.number, options(&field.options)))
                .collect(),
        };
        self.types.insert(full_name, of);
    }

    fn enumeration(&mut self, file: &str, scope: &str, item: &RawEnum) {
        let ranges = item.reserved_ranges.iter();
        let of = Type {
            file: file.to_owned(),
            // Unlike those of messages, ranges of enums include their end.
            reserved: ranges
                .map(|range| (i64::from(range.start), i64::from(range.end)))
                .collect(),
            reserved_names: item.reserved_names.clone(),
            ..Type::default()
        };
        self.types.insert(join(scope, &item.name).to_string(), of);
    }
}

fn exclusive(ranges: &[RawRange]) -> Vec<(i64, i64)> {
    let ranges = ranges.iter();
    ranges
        .map(|range| (i64::from(range.start), i64::from(range.end) - 1))
        .collect()
}

/// The top-level values of an options message. One that does not decode was refused when the schema was read.
fn options(encoded: &[u8]) -> Options {
    use prost::encoding::{WireType, decode_key, decode_varint};

    let mut rest = encoded;
    let mut found = Options::new();
    while let Ok((number, wire_type)) = decode_key(&mut rest) {
        let value = match wire_type {
            WireType::Varint => decode_varint(&mut rest)
                .ok()
                .map(|value| value.to_le_bytes().to_vec()),
            WireType::ThirtyTwoBit => take(&mut rest, 4),
            WireType::SixtyFourBit => take(&mut rest, 8),
            WireType::LengthDelimited => decode_varint(&mut rest)
                .ok()
                .and_then(|length| usize::try_from(length).ok())
                .and_then(|length| take(&mut rest, length)),
            WireType::StartGroup | WireType::EndGroup => None,
        };
        let Some(value) = value else { break };
        found.entry(number).or_default().extend(value);
    }
    found
}

fn take(rest: &mut &[u8], length: usize) -> Option<Vec<u8>> {
    let (taken, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(taken.to_vec())
}
