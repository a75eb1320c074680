//! Field mask paths between their proto and their JSON spelling. A map key in backticks is the same in both.

use super::text::push_string;
use crate::mask::segments;

/// Appends the proto spelling of a JSON path; false, with nothing sure about `out`, where the path is not in
/// lowerCamelCase.
pub(super) fn to_proto(path: &str, out: &mut Vec<u8>) -> bool {
    if path == "*" {
        out.push(b'*');
        return true;
    }
    let mut quoted = false;
    for byte in path.bytes() {
        quoted ^= byte == b'`';
        match byte {
            _ if quoted => out.push(byte),
            b'A'..=b'Z' => out.extend_from_slice(&[b'_', byte.to_ascii_lowercase()]),
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'`' => out.push(byte),
            _ => return false,
        }
    }
    true
}

/// Appends the JSON spelling of a proto path; false, with nothing sure about `out`, where it would not come back as it
/// was.
pub(super) fn to_json(path: &str, out: &mut Vec<u8>) -> bool {
    if path == "*" {
        out.push(b'*');
        return true;
    }
    if segments(path).is_err() {
        return false;
    }
    let mut upper = path.is_empty();
    let mut parts = path.split('`');
    while let Some(name) = parts.next() {
        for byte in name.bytes() {
            match byte {
                b'_' if !upper => upper = true,
                b'a'..=b'z' if std::mem::take(&mut upper) => out.push(byte.to_ascii_uppercase()),
                b'a'..=b'z' | b'0'..=b'9' | b'.' if !upper => out.push(byte),
                _ => return false,
            }
        }
        // An empty path, or an underscore at the end of a name.
        if upper {
            return false;
        }
        if let Some(key) = parts.next() {
            // The backtick that opens the key has one that closes it.
            if parts.clone().next().is_none() {
                return false;
            }
            out.push(b'`');
            push_content(key, out);
            out.push(b'`');
        }
    }
    true
}

/// Whether a path of plain names has no JSON spelling and cannot be mistaken for one: `line_1`, `a__b`.
pub(super) fn is_only_proto(path: &str, scratch: &mut Vec<u8>) -> bool {
    let start = scratch.len();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    let only = path.bytes().all(is_name) && segments(path).is_ok() && !to_json(path, scratch);
    scratch.truncate(start);
    let only = only && !to_proto(path, scratch);
    scratch.truncate(start);
    only
}

/// The content of a JSON string.
fn push_content(text: &str, out: &mut Vec<u8>) {
    let start = out.len();
    push_string(out, text);
    out.pop();
    out.remove(start);
}
