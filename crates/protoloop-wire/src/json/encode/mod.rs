//! Protobuf bytes to JSON text.

mod any;
mod fields;
mod scalar;
mod wellknown;

use protoloop_schema::MessageId;

use super::{DEFAULT_DEPTH, JsonError};
use crate::{
    Limits, MessageTable, Tables, WireError, canonicalize, check,
    error::Flaw,
    tables::FieldTable,
    wire::{Reader, Record},
};

/// How a message is written as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeOptions {
    /// Write fields without presence (proto3 scalars without `optional`, lists, maps) also when they are empty.
    pub emit_defaults: bool,
    /// Name fields as in the `.proto` file instead of lowerCamelCase.
    pub proto_names: bool,
    /// Write enum values as numbers.
    pub enum_numbers: bool,
    /// Write field mask paths that ProtoJSON cannot spell, such as `line_1`, as they are instead of failing.
    pub proto_mask_paths: bool,
    /// Break lines and indent by two spaces.
    pub pretty: bool,
    /// How deep messages may nest.
    pub depth: usize,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self {
            emit_defaults: false,
            proto_names: false,
            enum_numbers: false,
            proto_mask_paths: false,
            pretty: false,
            depth: DEFAULT_DEPTH,
        }
    }
}

/// Appends the JSON of an encoded message to `out`. Fields come in order of their numbers; unknown fields are left out.
///
/// Any valid encoding is read; a canonical one (see [`canonicalize`]) in one pass.
///
/// # Errors
/// The bytes are malformed, or hold what JSON cannot: text that is not UTF-8, a time out of range, an `Any` of a type
/// that the tables do not know. `out` is then as it was.
pub fn encode(
    tables: &Tables,
    id: MessageId,
    wire: &[u8],
    options: &EncodeOptions,
    out: &mut Vec<u8>,
) -> Result<(), JsonError> {
    let table = tables.message(id);
    // Names and punctuation mostly double a message; text alone hardly grows.
    out.reserve(wire.len() + wire.len().min(16 << 10) * 3 / 2 + 32);
    run(tables, table, wire, options, out, |encoder, wire| {
        encoder.message(table, wire)
    })
}

/// Appends the JSON of one field's value, as a response body holds it; `wire` is the message that has the field.
///
/// An absent field is written as its default: `""`, `0`, `[]`, `{}` for maps; an absent message as `null`.
///
/// # Errors
/// As [`encode`]; also when the message has no field of that number.
pub fn encode_field(
    tables: &Tables,
    id: MessageId,
    number: u32,
    wire: &[u8],
    options: &EncodeOptions,
    out: &mut Vec<u8>,
) -> Result<(), JsonError> {
    let table = tables.message(id);
    let Some(field) = table.field(number) else {
        let text = format!("{} has no field {number}", table.full_name());
        return Err(JsonError::of_message(text));
    };
    run(tables, table, wire, options, out, |encoder, wire| {
        encoder.one_field(table, field, wire)
    })
}

/// Appends the JSON of a message packed as `google.protobuf.Any`, given by its parts.
///
/// # Errors
/// As [`encode`].
pub(crate) fn encode_any(
    tables: &Tables,
    type_url: &str,
    value: &[u8],
    options: &EncodeOptions,
    out: &mut Vec<u8>,
) -> Result<(), JsonError> {
    let start = out.len();
    let mut encoder = Encoder {
        tables,
        options: *options,
        out,
        depth: options.depth,
        indent: 0,
        trusted: false,
    };
    encoder.packed(type_url, value).map_err(|stop| {
        out.truncate(start);
        match stop {
            Stop::Error(error) => error,
            Stop::Malformed(error) => (*error).into(),
            Stop::Disorder => JsonError::of_message("the message cannot be put in order"),
        }
    })
}

