//! Decimal digits to binary numbers and back.

/// The powers of ten that 64 bits hold.
pub(super) const POWERS_OF_TEN: [u64; 20] = {
    let mut powers = [1; 20];
    let mut index = 1;
    while index < powers.len() {
        powers[index] = 10 * powers[index - 1];
        index += 1;
    }
    powers
};

/// The digits at the start of a text: the number they are, and how many there are.
///
/// Eight are read together. The number is right for 19 digits at most, and the count exact below 24.
#[inline]
pub(super) fn leading_digits(text: &[u8]) -> (u64, usize) {
    let (first, count) = up_to_eight(text);
    if count < 8 {
        return (first, count);
    }
    let (second, count) = up_to_eight(&text[8..]);
    let value = first * POWERS_OF_TEN[count] + second;
    if count < 8 {
        return (value, 8 + count);
    }
    let (third, count) = up_to_eight(&text[16..]);
    (
        value.wrapping_mul(POWERS_OF_TEN[count]).wrapping_add(third),
        16 + count,
    )
}

#[inline]
fn up_to_eight(text: &[u8]) -> (u64, usize) {
    let Some(word) = text.first_chunk() else {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
        let read = |(value, count), byte: &u8| (value * 10 + u64::from(byte - b'0'), count + 1);
        return digits.fold((0, 0), read);
    };
    let digits = u64::from_le_bytes(*word) ^ u64::from_le_bytes([b'0'; 8]);
    // A digit has nothing above its lowest four bits now, and six more do not carry it beyond them.
    let beyond = digits | digits.wrapping_add(u64::from_le_bytes([6; 8]));
    let count = (beyond & u64::from_le_bytes([0xF0; 8])).trailing_zeros() as usize / 8;
    if count == 0 {
        return (0, 0);
    }
    // As the last of eight digits, behind zeros. The first one is the lowest byte.
    let digits = digits << (64 - 8 * count);
    // Neighbours together: digits to pairs, pairs to fours, fours to the whole.
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    let whole = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xFFFF_FFFF;
    (whole, count)
}

/// The number that the last `count` bytes of a text are, if they are digits, at least one and at most 17.
///
/// Unlike [`leading_digits`], nothing here waits for where the digits end.
#[inline]
pub(super) fn digits_before(text: &[u8], count: usize) -> Option<u64> {
    let (rest, low) = match text.split_last_chunk::<8>() {
        Some((rest, low)) if count <= 17 => (rest, u64::from_le_bytes(*low)),
        _ => return few_digits(text, count),
    };
    if count <= 8 {
        return eight_of_word(low, count);
    }
    let low = eight_of_word(low, 8)?;
    match rest.split_last_chunk::<8>() {
        Some((rest, high)) => {
            let high = u64::from_le_bytes(*high);
            let high = match (count, rest) {
                (17, [.., first]) if first.is_ascii_digit() => {
                    u64::from(first - b'0') * POWERS_OF_TEN[8] + eight_of_word(high, 8)?
                }
                (17, _) => return None,
                _ => eight_of_word(high, count - 8)?,
            };
            Some(high * POWERS_OF_TEN[8] + low)
        }
        None => Some(few_digits(rest, count - 8)? * POWERS_OF_TEN[8] + low),
    }
}

/// The same for the start of a text, where no whole word stands before the end.
#[inline]
fn few_digits(text: &[u8], count: usize) -> Option<u64> {
    if count == 0 || count > 17 {
        return None;
    }
    let digits = text.get(text.len().checked_sub(count)?..)?;
    digits.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit()
            .then(|| value * 10 + u64::from(byte - b'0'))
    })
}

/// The number that the last `count` bytes of a word are, one to eight, if they are digits.
#[inline]
fn eight_of_word(word: u64, count: usize) -> Option<u64> {
    if count == 0 {
        return None;
    }
    // The first digit is the lowest byte; what is before it becomes zero.
    let before = u64::MAX << (64 - 8 * count);
    let digits = (word ^ u64::from_le_bytes([b'0'; 8])) & before;
    let beyond = digits | digits.wrapping_add(u64::from_le_bytes([6; 8]));
    if beyond & u64::from_le_bytes([0xF0; 8]) != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xFFFF_FFFF)
}

