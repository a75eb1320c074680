//! JSON text to protobuf bytes.

mod any;
mod numbers;
mod object;
mod scalar;
mod wellknown;

use protoloop_schema::MessageId;

use super::{DEFAULT_DEPTH, JsonError, lexer::Lexer};
use crate::{MessageTable, Tables, Writer, canonicalize, tables::FieldTable, varint::push_varint};

/// What is taken as the JSON of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeOptions {
    /// Step over members that name no field, and over enum values that are not declared, instead of refusing them.
    pub ignore_unknown: bool,
    /// Take field mask paths that ProtoJSON cannot spell, such as `line_1`, as they are instead of refusing them.
    pub proto_mask_paths: bool,
    /// How deep messages may nest on the wire. A list in a `google.protobuf.Value` is two levels, an object three.
    pub depth: usize,
    /// How many bytes the text may have.
    pub size: usize,
}

impl Default for DecodeOptions {
    /// Unknown members are errors, 100 levels, 4 MiB.
    fn default() -> Self {
        Self {
            ignore_unknown: false,
            proto_mask_paths: false,
            depth: DEFAULT_DEPTH,
            size: 4 << 20,
        }
    }
}

/// The message `id` that a JSON text stands for, in canonical encoding (see [`canonicalize`]).
///
/// # Errors
/// The text is not JSON, or not the ProtoJSON of such a message; names field, line and column.
pub fn decode(
    tables: &Tables,
    id: MessageId,
    json: &[u8],
    options: &DecodeOptions,
) -> Result<Vec<u8>, JsonError> {
    run(tables, id, json, options, |decoder, table| {
        decoder.message(table)
    })
}

/// The message `id` with nothing but field `number`, whose value a JSON text stands for: how a request body becomes a
/// field of the request. `null` is absence, as it is inside a message.
///
/// # Errors
/// As [`decode`]; also when the message has no field of that number.
pub fn decode_field(
    tables: &Tables,
    id: MessageId,
    number: u32,
    json: &[u8],
    options: &DecodeOptions,
) -> Result<Vec<u8>, JsonError> {
    run(tables, id, json, options, |decoder, table| {
        match table.field(number) {
            Some(field) => decoder
                .field(field)
                .map_err(|error| error.under_field(field)),
            None => Err(JsonError::of_message(format!(
                "{} has no field {number}",
                table.full_name()
            ))),
        }
    })
}

fn run(
    tables: &Tables,
    id: MessageId,
    json: &[u8],
    options: &DecodeOptions,
    read: impl FnOnce(&mut Decoder<'_>, &MessageTable) -> Result<(), JsonError>,
) -> Result<Vec<u8>, JsonError> {
    if json.len() > options.size {
        let text = format!("the text is larger than {} bytes", options.size);
        return Err(JsonError::at(options.size, text));
    }
    let lexer = Lexer::new(json).map_err(|error| error.located_in(json))?;
    let mut decoder = Decoder {
        tables,
        options: *options,
        lexer,
        out: Writer::with_capacity(json.len() + 16),
        seen: Vec::new(),
        keys: Vec::new(),
        depth: options.depth.saturating_add(1),
        in_order: true,
    };
    read(&mut decoder, tables.message(id))
        .and_then(|()| decoder.lexer.end())
        .map_err(|error| error.located_in(json))?;
    let in_order = decoder.in_order;
    let wire = decoder.out.finish();
    if in_order {
        return Ok(wire);
    }
    Ok(canonicalize(tables, id, &wire)?.into_owned())
}

struct Decoder<'a> {
    tables: &'a Tables,
    options: DecodeOptions,
    lexer: Lexer<'a>,
    out: Writer,
    /// One bit per field and oneof of the messages being read, the innermost one last.
    seen: Vec<u64>,
    /// Where the encoded keys of the maps being read stand in `out`.
    keys: Vec<(usize, usize)>,
    /// Messages that may still nest, the root one included.
    depth: usize,
    /// Whether every message so far had its members in order of the field numbers.
    in_order: bool,
}

impl Decoder<'_> {
    /// The fields of a message in its JSON form, whatever its type.
    #[inline]
    fn message(&mut self, table: &MessageTable) -> Result<(), JsonError> {
        self.enter()?;
        match table.well_known() {
            None => self.object(table, None)?,
            Some(kind) => self.well_known(kind, table)?,
        }
        self.depth += 1;
        Ok(())
    }

    #[inline]
    fn enter(&mut self) -> Result<(), JsonError> {
        match self.depth.checked_sub(1) {
            Some(left) => {
                self.depth = left;
                Ok(())
            }
            None => Err(self.lexer.error("nested too deeply")),
        }
    }

    /// A message field: tag, length and content.
    #[inline]
    fn nested(&mut self, field: &FieldTable, table: &MessageTable) -> Result<(), JsonError> {
        let open = self.out.open_tagged(field.tag());
        self.message(table)?;
        self.out.close(open);
        Ok(())
    }

    /// A message field between two tags.
    fn group(&mut self, field: &FieldTable, table: &MessageTable) -> Result<(), JsonError> {
        self.out.raw(field.tag());
        self.message(table)?;
        push_varint(self.out.buffer(), field.end_tag());
        Ok(())
    }
}
