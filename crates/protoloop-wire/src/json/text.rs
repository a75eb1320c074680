//! Writing JSON strings.

/// What each byte needs inside a JSON string: 0 nothing, `u` a `\u00XX`, else the letter after the backslash.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = b'u';
        byte += 1;
    }
    table[0x08] = b'b';
    table[b'\t' as usize] = b't';
    table[b'\n' as usize] = b'n';
    table[0x0C] = b'f';
    table[b'\r' as usize] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Whether a byte ends a plain run inside a JSON string: quote, backslash or control.
#[inline]
pub(crate) const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// How many bytes from the start need no attention inside a JSON string.
#[inline]
pub(crate) fn plain_prefix(bytes: &[u8]) -> usize {
    let mut at = 0;
    // Short runs are the usual case: eight bytes at a time, and exact about where the run ends.
    while at < 32 {
        match bytes[at..].first_chunk::<8>() {
            Some(word) => match first_special(u64::from_le_bytes(*word)) {
                8 => at += 8,
                plain => return at + plain,
            },
            None => return at + plain_tail(&bytes[at..]),
        }
    }
    // Long ones go by blocks without a branch per byte: the compiler makes vector code of it.
    for block in bytes[at..].chunks_exact(32) {
        let special = block
            .iter()
            .fold(false, |found, byte| found | is_special(*byte));
        if special {
            break;
        }
        at += 32;
    }
    while let Some(word) = bytes[at..].first_chunk::<8>() {
        match first_special(u64::from_le_bytes(*word)) {
            8 => at += 8,
            plain => return at + plain,
        }
    }
    at + plain_tail(&bytes[at..])
}

/// The same for fewer than eight bytes.
#[inline]
fn plain_tail(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|byte| is_special(*byte))
        .unwrap_or(bytes.len())
}

/// The position of the first special byte among eight, the lowest byte first; 8 where there is none.
#[inline]
const fn first_special(word: u64) -> usize {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    // The high bit of a byte of `x - n` is set where the byte is below n; a borrow can only spoil bytes above a hit.
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = word ^ (ONES * b'"' as u64);
    let quote = quote.wrapping_sub(ONES) & !quote;
    let backslash = word ^ (ONES * b'\\' as u64);
    let backslash = backslash.wrapping_sub(ONES) & !backslash;
    ((control | quote | backslash) & HIGH).trailing_zeros() as usize / 8
}

/// Appends `text` as a JSON string, quotes included.
#[inline]
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let plain = plain_prefix(rest);
        out.extend_from_slice(&rest[..plain]);
        let Some(&byte) = rest.get(plain) else { break };
        push_escape(out, byte);
        rest = &rest[plain + 1..];
    }
    out.push(b'"');
}

fn push_escape(out: &mut Vec<u8>, byte: u8) {
    match ESCAPES[usize::from(byte)] {
        b'u' => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
        }
        letter => out.extend_from_slice(&[b'\\', letter]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_wherever_the_special_byte_stands() {
        for len in [0, 1, 31, 32, 33, 64, 100] {
            for special in ["", "\"", "\\", "\n", "\u{1}", "é", "\u{2028}"] {
                let text = format!("{}{special}{}", "a".repeat(len), "b".repeat(40));
                let mut out = Vec::new();
                push_string(&mut out, &text);
                let expected = format!("{:?}", text)
                    .replace("\\u{1}", "\\u0001")
                    .replace("\\u{2028}", "\u{2028}");
                assert_eq!(String::from_utf8_lossy(&out), expected);
            }
        }
    }
}
