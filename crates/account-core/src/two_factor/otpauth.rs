//! The URI that carries a secret to an authenticator:
//! `otpauth://totp/<issuer>:<account>?secret=<secret>&issuer=<issuer>` (contract 9.2).

use zeroize::Zeroizing;

use super::TotpSecret;

/// The URI for `account` (its e-mail address) at `issuer` (the product's name, whose white space
/// is left out). Each part is percent-encoded exactly once (F-30), whatever it holds.
///
/// ```
/// use account_core::two_factor::{TotpSecret, otpauth_uri};
/// let secret = TotpSecret::from_base32("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").unwrap();
/// assert_eq!(
///     *otpauth_uri("Example", "john@example.com", &secret),
///     "otpauth://totp/Example:john%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example"
/// );
/// ```
pub fn otpauth_uri(issuer: &str, account: &str, secret: &TotpSecret) -> Zeroizing<String> {
    let issuer: String = issuer.chars().filter(|c| !c.is_whitespace()).collect();
    let (issuer, account, secret) = (encoded(&issuer), encoded(account), secret.to_base32());
    // One allocation each: a string that grows would leave the secret behind.
    Zeroizing::new(if issuer.is_empty() {
        ["otpauth://totp/", &account, "?secret=", &secret].concat()
    } else {
        ["otpauth://totp/", &issuer, ":", &account, "?secret=", &secret, "&issuer=", &issuer].concat()
    })
}

/// RFC 3986 percent-encoding of all but the unreserved characters.
pub(crate) fn encoded(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push_str(&data_encoding::HEXUPPER.encode(&[byte]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secret() -> TotpSecret {
        TotpSecret::from_bytes(&[0xa5; 20]).unwrap()
    }

    fn decoded(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'%' => u8::from_str_radix(
                    std::str::from_utf8(&[rest.next().unwrap(), rest.next().unwrap()]).unwrap(),
                    16,
                )
                .unwrap(),
                other => other,
            });
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn f_30_each_part_is_encoded_once_and_the_issuer_loses_its_white_space() {
        let uri = otpauth_uri("My\tBig Panel & Co", "a+b%40@example.com", &secret());
        assert!(uri.starts_with("otpauth://totp/MyBigPanel%26Co:a%2Bb%2540%40example.com?secret="));
        assert!(uri.ends_with("&issuer=MyBigPanel%26Co"));
    }

    #[test]
    fn a_product_without_a_name_has_no_issuer() {
        assert_eq!(
            *otpauth_uri(" ", "a@b.c", &secret()),
            format!("otpauth://totp/a%40b.c?secret={}", *secret().to_base32())
        );
    }

    proptest! {
        #[test]
        fn sec_20_hostile_names_survive_the_round_trip(issuer in "\\PC{1,20}|[:?&#/%=]{1,9}", account in "\\PC{0,60}|[:?&#/%=]{1,9}") {
            let uri = otpauth_uri(&issuer, &account, &secret());
            prop_assert!(uri.is_ascii());
            let (label, query) = uri.strip_prefix("otpauth://totp/").unwrap().split_once('?').unwrap();
            let bare: String = issuer.chars().filter(|c| !c.is_whitespace()).collect();
            let pairs: Vec<_> = query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
            prop_assert!(pairs[0] == ("secret", secret().to_base32().as_str()));
            if bare.is_empty() {
                prop_assert_eq!(decoded(label), account);
                prop_assert_eq!(pairs.len(), 1);
            } else {
                let (prefix, name) = label.split_once(':').unwrap();
                prop_assert_eq!((decoded(prefix), decoded(name)), (bare.clone(), account));
                prop_assert_eq!((pairs[1].0, decoded(pairs[1].1)), ("issuer", bare));
                prop_assert_eq!(pairs.len(), 2);
            }
        }
    }
}
