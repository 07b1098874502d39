//! The parts of the hot path, each alone: what a regression of the whole is looked for in. Run with
//! `cargo bench -p account-bench`.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use account_core::Accounts;
use account_core::activity::{Activity, Event};
use account_core::admin::{InitialPassword, NewUser};
use account_core::api_key::{AllowedIps, ApiKeyToken, Description, NewApiKey};
use account_core::email::Email;
use account_core::id::{AccountId, ActivityId};
use account_core::password::{NewPassword, PasswordPolicy};
use account_core::ports::entropy::OsEntropy;
use account_core::ports::keyring::{Keyring, MacPurpose};
use account_core::profile::{Language, PersonName, Username};
use account_core::session::{Client, SessionToken};
use account_core::store::{
    AccountRepository, AccountStore, ApiKeyRepository, Change, Commit, SessionRepository,
};
use account_core::time::Timestamp;
use account_sqlite::SqliteStore;
use criterion::{Criterion, criterion_group, criterion_main};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// A database with one account, a key without a list, one with a list, and a session.
struct House {
    runtime: Runtime,
    store: Arc<SqliteStore>,
    accounts: Accounts,
    account: AccountId,
    open_key: String,
    listed_key: String,
    session: String,
    _folder: TempDir,
}

impl House {
    fn build() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(folder.path().join("account.db")).unwrap());
        let (accounts, account, keys, session) = runtime.block_on(async {
            let shared: Arc<dyn AccountStore> = store.clone();
            let accounts = Accounts::builder(shared, keyring()).build().await.unwrap();
            let account = accounts.admin().register(user()).await.unwrap().id;
            let mut keys = Vec::new();
            for list in [&[][..], &["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"]] {
                let wanted = NewApiKey {
                    description: Description::parse("benchmark").unwrap(),
                    allowed_ips: AllowedIps::parse(list).unwrap(),
                    expires_at: None,
                };
                let made = accounts.admin().create_api_key(account, &wanted).await.unwrap();
                keys.push(made.token.joined().to_string());
            }
            let session = accounts.sessions().open(account, &Client::default()).await.unwrap();
            (accounts, account, keys, session.token.expose().to_owned())
        });
        let [open_key, listed_key] = <[String; 2]>::try_from(keys).unwrap();
        Self { runtime, store, accounts, account, open_key, listed_key, session, _folder: folder }
    }
}

fn keyring() -> Keyring {
    Keyring::parse(&Keyring::generate(&OsEntropy).unwrap()).unwrap()
}

fn user() -> NewUser {
    let password = NewPassword::parse("a password for a benchmark", &PasswordPolicy::default(), &[]);
    NewUser {
        username: Username::parse("bench").unwrap(),
        email: Email::parse("bench@example.com").unwrap(),
        first_name: Some(PersonName::parse("Bench").unwrap()),
        last_name: Some(PersonName::parse("Mark").unwrap()),
        language: Language::parse("en").unwrap(),
        admin: false,
        email_verified: true,
        password: InitialPassword::Chosen(password.unwrap()),
    }
}

fn parsing(bench: &mut Criterion) {
    let house = House::build();
    let mut group = bench.benchmark_group("parse");
    group
        .bench_function("api token", |b| b.iter(|| ApiKeyToken::parse(black_box(&house.open_key)).is_some()));
    let token = ApiKeyToken::parse(&house.open_key).unwrap();
    group.bench_function("digest of the secret", |b| b.iter(|| black_box(&token).secret_digest()));
    group.bench_function("session token and digest", |b| {
        b.iter(|| SessionToken::parse(black_box(&house.session)).map(|token| token.digest()));
    });
    group.finish();
}

fn mac(bench: &mut Criterion) {
    let ring = keyring();
    // As long as what an API key grants.
    let parts: [&[u8]; 7] = [b"1", b"ptlc_0123456789A", &[7; 16], &[8; 32], &[0; 8], b"", b""];
    let made = ring.mac(MacPurpose::ApiKey, &parts);
    bench.bench_function("mac/verify an api key's", |b| {
        b.iter(|| ring.verify_mac(MacPurpose::ApiKey, black_box(&parts), black_box(&made)).is_ok());
    });
}

fn allow_list(bench: &mut Criterion) {
    let entries: Vec<String> = (0..50).map(|number| format!("10.{number}.0.0/16")).collect();
    let list = AllowedIps::parse(&entries).unwrap();
    let mut group = bench.benchmark_group("allow-list of 50");
    group
        .bench_function("from the store", |b| b.iter(|| AllowedIps::from_stored(black_box(entries.clone()))));
    group.bench_function("refuse", |b| b.iter(|| list.admits(black_box(CLIENT))));
    group.finish();
}

fn store_read(bench: &mut Criterion) {
    let house = House::build();
    let identifier = ApiKeyToken::parse(&house.open_key).unwrap().identifier();
    let digest = SessionToken::parse(&house.session).unwrap().digest();
    let mut group = bench.benchmark_group("store read");
    group.bench_function("api key and account", |b| {
        b.iter(|| house.runtime.block_on(house.store.api_key(black_box(&identifier))).unwrap().is_some());
    });
    group.bench_function("session and account", |b| {
        b.iter(|| house.runtime.block_on(house.store.session(black_box(&digest))).unwrap().is_some());
    });
    group.finish();
}

fn authenticate(bench: &mut Criterion) {
    let house = House::build();
    let mut group = bench.benchmark_group("authenticate");
    for (name, key) in [("by key", &house.open_key), ("by key with an allow-list", &house.listed_key)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let found = house.accounts.authenticate_api_key(black_box(key), Some(CLIENT));
                house.runtime.block_on(found).is_ok()
            });
        });
    }
    group.bench_function("by session", |b| {
        b.iter(|| {
            let found = house.accounts.authenticate_session(black_box(&house.session), Some(CLIENT));
            house.runtime.block_on(found).is_ok()
        });
    });
    group.finish();
}

fn commit(bench: &mut Criterion) {
    let house = House::build();
    let account = house.runtime.block_on(house.store.account(house.account)).unwrap().unwrap();
    let mut expected = account.revision;
    bench.bench_function("commit/an audit entry, durable", |b| {
        b.iter(|| {
            let entry = Activity {
                id: ActivityId::generate(&OsEntropy, Timestamp::from_millis(0)).unwrap(),
                subject: Some(account.uid),
                actor: Some(account.uid),
                event: Event::SignedIn,
                ip: Some(CLIENT),
                api_key: None,
                properties: Vec::new(),
                description: None,
                at: Timestamp::from_millis(0),
            };
            let changes = vec![Change::Record(entry)];
            let commit = Commit { account: account.id, uid: account.uid, expected, changes };
            expected = house.runtime.block_on(house.store.commit(&commit)).unwrap();
        });
    });
}

criterion_group!(parts, parsing, mac, allow_list, store_read, authenticate, commit);
criterion_main!(parts);
