//! Every kind of row, written by its change and read back; what goes with an account, and what
//! stays.

use std::time::Duration;

use account_core::activity::{ActivityQuery, Event};
use account_core::email::Email;
use account_core::id::{FactorEpoch, PasswordEpoch, Revision};
use account_core::mail::{MailToken, MailTokenPurpose};
use account_core::password::PasswordHash;
use account_core::ports::throttle::{Budget, Refill, Throttle as _, ThrottleKey, Verdict};
use account_core::profile::{Language, Login, PersonName, Username};
use account_core::sign_in::PendingSignIn;
use account_core::ssh_key::{SshKey, SshKeyName, SshPublicKey};
use account_core::store::{
    AccountRepository as _, AccountStore as _, ActivityRepository as _, ApiKeyRepository as _, Change,
    MailRepository as _, Observation, SessionRepository as _, SignInRepository as _, SshKeyRepository as _,
    StoreError, UniqueKey,
};
use account_core::two_factor::{PendingTwoFactor, RecoverySetId, StoredRecoveryCode, TotpStep, TwoFactor};
use account_sqlite::SqliteStore;

use crate::fixture::{
    NOON, activity, api_key, at, commit, digest, fresh, identifier, mac, mail, new_account, registered,
    sealed, session, session_id, uid, wait,
};

const SSH_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEEPQlMBX1UJfRGms8K64/t3C0Pz1cXOUjGDqtcTjzf";

fn ssh_key() -> SshKey {
    SshKey {
        name: SshKeyName::from_stored("laptop".to_owned()).unwrap(),
        public_key: SshPublicKey::from_stored(SSH_KEY.to_owned()).unwrap(),
        created_at: NOON,
        idempotency: None,
    }
}

fn pending_sign_in(n: u64) -> PendingSignIn {
    PendingSignIn {
        token: digest(n, 20),
        password_epoch: PasswordEpoch(3),
        factor_epoch: FactorEpoch(4),
        tries: 0,
        ip: Some("::ffff:192.0.2.1".parse().unwrap()),
        created_at: at(n),
    }
}

fn mail_token(n: u64) -> MailToken {
    MailToken {
        token: digest(n, 21),
        purpose: MailTokenPurpose::EmailVerification,
        email: Email::parse("new@example.com").unwrap(),
        password_epoch: PasswordEpoch(3),
        created_at: at(n),
    }
}

fn recovery_code(position: u8) -> StoredRecoveryCode {
    StoredRecoveryCode {
        set: RecoverySetId::from_stored(&[9; 16]).unwrap(),
        position,
        digest: sealed(u64::from(position), 8),
    }
}

