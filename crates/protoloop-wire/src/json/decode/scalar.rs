//! Scalars and map keys.

use protoloop_schema::{EnumId, Kind};

use super::Decoder;
use crate::{
    json::{
        JsonError, base64,
        lexer::number_prefix,
        number::{Integer, NotInteger},
    },
    scalar::push_raw,
    tables::FieldTable,
    varint::{push_varint, zigzag32, zigzag64},
};

type Result<T> = std::result::Result<T, JsonError>;

impl Decoder<'_> {
    /// Tag and value of a scalar; false, with nothing written, where an unknown enum value is ignored. The default of a
    /// field without presence is not written either.
    #[inline]
    pub(super) fn scalar(&mut self, field: &FieldTable) -> Result<bool> {
        match field.kind() {
            Kind::String => self.text(field).map(|()| true),
            Kind::Bytes => self.binary(field).map(|()| true),
            Kind::Message(_) | Kind::Group(_) => Err(self.lexer.error("a message is no scalar")),
            _ => {
                let Some(raw) = self.raw(field)? else {
                    return Ok(false);
                };
                if raw != 0 || !field.is_implicit() {
                    let out = self.out.buffer();
                    out.extend_from_slice(field.tag());
                    push_raw(out, field.wire_type(), raw);
                }
                Ok(true)
            }
        }
    }

    /// An element of a packed list.
    #[inline]
    pub(super) fn packed_scalar(&mut self, field: &FieldTable) -> Result<()> {
        if let Some(raw) = self.raw(field)? {
            push_raw(self.out.buffer(), field.wire_type(), raw);
        }
        Ok(())
    }

    fn text(&mut self, field: &FieldTable) -> Result<()> {
        match self.lexer.plain_string("a string")? {
            Some("") if field.is_implicit() => {}
            Some(text) => {
                let out = self.out.buffer();
                out.extend_from_slice(field.tag());
                push_varint(out, text.len() as u64);
                out.extend_from_slice(text.as_bytes());
            }
            None => {
                let open = self.out.open_tagged(field.tag());
                self.lexer.escaped_string(self.out.buffer())?;
                self.out.close(open);
            }
        }
        Ok(())
    }

    fn binary(&mut self, field: &FieldTable) -> Result<()> {
        let start = self.lexer.pos();
        let text = self.lexer.string("a base64 string")?;
        if text.is_empty() && field.is_implicit() {
            return Ok(());
        }
        let open = self.out.open_tagged(field.tag());
        base64::decode(self.out.buffer(), text.as_bytes())
            .map_err(|at| JsonError::at(start + 1 + at, "not base64"))?;
        if self.out.is_open_empty(&open) && field.is_implicit() {
            self.out.cancel(open);
        } else {
            self.out.close(open);
        }
        Ok(())
    }

    /// The raw bits of a number, boolean or enum value; `None` for an unknown enum value that is ignored.
    #[inline]
    fn raw(&mut self, field: &FieldTable) -> Result<Option<u64>> {
        Ok(Some(match field.kind() {
            Kind::Bool => u64::from(self.lexer.boolean()?),
            Kind::Double => self.float(false)?.to_bits(),
            Kind::Float => u64::from((self.float(true)? as f32).to_bits()),
            Kind::Enum(id) => return self.enumeration(id),
            kind => {
                let start = self.lexer.pos();
                let value = self.integer()?;
                integer_bits(kind, value).ok_or_else(|| out_of_range(kind, start))?
            }
        }))
    }

    #[inline]
    fn integer(&mut self) -> Result<Integer> {
        match self.lexer.peek() {
            Some(b'"') => {
                if let Some(value) = self.lexer.small_quoted_integer() {
                    return Ok(Integer::from_i64(value));
                }
                let start = self.lexer.pos();
                let text = self.lexer.string("an integer")?;
                Integer::parse(&text).map_err(|reason| not_integer(reason, start))
            }
            Some(b'-' | b'0'..=b'9') => {
                if let Some(value) = self.lexer.small_integer() {
                    return Ok(Integer::from_i64(value));
                }
                let start = self.lexer.pos();
                let text = self.lexer.number()?;
                Integer::parse(text).map_err(|reason| not_integer(reason, start))
            }
            _ => Err(self.lexer.unexpected("an integer")),
        }
    }

    /// A `double`, or a `float` widened to one.
    fn float(&mut self, single: bool) -> Result<f64> {
        let parse = |text: &str| {
            if single {
                text.parse::<f32>().map(f64::from)
            } else {
                text.parse::<f64>()
            }
        };
        if self.lexer.peek() != Some(b'"') {
            if !single && let Some(value) = self.lexer.plain_float() {
                return Ok(value);
            }
            let start = self.lexer.pos();
            let text = self.lexer.number()?;
            return match parse(text) {
                Ok(value) if value.is_finite() => Ok(value),
                _ => Err(JsonError::at(start, "the number is out of range")),
            };
        }
        let start = self.lexer.pos();
        let text = self.lexer.string("a number")?;
        match &*text {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            text if !text.is_empty() && number_prefix(text.as_bytes()) == text.len() => {
                match parse(text) {
                    Ok(value) if value.is_finite() => Ok(value),
                    _ => Err(JsonError::at(start, "the number is out of range")),
                }
            }
            _ => Err(JsonError::at(start, "not a number")),
        }
    }

    fn enumeration(&mut self, id: EnumId) -> Result<Option<u64>> {
        let table = self.tables.enumeration(id);
        if table.is_null_value() && self.lexer.take_null()? {
            return Ok(Some(0));
        }
        let start = self.lexer.pos();
        if self.lexer.peek() != Some(b'"') {
            if !matches!(self.lexer.peek(), Some(b'-' | b'0'..=b'9')) {
                return Err(self.lexer.unexpected("the name or number of an enum value"));
            }
            let number = self.integer()?.to_i64().and_then(|n| i32::try_from(n).ok());
            let number =
                number.ok_or_else(|| JsonError::at(start, "the number is out of range"))?;
            if table.accepts(number) {
                return Ok(Some(i64::from(number) as u64));
            }
            if self.options.ignore_unknown {
                return Ok(None);
            }
            let text = format!("{} has no value {number}", table.full_name());
            return Err(JsonError::at(start, text));
        }
        let name = self.lexer.string("the name of an enum value")?;
        match table.number_of(&name) {
            Some(number) => Ok(Some(i64::from(number) as u64)),
            None if self.options.ignore_unknown => Ok(None),
            None => Err(JsonError::at(
                start,
                format!("{} has no value {name:?}", table.full_name()),
            )),
        }
    }

    /// Tag and value of a map key given as the text of a member name.
    pub(super) fn key(&mut self, field: &FieldTable, text: &str) -> Result<()> {
        let raw = match field.kind() {
            Kind::String => {
                self.out.bytes(field.number(), text.as_bytes());
                return Ok(());
            }
            Kind::Bool => match text {
                "true" => 1,
                "false" => 0,
                _ => {
                    return Err(self
                        .lexer
                        .error("the map key must be \"true\" or \"false\""));
                }
            },
            kind => {
                let start = self.lexer.pos();
                let value = Integer::parse(text).map_err(|reason| not_integer(reason, start))?;
                integer_bits(kind, value).ok_or_else(|| out_of_range(kind, start))?
            }
        };
        let out = self.out.buffer();
        out.extend_from_slice(field.tag());
        push_raw(out, field.wire_type(), raw);
        Ok(())
    }
}

