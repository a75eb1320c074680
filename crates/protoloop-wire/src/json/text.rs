//! Writing JSON strings.

use super::scan::{BLOCK, copy_block, is_special, plain_prefix, special_of_block};

/// The escape of each byte that needs one: its text, filled up with zeros, and the text's length.
const ESCAPES: [([u8; 8], u8); 256] = {
    let mut table = [([0; 8], 0); 256];
    let mut byte = 0;
    while byte < 256 {
        if is_special(byte as u8) {
            table[byte] = escape(byte as u8);
        }
        byte += 1;
    }
    table
};

/// Strings below this many bytes are not worth the work on whole blocks.
const SHORT: usize = 2 * BLOCK;

/// How far the output is made ready ahead of the writing, which keeps it in the nearest cache.
const AHEAD: usize = 4 << 10;

const fn escape(byte: u8) -> ([u8; 8], u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let letter = match byte {
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0C => b'f',
        b'\r' => b'r',
        b'"' | b'\\' => byte,
        _ => {
            let (high, low) = (HEX[byte as usize >> 4], HEX[byte as usize & 15]);
            return ([b'\\', b'u', b'0', b'0', high, low, 0, 0], 6);
        }
    };
    ([b'\\', letter, 0, 0, 0, 0, 0, 0], 2)
}

/// Appends `text` as a JSON string, quotes included.
#[inline]
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    push_valid(out, text.as_bytes());
}

/// The same for what may be no UTF-8: false then, and nothing is appended.
#[inline]
pub(crate) fn push_utf8(out: &mut Vec<u8>, text: &[u8]) -> bool {
    let valid = match text.len() < SHORT {
        // Most short strings are ASCII, which is seen faster.
        true => text.is_ascii() || std::str::from_utf8(text).is_ok(),
        false => simdutf8::basic::from_utf8(text).is_ok(),
    };
    if valid {
        push_valid(out, text);
    }
    valid
}

fn push_valid(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text;
    if rest.len() >= SHORT {
        rest = push_blocks(out, rest);
    }
    loop {
        let plain = plain_prefix(rest);
        out.extend_from_slice(&rest[..plain]);
        let Some(&byte) = rest.get(plain) else { break };
        let (text, len) = &ESCAPES[usize::from(byte)];
        out.extend_from_slice(&text[..usize::from(*len)]);
        rest = &rest[plain + 1..];
    }
    out.push(b'"');
}

/// Appends as much of a string's content as can be done in whole blocks, and gives back the rest.
///
/// Blocks stand side by side, so that one can be looked at before it is known what the one before it became. Runs are
/// copied as whole blocks; what comes next is written over their rest.
fn push_blocks<'t>(out: &mut Vec<u8>, text: &'t [u8]) -> &'t [u8] {
    let mut rest = text;
    let mut end = out.len();
    while let Some(two) = rest.first_chunk::<{ 2 * BLOCK }>() {
        // A block of control characters alone grows six times.
        if out.len() < end + 8 * BLOCK {
            out.resize(end + rest.len().min(AHEAD) + 8 * BLOCK, 0);
        }
        let mut special = special_of_block(two);
        let mut from = 0;
        while special != 0 {
            let at = special.trailing_zeros() as usize;
            special &= special - 1;
            copy_block(out, end, &two[from..]);
            end += at - from;
            let (text, len) = &ESCAPES[usize::from(two[at])];
            out[end..end + 8].copy_from_slice(text);
            end += usize::from(*len);
            from = at + 1;
        }
        copy_block(out, end, &two[from..]);
        end += BLOCK - from;
        rest = &rest[BLOCK..];
    }
    out.truncate(end);
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_wherever_the_special_byte_stands() {
        for len in [0, 1, 31, 32, 33, 63, 64, 100, 5_000] {
            for special in [
                "",
                "\"",
                "\\",
                "\n",
                "\u{1}",
                "\u{1f}\u{1f}",
                "é",
                "\u{2028}",
            ] {
                let text = format!("{}{special}{}", "a".repeat(len), "b".repeat(40));
                let mut out = Vec::new();
                push_string(&mut out, &text);
                let expected = format!("{:?}", text)
                    .replace("\\u{1}", "\\u0001")
                    .replace("\\u{1f}", "\\u001f")
                    .replace("\\u{2028}", "\u{2028}");
                assert_eq!(String::from_utf8_lossy(&out), expected);
            }
        }
    }

    #[test]
    fn a_text_of_escapes_alone_grows_six_times() {
        let text = "\u{1}".repeat(10_000);
        let mut out = b"x".to_vec();
        push_string(&mut out, &text);
        assert_eq!(out.len(), 60_003);
        assert!(out.ends_with(b"\\u0001\""));
    }
}
