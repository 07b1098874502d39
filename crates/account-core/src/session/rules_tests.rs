use std::time::Duration;

use super::*;
use crate::id::PasswordEpoch;
use crate::store::sample::{self, Counting};

const LIMITS: Limits =
    Limits { api_keys: 1, ssh_keys: 1, sessions: 3, pending_sign_ins: 1, second_factor_tries: 1 };

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn opened(state: &AccountState, now: Timestamp, entropy: &Counting) -> (SessionToken, Vec<Change>) {
    let token = SessionToken::generate(entropy).unwrap();
    let (id, client) = (SessionId::generate(entropy).unwrap(), Client::default());
    let opening = Opening { id, token: &token, client: &client };
    let changes = open(state, &opening, state.account.password_epoch, &LIMITS, &sample::keyring(), now);
    (token, changes)
}

fn apply(state: &mut AccountState, changes: Vec<Change>) {
    for change in changes {
        match change {
            Change::EndSession(id) => state.sessions.retain(|stored| stored.id != id),
            Change::OpenSession(stored) => state.sessions.push(stored),
            other => panic!("sessions alone change here: {other:?}"),
        }
    }
}

#[test]
fn sec_44_a_session_is_over_at_its_idle_and_at_its_absolute_limit_and_not_before() {
    let (mut state, entropy, lifetimes) = (sample::state(), Counting::new(), SessionLifetimes::default());
    let (_, changes) = opened(&state, at(0), &entropy);
    apply(&mut state, changes);
    let mut stored = state.sessions.remove(0);
    let epoch = PasswordEpoch::FIRST;
    let idle = at(12 * 3600);
    assert!(is_live(&stored, epoch, idle.minus(Duration::from_secs(1)), &lifetimes));
    assert!(!is_live(&stored, epoch, idle, &lifetimes));
    let absolute = at(30 * 86_400);
    stored.last_seen_at = absolute.minus(Duration::from_secs(60));
    assert!(is_live(&stored, epoch, absolute.minus(Duration::from_secs(1)), &lifetimes));
    assert!(!is_live(&stored, epoch, absolute, &lifetimes));
    assert!(!is_live(&stored, epoch.next(), at(1), &lifetimes), "another password, another epoch");
}

#[test]
fn sec_39_one_session_more_than_allowed_ends_the_one_that_was_idle_longest() {
    let (mut state, entropy) = (sample::state(), Counting::new());
    for second in 0..3 {
        let (_, changes) = opened(&state, at(second), &entropy);
        apply(&mut state, changes);
    }
    state.sessions[0].last_seen_at = at(100);
    let idle_longest = state.sessions[1].id;
    let (_, changes) = opened(&state, at(200), &entropy);
    assert_eq!(changes.first(), Some(&Change::EndSession(idle_longest)));
    apply(&mut state, changes);
    assert_eq!(state.sessions.len(), 3);
}

#[test]
fn a_mac_fits_its_own_row_and_no_other() {
    let (mut state, entropy, keyring) = (sample::state(), Counting::new(), sample::keyring());
    let (_, changes) = opened(&state, at(0), &entropy);
    apply(&mut state, changes);
    let uid = state.account.uid;
    let stored = state.sessions.remove(0);
    assert!(Bound::of(uid, &stored).verify(&keyring, &stored.mac).is_ok());
    let mut later = stored.clone();
    later.created_at = at(1);
    let mut revived = stored.clone();
    revived.password_epoch = PasswordEpoch::FIRST.next();
    for changed in [later, revived] {
        assert!(Bound::of(uid, &changed).verify(&keyring, &changed.mac).is_err());
    }
    let stranger = AccountUid::from_stored(&[8; 16]).unwrap();
    assert!(Bound::of(stranger, &stored).verify(&keyring, &stored.mac).is_err());
}

#[test]
fn a_renewed_session_keeps_its_lifetime_and_gets_another_token() {
    let (mut state, entropy) = (sample::state(), Counting::new());
    let (old, changes) = opened(&state, at(0), &entropy);
    apply(&mut state, changes);
    let id = state.sessions[0].id;
    let token = SessionToken::generate(&entropy).unwrap();
    let epoch = PasswordEpoch::FIRST.next();
    let Some(Change::OpenSession(renewed)) = renew(&state, id, &token, epoch, &sample::keyring(), at(50))
    else {
        panic!("the session is there");
    };
    assert_eq!((renewed.id, renewed.created_at, renewed.password_epoch), (id, at(0), epoch));
    assert!(renewed.token == token.digest() && renewed.token != old.digest());
}

#[test]
fn what_a_client_calls_itself_is_cut_and_cleaned() {
    let client = Client { ip: None, user_agent: Some(format!("a\r\nb\0{}", "c".repeat(300))) };
    let kept = client.user_agent().unwrap();
    assert_eq!(kept.as_str().chars().count(), 255);
    assert!(kept.as_str().starts_with("abc"));
    assert_eq!(Client { ip: None, user_agent: Some("\n".to_owned()) }.user_agent(), None);
}
