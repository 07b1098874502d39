//! Rows to store, numbered so that no two collide, and a way to wait without an async runtime.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use account_core::account::NewAccount;
use account_core::activity::{Activity, Event, Sentence};
use account_core::api_key::{AllowedIps, ApiKeyIdentifier, Description, StoredApiKey};
use account_core::email::Email;
use account_core::id::{AccountId, AccountUid, ActivityId, Digest, MailId, PasswordEpoch, SessionId};
use account_core::mail::QueuedMail;
use account_core::password::PasswordHash;
use account_core::ports::keyring::{Mac, Sealed};
use account_core::profile::{Language, PersonName, Username};
use account_core::session::{StoredSession, UserAgent};
use account_core::store::{AccountStore, Change};
use account_core::time::Timestamp;
use account_sqlite::SqliteStore;

pub(crate) const NOON: Timestamp = Timestamp::from_millis(1_769_860_800_000);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread: the store needs no runtime.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        std::thread::park();
    }
}

/// A store on a new file `account.db` in the folder.
pub(crate) fn fresh() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("account.db")).unwrap();
    (folder, store)
}

pub(crate) fn at(millis: u64) -> Timestamp {
    NOON.plus(Duration::from_millis(millis))
}

fn bytes<const N: usize>(n: u64, kind: u8) -> [u8; N] {
    let mut bytes = [kind; N];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    bytes
}

pub(crate) fn uid(n: u64) -> AccountUid {
    AccountUid::from_stored(&bytes::<16>(n, 1)).unwrap()
}

pub(crate) fn session_id(n: u64) -> SessionId {
    SessionId::from_stored(&bytes::<16>(n, 2)).unwrap()
}

pub(crate) fn digest(n: u64, kind: u8) -> Digest {
    Digest::from_bytes(bytes(n, kind))
}

pub(crate) fn mac(n: u64) -> Mac {
    Mac::from_stored([&[1, 2][..], b"k1", &bytes::<32>(n, 3)].concat()).unwrap()
}

pub(crate) fn sealed(n: u64, len: usize) -> Sealed {
    Sealed::from_stored([&[1, 2][..], b"k1", &bytes::<64>(n, 4), &vec![5; len]].concat()).unwrap()
}

pub(crate) fn identifier(n: u64) -> ApiKeyIdentifier {
    ApiKeyIdentifier::from_stored(&format!("ptlc_{n:0>11}")).unwrap()
}

pub(crate) fn new_account(n: u64) -> NewAccount {
    NewAccount {
        uid: uid(n),
        username: Username::parse(&format!("user{n}")).unwrap(),
        email: Email::parse(&format!("User{n}@Example.com")).unwrap(),
        email_verified_at: Some(at(n)),
        first_name: Some(PersonName::parse("Jürgen").unwrap()),
        last_name: None,
        language: Language::parse("en").unwrap(),
        admin: n.is_multiple_of(2),
        password: PasswordHash::from_stored(format!("$argon2id$fits-nobody{n}")).unwrap(),
        created_at: at(n),
    }
}

pub(crate) fn api_key(n: u64) -> StoredApiKey {
    StoredApiKey {
        identifier: identifier(n),
        description: Description::from_stored("for the “backup” job".to_owned()).unwrap(),
        allowed_ips: AllowedIps::from_stored(vec!["192.0.2.0/24".to_owned(), "2001:db8::1".to_owned()])
            .unwrap(),
        secret: digest(n, 6),
        mac: mac(n),
        expires_at: Some(at(1_000_000)),
        made_by: None,
        created_at: NOON,
        last_used_at: None,
        idempotency: None,
    }
}

pub(crate) fn session(n: u64) -> StoredSession {
    StoredSession {
        id: session_id(n),
        token: digest(n, 7),
        mac: mac(n),
        password_epoch: PasswordEpoch::FIRST,
        ip: Some("2001:db8::7".parse().unwrap()),
        user_agent: UserAgent::parse("curl/8").ok(),
        created_at: at(n),
        last_seen_at: at(n),
    }
}

pub(crate) fn mail(n: u64, account: Option<AccountUid>, token: Option<Digest>) -> QueuedMail {
    QueuedMail {
        id: MailId::from_stored(&bytes::<16>(n, 8)).unwrap(),
        account,
        token,
        letter: sealed(n, 100),
        attempts: 0,
        due_at: at(n),
        created_at: NOON,
    }
}

/// An entry as long as `len` characters of text make it.
pub(crate) fn activity(n: u64, subject: AccountUid, len: usize) -> Activity {
    Activity {
        id: ActivityId::from_stored(&bytes::<16>(n, 9)).unwrap(),
        subject: Some(subject),
        actor: Some(subject),
        event: Event::ApiKeyCreated,
        ip: Some("192.0.2.7".parse().unwrap()),
        api_key: None,
        properties: vec![
            ("identifier".to_owned(), "b \"quoted\"".to_owned()),
            ("a".to_owned(), String::new()),
        ],
        description: Sentence::parse(&"x".repeat(len)).ok(),
        at: at(n),
    }
}

/// A registered account without anything.
pub(crate) fn registered(store: &SqliteStore, n: u64) -> AccountId {
    wait(store.register(&new_account(n), &[])).unwrap()
}

/// Commits to the account as it stands now.
pub(crate) fn commit(store: &SqliteStore, id: AccountId, changes: Vec<Change>) {
    use account_core::store::AccountRepository as _;
    let state = wait(store.state(id)).unwrap().unwrap();
    wait(store.commit(&state.commit(changes))).unwrap();
}
