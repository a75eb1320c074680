//! Values as ProtoJSON writes them.

/// The `double` that reads from what ProtoJSON writes for a `float`: 0.1 for the `float` next to 0.1, which widens to
/// 0.10000000149011612. A number that is no `float` stays as it is.
pub(crate) fn as_written(value: f64) -> f64 {
    let narrow = value as f32;
    if f64::from(narrow) == value {
        // Display of an f32 is the shortest text that reads back as it, and always a number.
        narrow.to_string().parse().unwrap_or(value)
    } else {
        value
    }
}

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_is_compared_as_it_is_written() {
        assert_eq!(as_written(f64::from(0.1f32)), 0.1);
        assert_eq!(as_written(0.1), 0.1);
        assert_eq!(as_written(f64::INFINITY), f64::INFINITY);
        assert_eq!(as_written(f64::from(f32::MIN_POSITIVE)), 1.1754944e-38);
    }
}
