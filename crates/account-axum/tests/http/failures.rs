//! What comes of a request when a part of the machine fails: the contract's error, without detail,
//! and nothing changed.

use std::sync::Arc;
use std::time::Duration;

use account_core::password::PasswordHash;
use account_core::ports::alarm::Alarm;
use account_core::ports::entropy::OsEntropy;
use account_core::ports::hasher::{Argon2Params, HashRequest, HasherError, PasswordHasher, VerifyRequest};
use account_core::ports::keyring::Keyring;
use account_testkit::InlineHasher;
use serde_json::json;
use sqlx::Connection;

use crate::house::{House, PASSWORD};
use crate::raw_client::{Answer, Ask};
use crate::store_kind::{FreshStore, Kind, on_every_store};

const ACCOUNT: &str = "/api/client/account";
const KEYS: &str = "/api/client/account/api-keys";

fn assert_unavailable(answer: &Answer, retry_after: &str) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "ServiceUnavailableHttpException"),
        "{answer:?}"
    );
    assert_eq!(answer.header("retry-after"), Some(retry_after));
    assert_eq!(answer.error().1, "The service is temporarily unavailable, please try again.");
}

/// Registers accounts, and has no room for anything after it.
#[derive(Debug, Default)]
struct FullQueue(InlineHasher);

#[async_trait::async_trait]
impl PasswordHasher for FullQueue {
    fn params(&self) -> Argon2Params {
        self.0.params()
    }

    async fn hash(&self, request: HashRequest) -> Result<PasswordHash, HasherError> {
        self.0.hash(request).await
    }

    async fn verify(&self, _: VerifyRequest) -> Result<bool, HasherError> {
        Err(HasherError::Busy { retry_after: Duration::from_millis(1_500) })
    }
}

fn a_full_queue_of_passwords_is_503_and_says_when_to_come_back(kind: Kind) {
    let house = House::with(kind, |plan| plan.hasher = Some(Arc::new(FullQueue::default())));
    let alice = house.person("alice");
    let body = json!({"email": "new@example.com", "password": PASSWORD});
    assert_unavailable(&alice.put("/api/client/account/email", &body), "2");
    assert_unavailable(&house.browser().login("alice", PASSWORD), "2");
    assert_unavailable(&house.browser().login("nobody", PASSWORD), "2");
    assert_eq!(alice.details()["email"], "alice@example.com", "what needs no password goes on");
}

fn a_row_under_a_key_that_this_node_lacks_is_503_and_an_alarm_never_401(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let newer = Keyring::generate(&OsEntropy).unwrap();
    let ahead = house.another_node(kind, |plan| plan.keyring = format!("{}\n{}", *newer, plan.keyring));
    let token = ahead.key(&alice.account, &[]);
    assert_eq!(ahead.send(&Ask::new("GET", ACCOUNT).bearer(&token)).status, 200);
    assert_unavailable(&alice.with_key(&token).get(ACCOUNT), "1");
    assert!(matches!(house.alarms.raised()[..], [Alarm::UnknownKey { .. }]), "{:?}", house.alarms.raised());
    assert_eq!(alice.get(ACCOUNT).status, 200);
}

on_every_store!(
    a_full_queue_of_passwords_is_503_and_says_when_to_come_back,
    a_row_under_a_key_that_this_node_lacks_is_503_and_an_alarm_never_401,
    sec_63_a_row_that_cannot_be_read_is_500_without_detail,
    a_key_that_was_widened_in_the_database_is_as_good_as_absent_and_an_alarm,
);

#[test]
fn a_full_disk_is_503_nothing_is_half_done_and_reading_goes_on() {
    let house = House::with(Kind::Sqlite, |plan| plan.store = Some(FreshStore::sqlite_with_room_for(8)));
    let alice = house.person("alice");
    let body = json!({"description": "x".repeat(500), "allowed_ips": vec!["10.0.0.0/8"; 50]});
    let mut made = 1;
    let full = loop {
        let answer = alice.post(KEYS, &body);
        if answer.status != 200 {
            break answer;
        }
        made += 1;
        assert!(made < 25, "the disk never filled up");
    };
    assert_unavailable(&full, "1");
    let listed = alice.get(KEYS).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), made);
    assert_eq!(alice.get(ACCOUNT).status, 200);
    let recorded = alice.events().iter().filter(|event| *event == "user:api-key.create").count();
    assert_eq!(recorded, made, "key and record are one commit");
}

/// Changes the database from outside, as somebody can who may write to it.
fn meddle(house: &House, statement: &'static str) {
    let changed = match (house.store.file(), house.store.url()) {
        (Some(file), _) => {
            let connection = rusqlite::Connection::open(file).unwrap();
            connection.busy_timeout(Duration::from_secs(5)).unwrap();
            connection.execute(statement, []).unwrap()
        }
        (None, url) => house.block_on(async {
            let mut connection = sqlx::PgConnection::connect(&url.unwrap()).await.unwrap();
            let done = sqlx::query(statement).execute(&mut connection).await.unwrap();
            usize::try_from(done.rows_affected()).unwrap()
        }),
    };
    assert!(changed > 0, "{statement}");
}

fn sec_63_a_row_that_cannot_be_read_is_500_without_detail(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    meddle(&house, "UPDATE account SET username = 'Not A Name!'");
    let answer = alice.get(ACCOUNT);
    let detail = "An unexpected error was encountered while processing this request, please try again.";
    assert_eq!((answer.status, answer.error()), (500, ("InternalServerError".into(), detail.into())));
    assert!(!answer.text().to_lowercase().contains("username"));
}

fn a_key_that_was_widened_in_the_database_is_as_good_as_absent_and_an_alarm(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let bound = alice.with_key(&house.key(&alice.account, &["10.0.0.1"]));
    assert_eq!(bound.get(ACCOUNT).status, 403);
    meddle(&house, "UPDATE api_key SET allowed_ips = '[]' WHERE allowed_ips <> '[]'");
    let answer = bound.get(ACCOUNT);
    assert_eq!((answer.status, answer.code().as_str()), (401, "AuthenticationException"));
    assert!(matches!(house.alarms.raised()[..], [Alarm::Forged { .. }]), "{:?}", house.alarms.raised());
}