#[test]
fn everything_that_a_commit_writes_comes_back_in_one_snapshot() {
    let (_folder, store) = fresh();
    let id = registered(&store, 1);
    let pending = PendingTwoFactor { secret: sealed(1, 4), made_at: at(5) };
    let factor = TwoFactor { secret: sealed(2, 4), last_step: TotpStep(10), enabled_at: at(6) };
    commit(
        &store,
        id,
        vec![
            Change::SetEmail { email: Email::parse("Other@Example.com").unwrap(), verified_at: None },
            Change::SetProfile {
                username: Username::parse("other").unwrap(),
                first_name: None,
                last_name: Some(PersonName::parse("Müller").unwrap()),
                language: Language::parse("de").unwrap(),
            },
            Change::SetAdmin(true),
            Change::SetDisabled(Some(at(7))),
            Change::SetPassword(PasswordHash::from_stored("$other".to_owned()).unwrap()),
            Change::SetPasswordEpoch(PasswordEpoch(3)),
            Change::SetFactorEpoch(FactorEpoch(4)),
            Change::SetPendingTwoFactor(Some(pending.clone())),
            Change::SetTotpStep(TotpStep(9)),
            Change::SetTwoFactor(Some(factor.clone())),
            Change::SetTotpStep(TotpStep(11)),
            Change::ReplaceRecoveryCodes((0..3).map(recovery_code).collect()),
            Change::SpendRecoveryCode { set: recovery_code(1).set, position: 1 },
            Change::AddApiKey(api_key(2)),
            Change::AddApiKey(api_key(1)),
            Change::SetApiKeyMac(identifier(2), mac(99)),
            Change::AddSshKey(ssh_key()),
            Change::OpenSession(session(2)),
            Change::OpenSession(session(1)),
            Change::SetSessionMac(session_id(1), mac(98)),
            Change::OpenPendingSignIn(pending_sign_in(1)),
            Change::SetPendingSignInTries(pending_sign_in(1).token, 4),
            Change::AddMailToken(mail_token(1)),
        ],
    );
    let state = wait(store.state(id)).unwrap().unwrap();
    assert_eq!(state.account.revision, Revision(2));
    assert_eq!(state.account.email.as_str(), "Other@Example.com");
    assert_eq!(state.account.email_verified_at, None);
    assert_eq!(state.account.username.as_str(), "other");
    assert_eq!(state.account.first_name, None);
    assert_eq!(state.account.last_name.as_ref().unwrap().as_str(), "Müller");
    assert_eq!(state.account.language.as_str(), "de");
    assert!(state.account.admin && state.account.two_factor);
    assert_eq!(state.account.disabled_at, Some(at(7)));
    assert_eq!(state.account.created_at, at(1));
    assert_eq!(
        (state.account.password_epoch, state.account.factor_epoch),
        (PasswordEpoch(3), FactorEpoch(4))
    );
    assert_eq!(state.password.as_str(), "$other");
    assert_eq!(state.pending_two_factor, Some(pending));
    assert_eq!(state.two_factor, Some(TwoFactor { last_step: TotpStep(11), ..factor }));
    assert_eq!(state.recovery_codes, [recovery_code(0), recovery_code(2)]);
    // Keys of one millisecond stay in the order they were added; sessions go by their time.
    let mut second = api_key(2);
    second.mac = mac(99);
    assert_eq!(state.api_keys, [second.clone(), api_key(1)]);
    let mut first = session(1);
    first.mac = mac(98);
    assert_eq!(state.sessions, [first.clone(), session(2)]);
    assert_eq!(state.ssh_keys, [ssh_key()]);
    assert_eq!(state.pending_sign_ins, [PendingSignIn { tries: 4, ..pending_sign_in(1) }]);
    assert_eq!(state.mail_tokens, [mail_token(1)]);

    assert_eq!(wait(store.account(id)).unwrap(), Some(state.account.clone()));
    assert_eq!(wait(store.api_key(&identifier(2))).unwrap(), Some((second, state.account.clone())));
    assert_eq!(wait(store.session(&first.token)).unwrap(), Some((first, state.account.clone())));
    assert_eq!(wait(store.ssh_keys(id)).unwrap(), state.ssh_keys);
    assert_eq!(wait(store.account_by_pending_sign_in(&pending_sign_in(1).token)).unwrap(), Some(id));
    assert_eq!(wait(store.account_by_mail_token(&mail_token(1).token)).unwrap(), Some(id));
    for (login, found) in [("OTHER@example.com", Some(id)), ("other", Some(id)), ("user1", None)] {
        assert_eq!(wait(store.account_by_login(&Login::parse(login).unwrap())).unwrap(), found, "{login}");
    }
    commit(
        &store,
        id,
        vec![
            Change::SetTwoFactor(None),
            Change::SetPendingTwoFactor(None),
            Change::ReplaceRecoveryCodes(vec![]),
            Change::RemoveApiKey(identifier(1)),
            Change::RemoveSshKey(ssh_key().fingerprint()),
            Change::EndSessionsExcept(Some(session_id(2))),
            Change::EndPendingSignIn(pending_sign_in(1).token),
            Change::RemoveMailToken(mail_token(1).token),
        ],
    );
    let state = wait(store.state(id)).unwrap().unwrap();
    assert!(state.two_factor.is_none() && state.pending_two_factor.is_none() && !state.account.two_factor);
    assert!(state.recovery_codes.is_empty() && state.ssh_keys.is_empty());
    assert!(state.pending_sign_ins.is_empty() && state.mail_tokens.is_empty());
    assert_eq!(state.sessions, [session(2)]);
    assert_eq!(state.api_keys.len(), 1);
}

