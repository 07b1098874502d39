//! Numbers in base 62 with the digits `0-9A-Za-z`, most significant first: texts of one length are then in
//! the order of their numbers.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `value` in `N` digits, padded with `0`; what is above them is left out.
pub(super) fn digits<const N: usize>(value: u64) -> [u8; N] {
    let mut rest = value;
    let mut out = [b'0'; N];
    for place in out.iter_mut().rev() {
        let digit = usize::try_from(rest % 62).unwrap_or_default();
        *place = DIGITS.get(digit).copied().unwrap_or(b'0');
        rest /= 62;
    }
    out
}

/// What up to ten digits mean, which fit; a character that is none counts nothing.
pub(super) fn value(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |value: u64, digit| value.saturating_mul(62).saturating_add(digit_value(*digit)))
}

fn digit_value(digit: u8) -> u64 {
    let (first, below) = match digit {
        b'0'..=b'9' => (b'0', 0),
        b'A'..=b'Z' => (b'A', 10),
        b'a'..=b'z' => (b'a', 36),
        _ => return 0,
    };
    u64::from(digit.saturating_sub(first)).saturating_add(below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digits_are_written_with_the_most_significant_first() {
        assert_eq!(&digits::<3>(0), b"000");
        assert_eq!(&digits::<3>(61), b"00z");
        assert_eq!(&digits::<3>(62 * 62 + 10), b"10A");
        assert_eq!(&digits::<2>(62 * 62 + 1), b"01", "what is above is left out");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in 0..62_u64.pow(10)) {
            prop_assert_eq!(super::value(&digits::<10>(value)), value);
        }
    }
}
