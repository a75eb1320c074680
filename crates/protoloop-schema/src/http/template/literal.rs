//! Literal text of templates.

use std::{fmt, sync::Arc};

use super::{TemplateError, scan::error};

/// Whether a character may stand for itself in a literal, or begins an escape.
pub(super) fn is_allowed(next: char) -> bool {
    match next {
        '%' | '-' | '.' | '_' | '~' | '!' | '$' | '&' | '\'' | '(' | ')' | '+' | ',' | ';'
        | '=' | '@' => true,
        ascii if ascii.is_ascii() => ascii.is_ascii_alphanumeric(),
        other => other.is_alphanumeric(),
    }
}

/// Undoes percent-encoding.
pub(super) fn decode(raw: &str, column: usize) -> Result<Arc<str>, TemplateError> {
    if !raw.contains('%') {
        return Ok(raw.into());
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (Some(high), Some(low)) = (hex(rest, 0), hex(rest, 1)) else {
            return Err(error(
                column,
                format!("`{raw}` has a `%` without two hexadecimal digits"),
            ));
        };
        bytes.push(high << 4 | low);
        rest = &rest[2..];
    }
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| error(column, format!("`{raw}` does not decode to UTF-8")))?;
    Ok(text.into())
}

fn hex(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = char::from(*bytes.get(at)?).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// Writes text so that [`decode`] gives it back.
pub(super) fn encode(text: &str, keep: Option<char>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for letter in text.chars() {
        if (is_allowed(letter) && letter != '%') || Some(letter) == keep {
            write!(f, "{letter}")?;
        } else {
            let mut buffer = [0; 4];
            for byte in letter.encode_utf8(&mut buffer).bytes() {
                write!(f, "%{byte:02X}")?;
            }
        }
    }
    Ok(())
}