#[test]
fn sec_50_a_change_that_names_a_row_of_another_account_changes_nothing() {
    let (_folder, store) = fresh();
    let (mine, theirs) = (registered(&store, 1), registered(&store, 2));
    let add = vec![
        Change::AddApiKey(api_key(2)),
        Change::AddSshKey(ssh_key()),
        Change::OpenSession(session(2)),
        Change::OpenPendingSignIn(pending_sign_in(2)),
        Change::AddMailToken(mail_token(2)),
        Change::Send(mail(2, Some(uid(2)), Some(mail_token(2).token))),
    ];
    commit(&store, theirs, add);
    let before = wait(store.state(theirs)).unwrap();
    let aimed = vec![
        Change::RemoveApiKey(identifier(2)),
        Change::SetApiKeyMac(identifier(2), mac(7)),
        Change::RemoveSshKey(ssh_key().fingerprint()),
        Change::EndSession(session_id(2)),
        Change::EndSessionsExcept(None),
        Change::SetSessionMac(session_id(2), mac(7)),
        Change::SetPendingSignInTries(pending_sign_in(2).token, 3),
        Change::EndPendingSignIn(pending_sign_in(2).token),
        Change::EndPendingSignIns,
        Change::RemoveMailToken(mail_token(2).token),
        Change::RemoveMailTokens,
        Change::WithdrawMail(mail_token(2).token),
        Change::RemoveMail(mail(2, None, None).id),
    ];
    commit(&store, mine, aimed);
    assert_eq!(wait(store.state(theirs)).unwrap(), before);
    assert_eq!(wait(store.claim_mail(at(100), at(200), 10)).unwrap().len(), 1);
}

#[test]
fn what_is_taken_is_named_and_nothing_of_the_commit_is_seen() {
    let (_folder, store) = fresh();
    let (mine, theirs) = (registered(&store, 1), registered(&store, 2));
    commit(&store, theirs, vec![Change::AddApiKey(api_key(2)), Change::OpenSession(session(2))]);
    commit(&store, mine, vec![Change::AddSshKey(ssh_key())]);
    let before = wait(store.state(mine)).unwrap().unwrap();
    let email = new_account(2).email;
    for (change, key) in [
        (Change::SetEmail { email, verified_at: None }, UniqueKey::Email),
        (Change::AddApiKey(api_key(2)), UniqueKey::ApiKeyIdentifier),
        (Change::AddSshKey(ssh_key()), UniqueKey::SshKey),
        (Change::OpenSession(session(2)), UniqueKey::Secret),
    ] {
        let refused = wait(store.commit(&before.commit(vec![Change::AddApiKey(api_key(77)), change])));
        assert!(matches!(refused, Err(StoreError::Taken(taken)) if taken == key), "{refused:?}");
        assert_eq!(wait(store.state(mine)).unwrap().as_ref(), Some(&before));
    }
    let mut commit = before.commit(vec![Change::SetAdmin(true)]);
    commit.uid = uid(2);
    assert!(matches!(wait(store.commit(&commit)), Err(StoreError::Stale)));
}

