//! Creations that a client may ask for again: the name it gives a request, and what was made under it.
//!
//! A client that lost the answer repeats its request under the same `Idempotency-Key`, and finds what
//! the first made (REL-07). The row itself keeps the digest of that name, so nothing else is stored and
//! nothing is swept: with the row goes the memory of the request. What a creation needs otherwise is
//! decided by the rooms of the keys, not here.

use std::fmt;
use std::time::Duration;

use crate::accounts::{DAY, Decision};
use crate::api_key::StoredApiKey;
use crate::error::Error;
use crate::id::{AccountUid, Digest};
use crate::malformed::Malformed;
use crate::ssh_key::SshKey;
use crate::store::{AccountState, Change};
use crate::time::Timestamp;

/// How long a repeated request finds what the first made; after that it is a new one (REL-07).
pub const REMEMBERED: Duration = DAY;

/// Tells these digests from all others.
const DOMAIN: &[u8] = b"account: idempotency key, version 1\0";
/// The most characters of a name.
const MOST: usize = 255;

/// What a client calls one request, to ask for the same again: 1 to 255 visible ASCII characters, as the
/// header `Idempotency-Key` carries them (draft-ietf-httpapi-idempotency-key-header). Compared exactly.
///
/// ```
/// use account_core::creation::IdempotencyKey;
/// assert!(IdempotencyKey::parse("8e03978e-40d5-43dd-bc93-6894a57f9324").is_some());
/// assert!(IdempotencyKey::parse("").is_none());
/// assert!(IdempotencyKey::parse("two words").is_none());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// `None` unless it has that form.
    pub fn parse(text: &str) -> Option<Self> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (visible && (1..=MOST).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    /// What a row keeps of it. The owner is part of it: equal names on two accounts look different.
    pub(crate) fn digest(&self, owner: AccountUid) -> IdempotencyDigest {
        IdempotencyDigest(Digest::of(&[DOMAIN, owner.as_bytes(), self.0.as_bytes()].concat()))
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(..)")
    }
}

/// SHA-256 of an [`IdempotencyKey`] and its account: all that is stored of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyDigest(Digest);

impl IdempotencyDigest {
    /// A digest computed before.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Digest::from_bytes(bytes))
    }

    /// The stored bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// From stored bytes.
    ///
    /// # Errors
    /// [`Malformed`] unless there are thirty-two.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, Malformed> {
        Digest::from_stored(bytes).map(Self).map_err(|_| Malformed("idempotency digest"))
    }
}

/// What came of a creation that may have happened before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once<New, Old = New> {
    /// It was made now.
    Made(New),
    /// An earlier request of the same name and content made it; now nothing was written.
    MadeBefore(Old),
}

/// What an earlier request of a name made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    ApiKey(&'a StoredApiKey),
    SshKey(&'a SshKey),
}

/// What a request of this name made on this account less than a day ago. One name is one request,
/// whatever it asked for.
pub(crate) fn find(state: &AccountState, name: IdempotencyDigest, now: Timestamp) -> Option<Found<'_>> {
    let counts = |digest: Option<IdempotencyDigest>, made_at: Timestamp| {
        digest == Some(name) && made_at.is_within(REMEMBERED, now)
    };
    let api_key = state.api_keys.iter().find(|key| counts(key.idempotency, key.created_at));
    let ssh_key = || state.ssh_keys.iter().find(|key| counts(key.idempotency, key.created_at));
    api_key.map(Found::ApiKey).or_else(|| ssh_key().map(Found::SshKey))
}

/// Makes nothing where something was made before.
pub(crate) fn once<New, Old>(
    before: Result<Option<Old>, Error>,
    make: impl FnOnce() -> Result<(Vec<Change>, New), Error>,
) -> Decision<Once<New, Old>> {
    match before {
        Ok(Some(old)) => Decision::unchanged(Once::MadeBefore(old)),
        Ok(None) => make().map(|(changes, new)| (changes, Once::Made(new))).into(),
        Err(error) => Decision::refused(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh_key::{SshKeyName, SshPublicKey};
    use crate::store::sample;

    fn name(text: &str) -> IdempotencyDigest {
        IdempotencyKey::parse(text).unwrap().digest(sample::state().account.uid)
    }

    fn made(by: Option<IdempotencyDigest>, at: i64) -> SshKey {
        let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFFtPameN6RgHF9BXDbpC3s66fjgvtuWYWaQcyZcxbAk";
        SshKey {
            name: SshKeyName::parse("laptop").unwrap(),
            public_key: SshPublicKey::parse(line).unwrap(),
            created_at: Timestamp::from_millis(at),
            idempotency: by,
        }
    }

    #[test]
    fn a_name_is_visible_ascii_of_at_most_255_characters_and_is_compared_exactly() {
        for bad in ["", " ", "a b", "a\tb", "a\u{7f}", "\u{e9}", &"x".repeat(256)] {
            assert_eq!(IdempotencyKey::parse(bad), None, "{bad:?}");
        }
        assert!(IdempotencyKey::parse(&"~".repeat(255)).is_some());
        assert_ne!(name("a"), name("A"));
    }

    #[test]
    fn a_digest_tells_neither_the_name_nor_that_two_accounts_use_the_same() {
        let key = IdempotencyKey::parse("order-1").unwrap();
        let other = AccountUid::from_stored(&[8; 16]).unwrap();
        assert_ne!(key.digest(other), name("order-1"));
        assert_ne!(*name("order-1").as_bytes(), *Digest::of(b"order-1").as_bytes());
        assert_eq!(IdempotencyDigest::from_stored(name("order-1").as_bytes()), Ok(name("order-1")));
        assert!(!format!("{key:?}").contains("order"));
    }

    #[test]
    fn rel_07_what_was_made_under_a_name_is_found_for_a_day_and_no_longer() {
        let at = |millis| Timestamp::from_millis(millis);
        const DAY: i64 = 86_400_000;
        let state = AccountState { ssh_keys: vec![made(Some(name("a")), 1_000)], ..sample::state() };
        let [key] = &state.ssh_keys[..] else { panic!("one key") };
        for now in [1_000, 1_000 + DAY - 1, 1_000 - DAY] {
            assert_eq!(find(&state, name("a"), at(now)), Some(Found::SshKey(key)), "{now}");
        }
        assert_eq!(find(&state, name("a"), at(1_000 + DAY)), None);
        // Made while the clock ran far ahead.
        assert_eq!(find(&state, name("a"), at(1_000 - DAY - 1)), None);
        assert_eq!(find(&state, name("b"), at(1_000)), None);
    }

    #[test]
    fn rel_07_a_row_that_was_made_without_a_name_is_found_by_none() {
        let state = AccountState { ssh_keys: vec![made(None, 0)], ..sample::state() };
        assert_eq!(find(&state, name("a"), Timestamp::from_millis(0)), None);
    }
}