/// Runs optimistically; where the bytes turn out not to be canonical, starts again on canonical ones.
fn run(
    tables: &Tables,
    table: &MessageTable,
    wire: &[u8],
    options: &EncodeOptions,
    out: &mut Vec<u8>,
    mut write: impl FnMut(&mut Encoder<'_>, &[u8]) -> Result<(), Stop>,
) -> Result<(), JsonError> {
    let start = out.len();
    let mut encoder = Encoder {
        tables,
        options: *options,
        out,
        depth: options.depth.saturating_add(1),
        indent: 0,
        trusted: false,
    };
    let mut result = write(&mut encoder, wire);
    if let Err(Stop::Disorder) = result {
        encoder.out.truncate(start);
        encoder.depth = options.depth.saturating_add(1);
        encoder.indent = 0;
        encoder.trusted = true;
        result = canonicalize(tables, table.id(), wire)
            .map_err(Stop::from)
            .and_then(|wire| write(&mut encoder, &wire));
    }
    result.map_err(|stop| {
        out.truncate(start);
        match stop {
            Stop::Error(error) => error,
            // The check names the field; what it does not look into (an Any) keeps the bare error.
            Stop::Malformed(error) => {
                let limits = Limits {
                    depth: options.depth,
                    size: usize::MAX,
                };
                let named = check(tables, table.id(), wire, &limits).err();
                named.unwrap_or(*error).into()
            }
            Stop::Disorder => JsonError::of_message("the message cannot be put in order"),
        }
    })
}

/// Why encoding stops.
#[derive(Debug)]
enum Stop {
    /// Fields come out of order or more than once: the message must be canonicalised first.
    Disorder,
    /// The bytes are no message.
    Malformed(Box<WireError>),
    /// They are one that has no JSON.
    Error(JsonError),
}

impl From<JsonError> for Stop {
    fn from(error: JsonError) -> Self {
        Self::Error(error)
    }
}

impl From<WireError> for Stop {
    #[cold]
    fn from(error: WireError) -> Self {
        Self::Malformed(Box::new(error))
    }
}

impl From<Flaw> for Stop {
    #[cold]
    fn from(flaw: Flaw) -> Self {
        WireError::from(flaw).into()
    }
}

impl Stop {
    #[cold]
    fn error(message: impl Into<String>) -> Self {
        Self::Error(JsonError::of_message(message))
    }

    #[cold]
    fn map(self, change: impl FnOnce(JsonError) -> JsonError) -> Self {
        match self {
            Self::Error(error) => Self::Error(change(error)),
            other => other,
        }
    }
}

struct Encoder<'t> {
    tables: &'t Tables,
    options: EncodeOptions,
    out: &'t mut Vec<u8>,
    /// Messages that may still nest, the root one included.
    depth: usize,
    /// Levels of indentation.
    indent: usize,
    /// Whether the bytes are canonical for certain.
    trusted: bool,
}

impl Encoder<'_> {
    /// A message in its JSON form, whatever its type.
    #[inline]
    fn message(&mut self, table: &MessageTable, bytes: &[u8]) -> Result<(), Stop> {
        if self.depth == 0 {
            return Err(Stop::error("messages are nested too deeply"));
        }
        self.depth -= 1;
        match table.well_known() {
            None => self.object(table, bytes)?,
            Some(kind) => self.well_known(kind, table, bytes)?,
        }
        self.depth += 1;
        Ok(())
    }

    fn object(&mut self, table: &MessageTable, bytes: &[u8]) -> Result<(), Stop> {
        self.out.push(b'{');
        self.indent += 1;
        let mut first = true;
        self.fields(table, bytes, &mut first)?;
        self.close(b'}', first);
        Ok(())
    }

    /// A comma where one is needed, and a new line where lines break.
    #[inline]
    fn separate(&mut self, first: bool) {
        if !first {
            self.out.push(b',');
        }
        if self.options.pretty {
            self.line();
        }
    }

    /// Ends an object or array; `empty` when it has no members.
    #[inline]
    fn close(&mut self, bracket: u8, empty: bool) {
        self.indent -= 1;
        if self.options.pretty && !empty {
            self.line();
        }
        self.out.push(bracket);
    }

    fn line(&mut self) {
        self.out.push(b'\n');
        let width = self.out.len() + 2 * self.indent;
        self.out.resize(width, b' ');
    }

    #[inline]
    fn key(&mut self, field: &FieldTable) {
        self.out.extend_from_slice(if self.options.proto_names {
            field.proto_key()
        } else {
            field.json_key()
        });
        if self.options.pretty {
            self.out.push(b' ');
        }
    }

    /// A member name that is no field: `@type`, a map key.
    fn text_key(&mut self, name: &str) {
        super::text::push_string(self.out, name);
        self.out.push(b':');
        if self.options.pretty {
            self.out.push(b' ');
        }
    }

    /// Only the value of one field of a message.
    fn one_field(
        &mut self,
        table: &MessageTable,
        field: &FieldTable,
        bytes: &[u8],
    ) -> Result<(), Stop> {
        let mut reader = Reader::new(bytes);
        let mut written = false;
        while let Some(record) = reader.record()? {
            if record.number != field.number() {
                // Another member of its oneof may come later: only canonical bytes tell.
                let rival = table.field(record.number).and_then(FieldTable::oneof);
                if field.oneof().is_some() && rival == field.oneof() && !self.trusted {
                    return Err(Stop::Disorder);
                }
                continue;
            }
            if !self.is_known(field, &record.payload) {
                continue;
            }
            if written {
                return Err(Stop::Disorder);
            }
            let start = self.out.len();
            written = self
                .value(field, &record, &mut reader, bytes)
                .map_err(|stop| stop.map(|error| error.under_field(field)))?;
            if !written {
                self.out.truncate(start);
            }
        }
        if !written && !self.default_value(field) {
            self.out.extend_from_slice(b"null");
        }
        Ok(())
    }

    /// One value, list or map that begins with `record`; consumes the records that belong to it. False, with nothing
    /// kept, where there is nothing to show.
    #[inline]
    fn value(
        &mut self,
        field: &FieldTable,
        record: &Record<'_>,
        reader: &mut Reader<'_>,
        message: &[u8],
    ) -> Result<bool, Stop> {
        if field.is_singular() {
            self.element(field, &record.payload)
        } else if field.is_map() {
            self.map(field, record, reader, message)
        } else {
            self.list(field, record, reader)
        }
    }
}