#[test]
fn sec_65_a_deleted_account_leaves_its_trail_and_its_number_is_not_given_again() {
    let (_folder, store) = fresh();
    let id = registered(&store, 1);
    let withdrawn = digest(5, 21);
    commit(
        &store,
        id,
        vec![
            Change::AddApiKey(api_key(1)),
            Change::AddSshKey(ssh_key()),
            Change::OpenSession(session(1)),
            Change::Record(activity(1, uid(1), 5)),
            Change::Send(mail(1, Some(uid(1)), None)),
            Change::Send(mail(2, None, Some(withdrawn))),
            Change::WithdrawMail(withdrawn),
        ],
    );
    commit(
        &store,
        id,
        vec![Change::DeleteAccount, Change::SetAdmin(true), Change::Record(activity(2, uid(1), 5))],
    );
    assert!(wait(store.state(id)).unwrap().is_none());
    assert!(wait(store.api_key(&identifier(1))).unwrap().is_none());
    assert!(wait(store.claim_mail(at(1000), at(2000), 10)).unwrap().is_empty());
    let query = |events, newest_first, limit| ActivityQuery {
        subject: uid(1),
        events,
        newest_first,
        offset: 0,
        limit,
    };
    let page = wait(store.activities(&query(None, true, 1))).unwrap();
    assert_eq!((page.entries, page.total), (vec![activity(2, uid(1), 5)], 2));
    let page =
        wait(store.activities(&query(Some(vec![Event::ApiKeyCreated, Event::Deleted]), false, 9))).unwrap();
    assert_eq!((page.entries, page.total), (vec![activity(1, uid(1), 5), activity(2, uid(1), 5)], 2));
    let page = wait(store.activities(&query(Some(vec![]), false, 9))).unwrap();
    assert_eq!((page.entries, page.total), (vec![], 0));
    assert!(registered(&store, 3) > id);
}

#[test]
fn last_uses_move_forwards_on_rows_that_exist() {
    let (_folder, store) = fresh();
    let id = registered(&store, 1);
    commit(&store, id, vec![Change::AddApiKey(api_key(1)), Change::OpenSession(session(1))]);
    let used =
        |account, n, time| Observation::ApiKeyUsed { account, identifier: identifier(n), at: at(time) };
    let seen = |time, since| Observation::SessionSeen {
        account: uid(1),
        session: session_id(1),
        at: at(time),
        if_seen_since: at(since),
    };
    let all = [used(uid(1), 1, 20), used(uid(1), 1, 10), used(uid(9), 1, 30), used(uid(1), 9, 30)];
    wait(store.observe(&all)).unwrap();
    wait(store.observe(&[seen(30, 1), seen(20, 1), seen(500, 31)])).unwrap();
    let state = wait(store.state(id)).unwrap().unwrap();
    assert_eq!(state.api_keys[0].last_used_at, Some(at(20)));
    assert_eq!(state.sessions[0].last_seen_at, at(30));
    assert_eq!(state.account.revision, Revision(2), "observations raise no revision");
}

#[test]
fn a_budget_is_taken_exactly_and_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    let store = SqliteStore::open(&path).unwrap();
    let key = ThrottleKey::from_bytes([1; 32]);
    let budget = Budget { key, limit: 5, per: Duration::from_secs(60), refill: Refill::AllAtOnce };
    let taken: usize = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..16).map(|_| scope.spawn(|| wait(store.take(&[budget], NOON)).unwrap())).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|v| *v == Verdict::Taken).count()
    });
    assert_eq!(taken, 5);
    wait(store.remember(&key, at(50))).unwrap();
    wait(store.remember(&key, at(20))).unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert!(matches!(wait(store.take(&[budget], NOON)).unwrap(), Verdict::Wait(_)));
    assert!(wait(store.remembers(&key, at(49))).unwrap());
    assert!(!wait(store.remembers(&key, at(50))).unwrap());
    wait(store.give_back(&[budget], NOON)).unwrap();
    assert_eq!(wait(store.take(&[budget], NOON)).unwrap(), Verdict::Taken);
    assert_eq!(wait(store.sweep(at(59_999), 10)).unwrap(), 0);
    assert_eq!(wait(store.sweep(at(60_000), 10)).unwrap(), 1);
}
