//! `numeric` as PostgreSQL sends it: digits to the base of 10,000.

use protoloop_sql::SqlValue;

const BASE: u64 = 10_000;
const NEGATIVE: u16 = 0x4000;
const POSITIVE: u16 = 0;

/// Appends a whole number.
pub(crate) fn write(value: u64, buffer: &mut Vec<u8>) {
    let mut digits = [0u16; 5];
    let mut count = 0;
    let mut rest = value;
    while rest > 0 {
        digits[4 - count] = (rest % BASE) as u16;
        rest /= BASE;
        count += 1;
    }
    let words = [count as u16, (count as u16).wrapping_sub(1), POSITIVE, 0];
    for word in words.iter().chain(&digits[5 - count..]) {
        buffer.extend_from_slice(&word.to_be_bytes());
    }
}

/// A number: whole ones as such where they fit 64 bits, others as decimal text. `None` when the bytes are none.
pub(crate) fn read(bytes: &[u8]) -> Option<SqlValue<'static>> {
    let mut words = bytes
        .chunks_exact(2)
        .map(|word| u16::from_be_bytes([word[0], word[1]]));
    let (count, weight) = (words.next()?, words.next()? as i16);
    let (sign, scale) = (words.next()?, words.next()?);
    let digits: Vec<u16> = words.collect();
    if digits.len() != usize::from(count) {
        return None;
    }
    let negative = match sign {
        POSITIVE => false,
        NEGATIVE => true,
        // NaN and the infinities.
        0xC000 => return Some(SqlValue::Real(f64::NAN)),
        0xD000 => return Some(SqlValue::Real(f64::INFINITY)),
        0xF000 => return Some(SqlValue::Real(f64::NEG_INFINITY)),
        _ => return None,
    };
    if digits.len() as i64 <= i64::from(weight) + 1
        && let Some(value) = whole(&digits, weight)
    {
        if !negative {
            return Some(SqlValue::Uint(value));
        }
        if let Ok(value) = i64::try_from(-i128::from(value)) {
            return Some(SqlValue::Int(value));
        }
    }
    Some(SqlValue::Text(
        decimal(&digits, weight, negative, scale).into(),
    ))
}

fn whole(digits: &[u16], weight: i16) -> Option<u64> {
    if digits.is_empty() {
        return Some(0);
    }
    (0..=usize::try_from(weight).ok()?).try_fold(0u64, |sum, place| {
        let digit = digits.get(place).copied().unwrap_or(0);
        sum.checked_mul(BASE)?.checked_add(digit.into())
    })
}

fn decimal(digits: &[u16], weight: i16, negative: bool, scale: u16) -> String {
    let digit = |place: i32| {
        let at = usize::try_from(place).ok();
        at.and_then(|at| digits.get(at)).copied().unwrap_or(0)
    };
    let weight = i32::from(weight);
    let mut text = String::new();
    for place in 0..=weight {
        text.push_str(&format!("{:04}", digit(place)));
    }
    let whole = text.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let mut fraction = String::new();
    let mut place = weight + 1;
    while fraction.len() < usize::from(scale) {
        // Before the first digit there are zeros.
        let value = if place < 0 { 0 } else { digit(place) };
        fraction.push_str(&format!("{value:04}"));
        place += 1;
    }
    fraction.truncate(scale.into());
    let sign = if negative { "-" } else { "" };
    match fraction.is_empty() {
        true => format!("{sign}{whole}"),
        false => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_come_back() {
        for value in [
            0,
            1,
            9_999,
            10_000,
            10_001,
            100_000_000,
            u64::MAX - 1,
            u64::MAX,
        ] {
            let mut bytes = Vec::new();
            write(value, &mut bytes);
            assert_eq!(read(&bytes), Some(SqlValue::Uint(value)), "{value}");
        }
    }

    #[test]
    fn other_numbers_are_text() {
        let bytes = |words: &[u16]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_be_bytes()).collect()
        };
        let text = |words: &[u16]| read(&bytes(words));
        let is = |text: &str| Some(SqlValue::Text(text.to_owned().into()));
        // 12345.678, -0.05, 0.00000001
        assert_eq!(text(&[3, 1, 0, 3, 1, 2345, 6780]), is("12345.678"));
        assert_eq!(text(&[1, 0xFFFF, NEGATIVE, 2, 500]), is("-0.05"));
        assert_eq!(text(&[1, 0xFFFE, 0, 8, 1]), is("0.00000001"));
        assert_eq!(text(&[1, 0, NEGATIVE, 0, 7]), Some(SqlValue::Int(-7)));
        assert_eq!(text(&[2, 0, 0, 0, 7]), None);
    }
}