/// Writes a number's digits from `at` on, where `to` has room for 24 bytes, and gives back where they end.
#[inline]
pub(super) fn write_digits<const N: usize>(to: &mut [u8; N], at: usize, value: u64) -> usize {
    const EIGHT: u64 = 100_000_000;
    if value < EIGHT {
        return write_first(to, at, value);
    }
    let (high, low) = (value / EIGHT, value % EIGHT);
    let at = if high < EIGHT {
        write_first(to, at, high)
    } else {
        let at = write_first(to, at, high / EIGHT);
        to[at..at + 8].copy_from_slice(&ascii(eight_digits(high % EIGHT)).to_le_bytes());
        at + 8
    };
    to[at..at + 8].copy_from_slice(&ascii(eight_digits(low)).to_le_bytes());
    at + 8
}

/// The digits of a number below 10^8 without leading zeros.
#[inline]
fn write_first(to: &mut [u8], at: usize, value: u64) -> usize {
    let digits = eight_digits(value);
    // The first digit is the lowest byte, so leading zeros are at the low end; one digit stays in any case.
    let zeros = (digits | 1 << 63).trailing_zeros() / 8;
    to[at..at + 8].copy_from_slice(&(ascii(digits) >> (8 * zeros)).to_le_bytes());
    at + 8 - zeros as usize
}

/// The eight digits of a number below 10^8, one a byte, the first one in the lowest byte.
#[inline]
const fn eight_digits(value: u64) -> u64 {
    // The whole to fours, fours to pairs, pairs to digits; the divisions of all parts are one multiplication each.
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let pairs = hundreds | (fours - 100 * hundreds) << 16;
    let tens = ((pairs * 103) >> 10) & 0x000F_000F_000F_000F;
    tens | (pairs - 10 * tens) << 8
}

#[inline]
const fn ascii(digits: u64) -> u64 {
    digits | u64::from_le_bytes([b'0'; 8])
}

/// Most digits behind the point that [`divided_by_tens`] takes: 5^27 is the last power of five below 2^63.
const MOST_PLACES: usize = 27;

/// 1 / 5^n to 128 bits, rounded up.
const RECIPROCALS: [u128; MOST_PLACES + 1] = {
    let mut table = [0; MOST_PLACES + 1];
    let mut divisor = 1;
    let mut places = 0;
    while places <= MOST_PLACES {
        table[places] = reciprocal(divisor);
        divisor *= 5;
        places += 1;
    }
    table
};

/// 1 / `divisor` to 128 bits, rounded up, by long division.
const fn reciprocal(divisor: u128) -> u128 {
    let (mut quotient, mut rest) = (0u128, 1u128);
    while quotient >> 127 == 0 {
        quotient <<= 1;
        if rest >= divisor {
            quotient |= 1;
            rest -= divisor;
        }
        rest <<= 1;
    }
    if rest == 0 { quotient } else { quotient + 1 }
}

