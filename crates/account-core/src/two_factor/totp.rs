//! Time-based one-time codes: HMAC-SHA-1, six digits, steps of 30 seconds from the Unix epoch
//! (RFC 6238; contract 9.2). Which step was last accepted is the caller's to keep.

use std::fmt;

use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::Zeroizing;

use crate::malformed::Malformed;
use crate::ports::entropy::{Entropy, EntropyError};
use crate::time::Timestamp;

const SECONDS: u64 = 30;
const DIGITS: usize = 6;

/// A time step: how many times 30 seconds have passed since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TotpStep(pub u64);

impl TotpStep {
    /// The step of a point in time; the first one for all that lies before 1970.
    pub fn at(now: Timestamp) -> Self {
        Self(now.unix_seconds().div_euclid(SECONDS))
    }
}

/// A shared secret. Wiped when dropped, never printed.
///
/// ```
/// use account_core::{ports::entropy::OsEntropy, two_factor::TotpSecret};
/// let secret = TotpSecret::generate(&OsEntropy).unwrap();
/// assert_eq!(secret.to_base32().len(), 32);
/// assert_eq!(format!("{secret:?}"), "TotpSecret(..)");
/// ```
/// ```compile_fail
/// # use account_core::two_factor::TotpSecret;
/// fn equal(a: &TotpSecret, b: &TotpSecret) -> bool { a == b }
/// ```
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    /// A fresh one of 160 bits (SEC-20).
    ///
    /// # Errors
    /// [`EntropyError`] if the source failed.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new(vec![0; 20]);
        entropy.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// From the bytes that were sealed.
    ///
    /// # Errors
    /// [`Malformed`] unless there are 16 to 64 of them: never under 128 bits (SEC-20).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        if (16..=64).contains(&bytes.len()) {
            Ok(Self(Zeroizing::new(bytes.to_vec())))
        } else {
            Err(Malformed("two-factor secret"))
        }
    }

    /// From its text, as another system exported it: base32 without padding.
    ///
    /// # Errors
    /// [`Malformed`] if it is not base32, or not of 128 to 512 bits.
    pub fn from_base32(text: &str) -> Result<Self, Malformed> {
        let bytes = data_encoding::BASE32_NOPAD.decode(text.as_bytes()).map(Zeroizing::new);
        Self::from_bytes(&bytes.map_err(|_| Malformed("two-factor secret"))?)
    }

    /// The bytes, to be sealed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text that is shown to its owner: base32 without padding, 32 characters for 160 bits.
    pub fn to_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(data_encoding::BASE32_NOPAD.encode(&self.0))
    }

    /// The code of one step, as an authenticator shows it.
    pub fn code_at(&self, step: TotpStep) -> TotpCode {
        let totp = totp_rs::Builder::new()
            .with_algorithm(totp_rs::Algorithm::SHA1)
            .with_secret(self.0.as_slice())
            .with_step_duration(SECONDS)
            .build_noncompliant();
        let token = totp.generate(step.0.saturating_mul(SECONDS));
        let text = Zeroizing::new(token.to_string());
        let mut digits = Zeroizing::new([0; DIGITS]);
        digits.iter_mut().zip(text.bytes()).for_each(|(to, digit)| *to = digit);
        TotpCode(digits)
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(..)")
    }
}

/// A code as typed: exactly six ASCII digits. Never printed.
pub struct TotpCode(Zeroizing<[u8; DIGITS]>);

impl TotpCode {
    /// `text` as a code; `None` if it is not six ASCII digits, which makes it a wrong code.
    ///
    /// ```
    /// use account_core::two_factor::TotpCode;
    /// assert!(TotpCode::parse("081804").is_some());
    /// assert!(TotpCode::parse("81804").is_none() && TotpCode::parse("١٢٣٤٥٦").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; DIGITS] = text.as_bytes().try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then(|| Self(Zeroizing::new(digits)))
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&*self.0).unwrap_or_default()
    }
}

impl fmt::Debug for TotpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpCode(..)")
    }
}

