//! Rows to store: numbered, so that rows of different numbers share nothing that must be unique,
//! and the same in every run.
//!
//! The digests and sealed values are made up: no keyring opens them. What a store keeps is opaque
//! to it, so its tests need no more; tests of services let the services make their rows.

use std::net::IpAddr;
use std::time::Duration;

use account_core::account::NewAccount;
use account_core::activity::{Activity, Event, Sentence};
use account_core::api_key::{AllowedIps, ApiKeyIdentifier, Description, StoredApiKey};
use account_core::creation::IdempotencyDigest;
use account_core::email::Email;
use account_core::id::{AccountUid, ActivityId, Digest, FactorEpoch, MailId, PasswordEpoch, SessionId};
use account_core::mail::{MailToken, MailTokenPurpose, QueuedMail};
use account_core::password::PasswordHash;
use account_core::ports::keyring::{KeyCheck, KeyName, Mac, Sealed};
use account_core::ports::throttle::ThrottleKey;
use account_core::profile::{Language, Login, PersonName, Username};
use account_core::session::{StoredSession, UserAgent};
use account_core::sign_in::PendingSignIn;
use account_core::ssh_key::{SshKey, SshKeyName, SshPublicKey};
use account_core::time::Timestamp;
use account_core::two_factor::{PendingTwoFactor, RecoverySetId, StoredRecoveryCode, TotpStep, TwoFactor};

/// 2026-01-31T12:00:00Z.
pub const NOON: Timestamp = Timestamp::from_millis(1_769_860_800_000);

/// So many milliseconds after [`NOON`].
pub fn at(millis: u64) -> Timestamp {
    NOON.plus(Duration::from_millis(millis))
}

/// So many milliseconds before [`NOON`].
pub fn before(millis: u64) -> Timestamp {
    NOON.minus(Duration::from_millis(millis))
}

fn bytes<const N: usize>(n: u64, kind: u8) -> [u8; N] {
    let mut bytes = [kind; N];
    bytes.iter_mut().zip(n.to_be_bytes()).for_each(|(to, from)| *to = from);
    bytes
}

fn sound<T, E>(parsed: Result<T, E>) -> T {
    match parsed {
        Ok(sample) => sample,
        Err(_) => unreachable!("the kit's samples are well-formed"),
    }
}

/// An account's random name.
pub fn uid(n: u64) -> AccountUid {
    sound(AccountUid::from_stored(&bytes::<16>(n, 1)))
}

/// A session's handle.
pub fn session_id(n: u64) -> SessionId {
    sound(SessionId::from_stored(&bytes::<16>(n, 2)))
}

/// A message authentication code that no key made.
pub fn mac(n: u64) -> Mac {
    sound(Mac::from_stored([&[1, 2][..], b"k1", &bytes::<32>(n, 3)].concat()))
}

/// A sealed value that no key opens; its length varies with its number.
pub fn sealed(n: u64) -> Sealed {
    let filling = vec![5; usize::try_from(n % 97).unwrap_or(0)];
    sound(Sealed::from_stored([&[1, 2][..], b"k1", &bytes::<64>(n, 4), &filling].concat()))
}

/// The digest of a session's token.
pub fn session_token(n: u64) -> Digest {
    Digest::from_bytes(bytes(n, 7))
}

/// The digest of a pending sign-in's token.
pub fn pending_token(n: u64) -> Digest {
    Digest::from_bytes(bytes(n, 8))
}

/// The digest of a mailed token.
pub fn mail_token_digest(n: u64) -> Digest {
    Digest::from_bytes(bytes(n, 9))
}

/// An API key's identifier.
pub fn identifier(n: u64) -> ApiKeyIdentifier {
    sound(ApiKeyIdentifier::from_stored(&format!("ptlc_{n:0>11}")))
}

/// An e-mail address with capitals.
pub fn email(n: u64) -> Email {
    sound(Email::parse(&format!("User{n}@Example.com")))
}

/// A username.
pub fn username(n: u64) -> Username {
    sound(Username::parse(&format!("user{n}")))
}

/// What somebody types to sign in by address, in the other case.
pub fn login_by_email(n: u64) -> Login {
    Login::Email(sound(Email::parse(&format!("uSER{n}@exAMPLE.com"))))
}

/// What somebody types to sign in by username.
pub fn login_by_username(n: u64) -> Login {
    Login::Username(username(n))
}

/// A password hash that fits nobody.
pub fn password(n: u64) -> PasswordHash {
    sound(PasswordHash::from_stored(format!("$argon2id$fits-nobody-{n}")))
}

/// An account to register.
pub fn new_account(n: u64) -> NewAccount {
    NewAccount {
        uid: uid(n),
        username: username(n),
        email: email(n),
        email_verified_at: n.is_multiple_of(2).then(|| at(n)),
        first_name: Some(sound(PersonName::parse("Jürgen"))),
        last_name: n.is_multiple_of(3).then(|| sound(PersonName::parse("O’Neill 🦀"))),
        language: sound(Language::parse("pt-BR")),
        admin: n.is_multiple_of(2),
        password: password(n),
        created_at: at(n),
    }
}

/// The name of a request that made a key.
pub fn idempotency(n: u64) -> IdempotencyDigest {
    IdempotencyDigest::from_bytes(bytes(n, 15))
}

/// An API key.
pub fn api_key(n: u64) -> StoredApiKey {
    StoredApiKey {
        identifier: identifier(n),
        description: sound(Description::parse("for the “backup” job\r\n\t'quoted'; -- 100 %_")),
        allowed_ips: sound(AllowedIps::from_stored(vec![
            "192.0.2.10/24".to_owned(),
            "2001:DB8::1".to_owned(),
        ])),
        secret: Digest::from_bytes(bytes(n, 6)),
        mac: mac(n),
        expires_at: n.is_multiple_of(2).then(|| at(86_400_001)),
        made_by: n.is_multiple_of(3).then(|| identifier(n.wrapping_add(1))),
        created_at: at(n),
        last_used_at: None,
        idempotency: n.is_multiple_of(2).then(|| idempotency(n)),
    }
}

