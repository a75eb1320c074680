//! Base64 straight from and into byte buffers.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The six bits of each letter of both alphabets; [`NONE`] for any other byte.
const VALUES: [u8; 256] = {
    let mut table = [NONE; 256];
    let mut value = 0;
    while value < 64 {
        table[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
};

const NONE: u8 = 0xFF;

/// Bytes in the standard alphabet, with padding.
#[must_use]
pub fn to_base64(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    encode(&mut out, bytes);
    String::from_utf8(out).expect("base64 is ASCII")
}

/// Appends the standard alphabet with padding.
pub(crate) fn encode(out: &mut Vec<u8>, bytes: &[u8]) {
    let letter = |bits: u32| ALPHABET[(bits & 63) as usize];
    out.reserve(bytes.len().div_ceil(3) * 4);
    let mut groups = bytes.chunks_exact(3);
    for group in &mut groups {
        let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
        out.extend_from_slice(&[
            letter(bits >> 18),
            letter(bits >> 12),
            letter(bits >> 6),
            letter(bits),
        ]);
    }
    match *groups.remainder() {
        [a] => {
            let bits = u32::from(a) << 16;
            out.extend_from_slice(&[letter(bits >> 18), letter(bits >> 12), b'=', b'=']);
        }
        [a, b] => {
            let bits = u32::from(a) << 16 | u32::from(b) << 8;
            out.extend_from_slice(&[
                letter(bits >> 18),
                letter(bits >> 12),
                letter(bits >> 6),
                b'=',
            ]);
        }
        _ => {}
    }
}

/// What a text in the standard or the URL-safe alphabet stands for, with or without padding; `None` where it is not base64.
#[must_use]
pub fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    decode(&mut out, text).ok().map(|()| out)
}

/// Appends what a text in the standard or the URL-safe alphabet stands for, with or without padding.
///
/// Returns the offset of the first byte that cannot stand there.
pub(crate) fn decode(out: &mut Vec<u8>, text: &[u8]) -> Result<(), usize> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let letters = &text[..text.len() - padding];
    let padded = padding == 0 || (padding <= 2 && text.len().is_multiple_of(4));
    if letters.len() % 4 == 1 || !padded {
        return Err(letters.len());
    }
    out.reserve(letters.len() / 4 * 3 + 2);
    let mut groups = letters.chunks_exact(4);
    for (index, group) in (&mut groups).enumerate() {
        let [a, b, c, d] = [0, 1, 2, 3].map(|at: usize| VALUES[usize::from(group[at])]);
        if (a | b | c | d) & 0xC0 != 0 {
            let bad = group
                .iter()
                .position(|byte| VALUES[usize::from(*byte)] == NONE);
            return Err(index * 4 + bad.unwrap_or(0));
        }
        let bits = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
        out.extend_from_slice(&[(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
    }
    let rest = groups.remainder();
    let mut bits = 0;
    for (index, byte) in rest.iter().enumerate() {
        let value = VALUES[usize::from(*byte)];
        if value == NONE {
            return Err(letters.len() - rest.len() + index);
        }
        bits |= u32::from(value) << (18 - 6 * index);
    }
    if rest.len() > 1 {
        out.push((bits >> 16) as u8);
    }
    if rest.len() > 2 {
        out.push((bits >> 8) as u8);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_comes_back_in_both_alphabets() {
        let bytes: Vec<u8> = (0..=255).rev().collect();
        for len in 0..bytes.len() {
            let mut text = Vec::new();
            encode(&mut text, &bytes[..len]);
            let url = String::from_utf8(text.clone())
                .unwrap()
                .replace('+', "-")
                .replace('/', "_");
            for spelling in [
                text.as_slice(),
                url.as_bytes(),
                url.trim_end_matches('=').as_bytes(),
            ] {
                let mut back = Vec::new();
                assert_eq!(decode(&mut back, spelling), Ok(()));
                assert_eq!(back, &bytes[..len]);
            }
        }
    }

    #[test]
    fn what_is_not_base64_is_refused_where_it_stands() {
        for (text, at) in [
            ("A", 1),
            ("AA=", 2),
            ("AAA!", 3),
            ("AAAAA!", 5),
            ("====", 0),
            ("AA==A", 5),
        ] {
            assert_eq!(decode(&mut Vec::new(), text.as_bytes()), Err(at), "{text}");
        }
    }
}