/// The `double` nearest to `digits` / 10^`places`, ties to even; `None` for more places than the table has.
///
/// After D. Lemire, "Number Parsing at a Gigabyte per Second" (2021): a product with the reciprocal's first 128 bits
/// settles the rounding of every number in this range. None of them is subnormal or too large.
#[inline]
pub(super) fn divided_by_tens(digits: u64, places: usize) -> Option<f64> {
    const FRACTION_BITS: u32 = 52;
    const BIAS: i32 = 1023;
    if digits == 0 {
        return Some(0.0);
    }
    let reciprocal = *RECIPROCALS.get(places)?;
    let zeros = digits.leading_zeros();
    let normal = u128::from(digits << zeros);
    let mut product = normal * (reciprocal >> 64);
    if (product >> 64) & 0x1FF == 0x1FF {
        product += (normal * (reciprocal & u128::from(u64::MAX))) >> 64;
    }
    let (high, low) = ((product >> 64) as u64, product as u64);
    let top = (high >> 63) as u32;
    // One bit more than the fraction and its leading one, for rounding.
    let shift = top + 64 - FRACTION_BITS - 3;
    let mut fraction = high >> shift;
    // floor(log2(10^-places)) by a multiplication, exact in this range.
    let power = ((-(places as i32) * 217_706) >> 16) + 63 + top as i32 - zeros as i32;
    // Just in the middle between two neighbours, as far as the bits go: the even one.
    if low <= 1 && fraction & 3 == 1 && fraction << shift == high {
        fraction &= !1;
    }
    fraction = (fraction + (fraction & 1)) >> 1;
    let carried = fraction >> (FRACTION_BITS + 1);
    let exponent = (power + BIAS + carried as i32) as u64;
    let fraction = (fraction >> carried) & ((1 << FRACTION_BITS) - 1);
    Some(f64::from_bits(exponent << FRACTION_BITS | fraction))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn as_std_reads(digits: u64, places: usize) -> f64 {
        format!("{digits}e-{places}").parse().expect("a number")
    }

    #[test]
    fn digits_are_counted_and_read_at_every_length_and_whatever_follows() {
        for count in 0..=19 {
            let text = &"1234567890123456789"[..count];
            for behind in [
                "",
                ".",
                "/",
                ":",
                "x",
                "é",
                "\0\0\0\0\0\0\0\0\0",
                "-123456789",
            ] {
                let expected = (text.parse().unwrap_or(0), count);
                let all = format!("{text}{behind}");
                assert_eq!(leading_digits(all.as_bytes()), expected, "{all:?}");
            }
        }
    }

    #[test]
    fn numbers_are_written_as_std_writes_them() {
        let tens = (0..20).map(|n| 10u64.pow(n));
        let around = tens.flat_map(|ten| [ten - 1, ten, ten + 1, ten.wrapping_mul(9)]);
        for value in around.chain([u64::MAX]).chain(0..100_000) {
            let mut to = [0u8; 24];
            let len = write_digits(&mut to, 0, value);
            assert_eq!(to[..len], *value.to_string().as_bytes());
        }
    }

    #[test]
    fn the_digits_before_an_end_are_read_whatever_stands_before_them() {
        for count in 1..=17 {
            let text = &"92345678901234567"[..count];
            for before in ["", "-", "123456789,", "\"", "0.00000000000000000000."] {
                let all = format!("{before}{text}");
                assert_eq!(digits_before(all.as_bytes(), count), text.parse().ok());
                for at in 0..count {
                    for wrong in [b'/', b':', b' ', b'.', b'-', 0, 0xFF, b'@', b'p'] {
                        let mut all = all.clone().into_bytes();
                        all[before.len() + at] = wrong;
                        assert_eq!(digits_before(&all, count), None);
                    }
                }
            }
            assert_eq!(digits_before(b"1", 2), None);
        }
        assert_eq!(digits_before(b"123", 0), None);
        assert_eq!(digits_before(&[b'1'; 30], 18), None);
    }

    #[test]
    fn every_byte_but_the_ten_digits_ends_them() {
        for byte in (0..=255u8).filter(|byte| !byte.is_ascii_digit()) {
            let mut text = *b"12345678901234567890";
            for at in 0..17 {
                text[at] = byte;
                assert_eq!(leading_digits(&text).1, at, "{byte}");
                text[at] = b'0';
            }
        }
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        // 2^53 + 1 lies in the middle of two doubles; so do its products with powers of ten.
        let odd = (1u64 << 53) + 1;
        for (digits, places) in [(odd, 0), (odd * 10, 1), (odd * 100, 2), (odd * 1000, 3)] {
            assert_eq!(divided_by_tens(digits, places), Some((1u64 << 53) as f64));
            let above = divided_by_tens(digits + u64::from(places > 0), places);
            assert_eq!(
                above,
                Some(as_std_reads(digits + u64::from(places > 0), places))
            );
        }
        assert_eq!(divided_by_tens(1, 28), None);
        assert_eq!(divided_by_tens(u64::MAX, 0), Some(u64::MAX as f64));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn any_number_is_written_and_read_back(value: u64, cut in 0u32..64) {
            let mut to = [0u8; 24];
            let len = write_digits(&mut to, 0, value >> cut);
            let expected = (value >> cut).to_string();
            prop_assert_eq!(&to[..len], expected.as_bytes());
            if len < 20 {
                prop_assert_eq!(leading_digits(&to[..len]), (value >> cut, len));
            }
        }

        #[test]
        fn every_decimal_is_rounded_as_std_rounds_it(digits: u64, cut in 0u32..64, places in 0usize..=27) {
            let digits = digits >> cut;
            let found = divided_by_tens(digits, places);
            prop_assert_eq!(found, Some(as_std_reads(digits, places)), "{}e-{}", digits, places);
        }
    }
}