/// An SSH key: one of [`SSH_KEYS`], by its number.
pub fn ssh_key(n: u64) -> SshKey {
    SshKey {
        name: sound(SshKeyName::parse("Laptop of “Zoë”")),
        public_key: sound(SshPublicKey::parse(&ed25519_line(n))),
        created_at: at(n),
        idempotency: n.is_multiple_of(2).then(|| idempotency(n)),
    }
}

/// An OpenSSH line: real points, since the core parses no others.
fn ed25519_line(n: u64) -> String {
    let index = usize::try_from(n % SSH_KEYS).unwrap_or(0);
    let body = include_str!("sample/ssh_keys.txt").lines().nth(index).unwrap_or_default();
    format!("ssh-ed25519 {body}")
}

/// How many different SSH keys there are; beyond that, they come again.
pub const SSH_KEYS: u64 = 32;

/// A session.
pub fn session(n: u64) -> StoredSession {
    StoredSession {
        id: session_id(n),
        token: session_token(n),
        mac: mac(n),
        password_epoch: PasswordEpoch::FIRST,
        ip: Some(address(n)),
        user_agent: Some(sound(UserAgent::parse("Mozilla/5.0 (X11; Linux) “test” ☃"))),
        created_at: at(n),
        last_seen_at: at(n),
    }
}

/// An address, of either family.
pub fn address(n: u64) -> IpAddr {
    let [.., last] = n.to_be_bytes();
    if n.is_multiple_of(2) {
        IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(last)])
    } else {
        IpAddr::from([192, 0, 2, last])
    }
}

/// A sign-in that waits for its second factor.
pub fn pending_sign_in(n: u64) -> PendingSignIn {
    PendingSignIn {
        token: pending_token(n),
        password_epoch: PasswordEpoch::FIRST,
        factor_epoch: FactorEpoch::FIRST,
        tries: 0,
        ip: Some(address(n)),
        created_at: at(n),
    }
}

/// A second factor in the making.
pub fn pending_two_factor(n: u64) -> PendingTwoFactor {
    PendingTwoFactor { secret: sealed(n), made_at: at(n) }
}

/// A second factor that is on.
pub fn two_factor(n: u64) -> TwoFactor {
    TwoFactor { secret: sealed(n), last_step: TotpStep(58_995_360), enabled_at: at(n) }
}

/// A set of recovery codes, by position.
pub fn recovery_codes(set: u64, count: u8) -> Vec<StoredRecoveryCode> {
    (0..count)
        .map(|position| StoredRecoveryCode {
            set: recovery_set(set),
            position,
            digest: sealed(set.wrapping_mul(100).wrapping_add(u64::from(position))),
        })
        .collect()
}

/// A set's name.
pub fn recovery_set(n: u64) -> RecoverySetId {
    sound(RecoverySetId::from_stored(&bytes::<16>(n, 10)))
}

/// A mailed token; those of even numbers reset a password, the others verify an address.
pub fn mail_token(n: u64) -> MailToken {
    MailToken {
        token: mail_token_digest(n),
        purpose: if n.is_multiple_of(2) {
            MailTokenPurpose::PasswordReset
        } else {
            MailTokenPurpose::EmailVerification
        },
        email: email(n).to_canonical(),
        password_epoch: PasswordEpoch::FIRST,
        created_at: at(n),
    }
}

/// A mail's name.
pub fn mail_id(n: u64) -> MailId {
    sound(MailId::from_stored(&bytes::<16>(n, 11)))
}

/// A mail that is due `n` milliseconds after [`NOON`], where it was queued.
pub fn mail(n: u64, account: Option<AccountUid>) -> QueuedMail {
    QueuedMail {
        id: mail_id(n),
        account,
        token: None,
        letter: sealed(n),
        attempts: 0,
        due_at: at(n),
        created_at: NOON,
    }
}

/// An audit entry's name.
pub fn activity_id(n: u64) -> ActivityId {
    sound(ActivityId::from_stored(&bytes::<16>(n, 12)))
}

/// An audit entry of an account about itself.
pub fn activity(n: u64, subject: AccountUid) -> Activity {
    let kinds = u64::try_from(Event::ALL.len()).unwrap_or(1);
    let index = usize::try_from(n.checked_rem(kinds).unwrap_or(0)).unwrap_or(0);
    Activity {
        id: activity_id(n),
        subject: Some(subject),
        actor: n.is_multiple_of(2).then_some(subject),
        event: Event::ALL.get(index).copied().unwrap_or(Event::Registered),
        ip: Some(address(n)),
        api_key: n.is_multiple_of(3).then(|| identifier(n)),
        properties: vec![
            ("z".to_owned(), "first, \"quoted\" \\ ☃".to_owned()),
            ("a".to_owned(), String::new()),
        ],
        description: n.is_multiple_of(5).then(|| sound(Sentence::parse("A sentence.\nAnd another.\t\r☃"))),
        at: at(n),
    }
}

/// A key's name and check value.
pub fn key_check(n: u64) -> KeyCheck {
    match KeyName::parse(&format!("k-{n}")) {
        Some(name) => KeyCheck { name, check: bytes(n, 13) },
        None => unreachable!("the kit's samples are well-formed"),
    }
}

/// What a budget is counted under.
pub fn throttle_key(n: u64) -> ThrottleKey {
    ThrottleKey::from_bytes(bytes(n, 14))
}
