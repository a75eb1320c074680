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
    // A whole block at once, without a branch per byte: the compiler makes vector code of it.
    for block in bytes.chunks_exact(32) {
        let special = block
            .iter()
            .fold(false, |found, byte| found | is_special(*byte));
        if special {
            break;
        }
        at += 32;
    }
    for byte in &bytes[at..] {
        if is_special(*byte) {
            break;
        }
        at += 1;
    }
    at
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