/// The bits of an integer as its kind stands on the wire; `None` where it is out of the kind's range.
#[inline]
fn integer_bits(kind: Kind, value: Integer) -> Option<u64> {
    let signed = || value.to_i64();
    let narrow = || signed().and_then(|value| i32::try_from(value).ok());
    Some(match kind {
        Kind::Int32 => i64::from(narrow()?) as u64,
        Kind::Sint32 => u64::from(zigzag32(narrow()?)),
        Kind::Sfixed32 => u64::from(narrow()? as u32),
        Kind::Int64 | Kind::Sfixed64 => signed()? as u64,
        Kind::Sint64 => zigzag64(signed()?),
        Kind::Uint32 | Kind::Fixed32 => {
            u64::from(value.to_u64().and_then(|value| u32::try_from(value).ok())?)
        }
        _ => value.to_u64()?,
    })
}

#[cold]
fn out_of_range(kind: Kind, at: usize) -> JsonError {
    let range = match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => "-2147483648 to 2147483647",
        Kind::Uint32 | Kind::Fixed32 => "0 to 4294967295",
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            "-9223372036854775808 to 9223372036854775807"
        }
        _ => "0 to 18446744073709551615",
    };
    JsonError::at(at, format!("the number is out of range: {range}"))
}

#[cold]
fn not_integer(reason: NotInteger, at: usize) -> JsonError {
    JsonError::at(
        at,
        match reason {
            NotInteger::Syntax => "expected an integer",
            NotInteger::Fraction => "expected an integer, found a fraction",
            NotInteger::Overflow => "the number has more than 64 bits",
        },
    )
}
