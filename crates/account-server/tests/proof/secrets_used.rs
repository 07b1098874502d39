//! The secrets of one run, and every form in which one could turn up where it must not.

use std::collections::BTreeSet;

/// All secrets that went over the wire in either direction, or were typed.
#[derive(Debug, Default)]
pub(crate) struct SecretsUsed {
    /// What it is, and the secret itself.
    all: BTreeSet<(&'static str, String)>,
}

impl SecretsUsed {
    pub(crate) fn note(&mut self, what: &'static str, secret: impl Into<String>) {
        let secret = secret.into();
        assert!(secret.len() >= 6, "{what}: too short to be found for certain");
        self.all.insert((what, secret));
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Nothing of all this stands in `place`.
    #[track_caller]
    pub(crate) fn assert_absent(&self, place: &str, bytes: &[u8]) {
        for (what, secret) in &self.all {
            if secret.len() == 6 {
                // Six digits turn up by chance inside of longer numbers.
                assert!(!stands_alone(bytes, secret.as_bytes()), "{what} {secret} is in {place}");
                continue;
            }
            for form in forms(secret) {
                let found = find(bytes, &form);
                let shown = found.map(|at| around(bytes, at));
                assert!(found.is_none(), "{what} {secret} is in {place}: {shown:?}");
            }
        }
    }
}

/// Plain, as JSON and URL write it, in base64 and in hexadecimal, and what its own letters stand for.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let mut all = vec![
        bytes.to_vec(),
        serde_json::to_string(secret).unwrap().trim_matches('"').as_bytes().to_vec(),
        secret.replace(' ', "%20").into_bytes(),
        secret.replace(' ', "+").into_bytes(),
        // Three of the encoding's letters depend on what comes before and after.
        inner(&data_encoding::BASE64_NOPAD.encode(bytes)),
        inner(&data_encoding::BASE64URL_NOPAD.encode(bytes)),
        data_encoding::HEXLOWER.encode(bytes).into_bytes(),
        data_encoding::HEXUPPER.encode(bytes).into_bytes(),
    ];
    let raw = [
        data_encoding::BASE32_NOPAD.decode(bytes).ok(),
        data_encoding::BASE64URL_NOPAD.decode(bytes).ok(),
        data_encoding::BASE64_NOPAD.decode(bytes).ok(),
    ];
    for raw in raw.into_iter().flatten().filter(|raw| raw.len() >= 12) {
        all.push(data_encoding::HEXLOWER.encode(&raw).into_bytes());
        all.push(raw);
    }
    all
}

fn inner(encoded: &str) -> Vec<u8> {
    encoded.as_bytes()[..encoded.len() - 2].to_vec()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

fn stands_alone(bytes: &[u8], wanted: &[u8]) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    bytes.windows(wanted.len()).enumerate().any(|(at, part)| {
        part == wanted
            && !is_part(at.checked_sub(1).and_then(|before| bytes.get(before)))
            && !is_part(bytes.get(at + wanted.len()))
    })
}

fn around(bytes: &[u8], at: usize) -> String {
    let part = &bytes[at.saturating_sub(80)..bytes.len().min(at + 80)];
    String::from_utf8_lossy(part).into_owned()
}

#[test]
fn a_secret_is_found_in_each_form_and_a_number_by_chance_is_not() {
    let mut used = SecretsUsed::default();
    used.note("a password", "correct horse");
    used.note("a code", "123456");
    used.assert_absent("a harmless text", b"correct, horse; at 17.123456Z, 0123456");
    for text in [
        "a correct horse b",
        "q=correct+horse",
        "q=correct%20horse",
        "636f727265637420686f727365",
        "Y29ycmVjdCBob3JzZQ==",
        "code=123456,",
    ] {
        let found = std::panic::catch_unwind(|| used.assert_absent("a text", text.as_bytes()));
        assert!(found.is_err(), "{text}");
    }
}
