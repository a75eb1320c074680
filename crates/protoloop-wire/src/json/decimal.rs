//! Decimal digits to binary numbers and back.

use wide::{i16x8, u8x16, u16x8, u32x4};

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
    match text.split_last_chunk::<16>() {
        Some((_, last)) if count <= 16 => number_of_sixteen(last, count),
        Some((rest, last)) if count == 17 => {
            let first = rest.last().filter(|byte| byte.is_ascii_digit())?;
            Some(u64::from(first - b'0') * POWERS_OF_TEN[16] + number_of_sixteen(last, 16)?)
        }
        _ => few_digits(text, count),
    }
}

/// The same for the start of a text, where less than a block stands before the end.
#[cold]
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

/// The number that the last `count` bytes of a block are, one to sixteen, if they are digits.
#[inline]
fn number_of_sixteen(block: &[u8; 16], count: usize) -> Option<u64> {
    /// From its n-th byte on: sixteen bytes, of which all but the last n are zero.
    const MASKS: [u8; 32] = {
        let mut masks = [0; 32];
        let mut at = 16;
        while at < masks.len() {
            masks[at] = 0xFF;
            at += 1;
        }
        masks
    };
    if count == 0 {
        return None;
    }
    let mask: &[u8; 16] = MASKS.get(count..)?.first_chunk()?;
    let digits = (u8x16::new(*block) - u8x16::splat(b'0')) & u8x16::new(*mask);
    let nine = u8x16::splat(9);
    if digits.max(nine).simd_ne(nine).any() {
        return None;
    }
    // Neighbours together: digits to pairs, pairs to fours. The first digit of a pair is the low byte.
    let digits: i16x8 = bytemuck::cast(digits);
    let pairs: i16x8 = (digits & i16x8::splat(0xFF)) * i16x8::splat(10) + (digits >> 8);
    let fours = pairs.dot(i16x8::new([100, 1, 100, 1, 100, 1, 100, 1]));
    let [first, second, third, fourth] = fours.to_array().map(|four| four as u64);
    let high = first * 10_000 + second;
    Some(high * POWERS_OF_TEN[8] + third * 10_000 + fourth)
}

/// The number before a point that is one of the first four bytes, and how many digits it has, at least one; `None` where
/// it is otherwise.
#[inline]
pub(super) fn digits_to_point(text: &[u8]) -> Option<(u64, usize)> {
    let four = u32::from_le_bytes(*text.first_chunk()?);
    let others = four ^ u32::from_le_bytes([b'.'; 4]);
    // The high bit of a byte of this is set where the byte is zero; a borrow can only spoil bytes above such a one.
    let points = others.wrapping_sub(0x0101_0101) & !others & 0x8080_8080;
    let count = points.trailing_zeros() as usize / 8;
    if count == 0 || count > 3 {
        return None;
    }
    let digits = (four ^ u32::from_le_bytes([b'0'; 4])) << (32 - 8 * count);
    let beyond = digits | digits.wrapping_add(u32::from_le_bytes([6; 4]));
    if beyond & u32::from_le_bytes([0xF0; 4]) != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00FF_00FF;
    let whole = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0xFFFF;
    Some((u64::from(whole), count))
}

/// How many digits a number has.
#[inline]
const fn digit_count(value: u64) -> usize {
    // From the number of bits, by log10(2); the guess is one too low where a power of ten lies among those bits.
    let value = value | 1;
    let bits = 64 - value.leading_zeros() as usize;
    let guess = (bits * 1_233) >> 12;
    guess + (value >= POWERS_OF_TEN[guess]) as usize
}

/// The digits of the largest number of 64 bits.
pub(super) const MOST_DIGITS: usize = 20;

/// Writes a number's digits so that they end at `end`, which is [`MOST_DIGITS`] or more, and gives back where they
/// begin. Those bytes before them that a longer number would take are overwritten.
///
/// Where they begin is known long before the digits are, so that what comes next need not wait for them.
#[inline]
pub(super) fn write_digits_before<const N: usize>(
    to: &mut [u8; N],
    end: usize,
    value: u64,
) -> usize {
    let count = digit_count(value);
    if count <= 4 {
        put_before(to, end, four_digits(value as u32));
    } else if count <= 8 {
        put_before(to, end, eight_digits(value));
    } else if count <= 16 {
        put_before(to, end, sixteen_digits(value));
    } else {
        let (high, low) = (value / POWERS_OF_TEN[16], value % POWERS_OF_TEN[16]);
        put_before(to, end, sixteen_digits(low));
        put_before(to, end - 16, four_digits(high as u32));
    }
    end - count
}

#[inline]
fn put_before<const N: usize>(to: &mut [u8], end: usize, text: [u8; N]) {
    to[end - N..end].copy_from_slice(&text);
}

/// The four digits of a number below 10^4.
#[inline]
const fn four_digits(value: u32) -> [u8; 4] {
    let hundreds = (value * 5_243) >> 19;
    let pairs = hundreds | (value - 100 * hundreds) << 16;
    let tens = ((pairs * 103) >> 10) & 0x000F_000F;
    let digits = tens | (pairs - 10 * tens) << 8;
    (digits | u32::from_le_bytes([b'0'; 4])).to_le_bytes()
}

/// The eight digits of a number below 10^8.
#[inline]
fn eight_digits(value: u64) -> [u8; 8] {
    let [digits, _] = digits_of_fours([fours_of_eight(value), 0]);
    digits
}

/// The sixteen digits of a number below 10^16.
#[inline]
fn sixteen_digits(value: u64) -> [u8; 16] {
    let halves = [value / POWERS_OF_TEN[8], value % POWERS_OF_TEN[8]];
    bytemuck::cast(digits_of_fours(halves.map(fours_of_eight)))
}

/// The two halves of eight digits, the first one in the low bits.
#[inline]
const fn fours_of_eight(value: u64) -> u64 {
    (value / 10_000) | (value % 10_000) << 32
}

/// The digits of numbers of four digits, each in 32 bits.
#[inline]
fn digits_of_fours(fours: [u64; 2]) -> [[u8; 8]; 2] {
    let fours: u16x8 = bytemuck::cast(fours);
    // Fours to pairs, pairs to digits, the higher one before the lower; a division is a multiplication and a shift.
    let hundreds: u16x8 = fours.mul_keep_high(u16x8::splat(5_243)) >> 3;
    let rest: u32x4 = bytemuck::cast(fours - hundreds * u16x8::splat(100));
    let pairs: u16x8 = hundreds | bytemuck::cast::<u32x4, u16x8>(rest << 16);
    let tens = pairs.mul_keep_high(u16x8::splat(6_554));
    let digits: u16x8 = tens | (pairs - tens * u16x8::splat(10)) << 8;
    bytemuck::cast(digits | u16x8::splat(u16::from_le_bytes([b'0'; 2])))
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

    fn written(value: u64) -> String {
        let mut to = [b'x'; 24];
        let start = write_digits_before(&mut to, 20, value);
        assert_eq!(to[20..], [b'x'; 4]);
        String::from_utf8(to[start..20].to_vec()).expect("ASCII")
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
            assert_eq!(written(value), value.to_string());
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
            let text = written(value >> cut);
            prop_assert_eq!(&text, &(value >> cut).to_string());
            if text.len() < 20 {
                prop_assert_eq!(leading_digits(text.as_bytes()), (value >> cut, text.len()));
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