/// The step that `code` belongs to: within `window` steps (0 to 4, more counts as 4) of `now`, and
/// after `after`, the last accepted one. The caller records it, and accepts only later ones from
/// then on (SEC-23, F-1). Every candidate is computed and compared, in constant time.
///
/// Should one code belong to two steps, the later is given: the code is then spent for both.
///
/// ```
/// use account_core::time::Timestamp;
/// use account_core::two_factor::{TotpCode, TotpSecret, TotpStep, matching_step};
/// let secret = TotpSecret::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
/// let (code, now) = (TotpCode::parse("081804").unwrap(), Timestamp::from_millis(1_111_111_109_000));
/// let step = matching_step(&secret, &code, now, 1, None);
/// assert_eq!(step, Some(TotpStep(37_037_036)));
/// assert_eq!(matching_step(&secret, &code, now, 1, step), None);
/// ```
pub fn matching_step(
    secret: &TotpSecret,
    code: &TotpCode,
    now: Timestamp,
    window: u8,
    after: Option<TotpStep>,
) -> Option<TotpStep> {
    let window = u64::from(window.min(4));
    let TotpStep(current) = TotpStep::at(now);
    let (mut found, mut step) = (Choice::from(0), 0);
    for candidate in current.saturating_sub(window)..=current.saturating_add(window) {
        let is_later = after.is_none_or(|TotpStep(last)| candidate > last);
        let fits = secret.code_at(TotpStep(candidate)).0.ct_eq(&*code.0) & Choice::from(u8::from(is_later));
        step = u64::conditional_select(&step, &candidate, fits);
        found |= fits;
    }
    bool::from(found).then_some(TotpStep(step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::entropy::OsEntropy;
    use proptest::prelude::*;

    fn rfc_secret() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds.saturating_mul(1000))
    }

    #[test]
    fn sec_74_codes_agree_with_the_vectors_of_rfc_6238() {
        let secret = TotpSecret::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        assert_eq!(secret.as_bytes(), rfc_secret().as_bytes());
        for (seconds, step, code) in [
            (59, 1, "287082"),
            (1_111_111_109, 37_037_036, "081804"),
            (1_111_111_111, 37_037_037, "050471"),
            (1_234_567_890, 41_152_263, "005924"),
            (2_000_000_000, 66_666_666, "279037"),
            (20_000_000_000, 666_666_666, "353130"),
        ] {
            let typed = TotpCode::parse(code).unwrap();
            assert_eq!(matching_step(&secret, &typed, at(seconds), 0, None), Some(TotpStep(step)));
            assert_eq!(secret.code_at(TotpStep(step)).as_str(), code);
        }
    }

    #[test]
    fn sec_20_a_new_secret_has_160_bits_and_is_fresh_each_time() {
        let [one, two] = [(); 2].map(|()| TotpSecret::generate(&OsEntropy).unwrap());
        assert_eq!(one.as_bytes().len(), 20);
        assert_ne!(one.as_bytes(), two.as_bytes());
        assert_eq!(TotpSecret::from_base32(&one.to_base32()).unwrap().as_bytes(), one.as_bytes());
        assert!(TotpSecret::from_base32("JBSWY3DPEHPK3PXP").is_err(), "80 bits");
    }

    #[test]
    fn sec_23_the_window_is_what_the_policy_says_and_never_more_than_four() {
        let (secret, now) = (rfc_secret(), at(3_000_000));
        for window in 0..=9 {
            for distance in 0..=6 {
                for step in [100_000 - distance, 100_000 + distance] {
                    let code = secret.code_at(TotpStep(step));
                    let found = matching_step(&secret, &code, now, window, None);
                    assert_eq!(found, (distance <= u64::from(window.min(4))).then_some(TotpStep(step)));
                }
            }
        }
    }

    #[test]
    fn sec_23_only_six_ascii_digits_are_a_code() {
        for text in
            ["", "12345", "1234567", " 123456", "123456 ", "12345a", "+12345", "12３456", "1234\u{0665}"]
        {
            assert!(TotpCode::parse(text).is_none(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn sec_29_accepted_steps_strictly_increase_however_the_clock_jumps(
            jumps in prop::collection::vec((-3000i64..3000, 0u64..9, 0u8..=4), 1..40),
        ) {
            let (secret, mut now, mut last) = (rfc_secret(), 2000i64, None);
            for (jump, ahead, window) in jumps {
                now += jump;
                let step = (TotpStep::at(at(now)).0 + ahead).saturating_sub(4);
                let code = secret.code_at(TotpStep(step));
                if let Some(accepted) = matching_step(&secret, &code, at(now), window, last) {
                    prop_assert!(last.is_none_or(|last| accepted > last));
                    last = Some(accepted);
                }
                prop_assert_eq!(matching_step(&secret, &code, at(now), window, last), None);
            }
        }

        #[test]
        fn sec_29_no_time_and_no_recorded_step_panics(now in any::<i64>(), last in any::<u64>(), window in any::<u8>()) {
            let secret = rfc_secret();
            for now in [now, i64::MIN, i64::MAX, 0, -1] {
                let now = Timestamp::from_millis(now);
                let code = secret.code_at(TotpStep::at(now));
                prop_assert!(matching_step(&secret, &code, now, window, None).is_some());
                for last in [last, 0, u64::MAX] {
                    let found = matching_step(&secret, &code, now, window, Some(TotpStep(last)));
                    prop_assert!(found.is_none_or(|found| found.0 > last));
                }
            }
        }

        #[test]
        fn no_text_makes_a_parser_panic(text in "\\PC{0,80}|[A-Z2-7]{0,80}|[0-9]{6}") {
            if let Some(code) = TotpCode::parse(&text) {
                prop_assert_eq!(code.as_str(), text.as_str());
            }
            if let Ok(secret) = TotpSecret::from_base32(&text) {
                prop_assert_eq!(&*secret.to_base32(), &text);
            }
        }
    }
}
