//! Lists of changes that meddle with one another come out as they do in the model, which applies them
//! one after the other: however many statements they were sorted into.

use std::collections::BTreeMap;
use std::fmt::Debug;

use account_core::account::Account;
use account_core::activity::ActivityQuery;
use account_core::id::AccountId;
use account_core::store::{
    AccountRepository as _, AccountState, AccountStore as _, ActivityRepository as _, ApiKeyRepository as _,
    Change, Commit, Expired, KeyringRepository as _, MailRepository as _, Observation,
    SessionRepository as _, SignInRepository as _, SshKeyRepository as _, StoreError,
};
use account_postgres::PostgresStore;
use account_testkit::{MemoryStore, sample};

use crate::fixture::fresh;

/// The same, with errors by their kind.
fn same<T: PartialEq + Debug>(real: Result<T, StoreError>, model: Result<T, StoreError>, what: &str) {
    let kind = |error: StoreError| match error {
        StoreError::Taken(_) => "taken".to_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(real.map_err(kind), model.map_err(kind), "{what}");
}

/// The model's number of each account, by the real one's: numbers that were made for nobody are not
/// given again, so the two count differently.
struct Numbers(BTreeMap<AccountId, AccountId>);

impl Numbers {
    async fn of(real: &PostgresStore, model: &MemoryStore) -> Self {
        let (ours, theirs) =
            (real.accounts(None, 100).await.unwrap(), model.accounts(None, 100).await.unwrap());
        let uids = |accounts: &[Account]| accounts.iter().map(|account| account.uid).collect::<Vec<_>>();
        assert_eq!(uids(&ours), uids(&theirs));
        Self(ours.iter().map(|account| account.id).zip(theirs.iter().map(|account| account.id)).collect())
    }

    fn real(&self, model: AccountId) -> AccountId {
        *self.0.iter().find(|(_, theirs)| **theirs == model).unwrap().0
    }

    fn account(&self, mut account: Account) -> Account {
        account.id = self.0[&account.id];
        account
    }
}

async fn compare(real: &PostgresStore, model: &MemoryStore, what: &str) {
    let numbers = Numbers::of(real, model).await;
    for (&id, &theirs) in &numbers.0 {
        let state = real.state(id).await.map(|state| {
            state.map(|state| AccountState { account: numbers.account(state.account.clone()), ..state })
        });
        same(state, model.state(theirs).await, what);
        same(real.api_keys(id).await, model.api_keys(theirs).await, what);
        same(real.ssh_keys(id).await, model.ssh_keys(theirs).await, what);
        same(real.sessions(id).await, model.sessions(theirs).await, what);
    }
    let owner = |id: Option<AccountId>| id.map(|id| numbers.0[&id]);
    for n in 0..5 {
        let key = real.api_key(&sample::identifier(n)).await;
        let key = key.map(|found| found.map(|(key, account)| (key, numbers.account(account))));
        same(key, model.api_key(&sample::identifier(n)).await, what);
        let session = real.session(&sample::session_token(n)).await;
        let session =
            session.map(|found| found.map(|(session, account)| (session, numbers.account(account))));
        same(session, model.session(&sample::session_token(n)).await, what);
        compare_trail(real, model, n, what).await;
        let (token, pending) = (sample::mail_token_digest(n), sample::pending_token(n));
        same(
            real.account_by_mail_token(&token).await.map(owner),
            model.account_by_mail_token(&token).await,
            what,
        );
        let by_pending = real.account_by_pending_sign_in(&pending).await.map(owner);
        same(by_pending, model.account_by_pending_sign_in(&pending).await, what);
        for login in [sample::login_by_email(n), sample::login_by_username(n)] {
            same(real.account_by_login(&login).await.map(owner), model.account_by_login(&login).await, what);
        }
    }
}

async fn compare_trail(real: &PostgresStore, model: &MemoryStore, n: u64, what: &str) {
    let one_event = vec![sample::activity(1, sample::uid(1)).event];
    for (events, newest_first, offset) in [
        (None, true, 0),
        (None, false, 1),
        (Some(one_event), true, 0),
        (Some(vec![]), false, 0),
        (None, true, 9999),
    ] {
        let query = ActivityQuery { subject: sample::uid(n), events, newest_first, offset, limit: 3 };
        same(real.activities(&query).await, model.activities(&query).await, what);
    }
}

/// Every change, by number.
fn a_change(n: u64) -> Change {
    let m = n / 40 % 4;
    match n % 40 {
        0 => Change::SetEmail { email: sample::email(m), verified_at: None },
        1 => Change::SetEmail { email: sample::email(7 + m), verified_at: Some(sample::at(m)) },
        2 => {
            let new = sample::new_account(5 + m);
            let (first_name, last_name) = (new.first_name, new.last_name);
            Change::SetProfile { username: new.username, first_name, last_name, language: new.language }
        }
        3 => Change::SetAdmin(m.is_multiple_of(2)),
        4 => Change::SetDisabled((m.is_multiple_of(2)).then(|| sample::at(m))),
        5 => Change::SetPassword(sample::password(m)),
        6 => Change::SetPasswordEpoch(account_core::id::PasswordEpoch(i64::try_from(m).unwrap())),
        7 => Change::SetFactorEpoch(account_core::id::FactorEpoch(i64::try_from(m).unwrap())),
        8 => Change::SetPendingTwoFactor((m.is_multiple_of(2)).then(|| sample::pending_two_factor(m))),
        9 => Change::SetTwoFactor((m != 0).then(|| sample::two_factor(m))),
        10 => Change::SetTotpStep(account_core::two_factor::TotpStep(1000 + m)),
        11 => Change::ReplaceRecoveryCodes(sample::recovery_codes(m, 3)),
        12 => Change::ReplaceRecoveryCodes(Vec::new()),
        13 => Change::SpendRecoveryCode { set: sample::recovery_set(m), position: 1 },
        14 | 15 => Change::AddApiKey(sample::api_key(m)),
        16 => Change::RemoveApiKey(sample::identifier(m)),
        17 => Change::SetApiKeyMac(sample::identifier(m), sample::mac(n)),
        18 => Change::AddSshKey(sample::ssh_key(m)),
        19 => Change::RemoveSshKey(sample::ssh_key(m).fingerprint()),
        20 | 21 => Change::OpenSession(sample::session(m)),
        22 => Change::EndSession(sample::session_id(m)),
        23 => Change::EndSessionsExcept((m.is_multiple_of(2)).then(|| sample::session_id(m))),
        24 => Change::SetSessionMac(sample::session_id(m), sample::mac(n)),
        25 | 26 => Change::OpenPendingSignIn(sample::pending_sign_in(m)),
        27 => Change::SetPendingSignInTries(sample::pending_token(m), 3),
        28 => Change::EndPendingSignIn(sample::pending_token(m)),
        29 => Change::EndPendingSignIns,
        30 | 31 => Change::AddMailToken(sample::mail_token(m)),
        32 => Change::RemoveMailToken(sample::mail_token_digest(m)),
        33 => Change::RemoveMailTokens,
        34 | 35 => Change::Record(sample::activity(n, sample::uid(m))),
        36 => Change::Send(sample::mail(m, (m.is_multiple_of(2)).then(|| sample::uid(m)))),
        37 => Change::WithdrawMail(sample::mail_token_digest(m)),
        38 => Change::RemoveMail(sample::mail_id(m)),
        _ if m == 0 => Change::DeleteAccount,
        _ => Change::Send(sample::mail(n, Some(sample::uid(m)))),
    }
}

/// A long way round all numbers, the same in every run.
struct Walk(u64);

impl Walk {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

/// What is written without a commit.
async fn beside_commits(real: &PostgresStore, model: &MemoryStore, walk: &mut Walk) {
    let n = walk.next() % 4;
    let seen: Vec<Observation> = (0..12)
        .map(|_| {
            let (account, n, at) =
                (sample::uid(walk.next() % 4), walk.next() % 4, sample::at(walk.next() % 500));
            if walk.next().is_multiple_of(2) {
                Observation::ApiKeyUsed { account, identifier: sample::identifier(n), at }
            } else {
                let if_seen_since = sample::at(walk.next() % 300);
                Observation::SessionSeen { account, session: sample::session_id(n), at, if_seen_since }
            }
        })
        .collect();
    same(real.observe(&seen).await, model.observe(&seen).await, "observe");
    let entries = [sample::activity(n, sample::uid(n)), sample::activity(1000 + walk.next(), sample::uid(n))];
    same(real.record(&entries).await, model.record(&entries).await, "record");
    let mail = sample::mail(50 + n, None);
    same(real.queue_mail(&mail).await, model.queue_mail(&mail).await, "queue");
    let (now, until) = (sample::at(walk.next() % 5), sample::at(10 + walk.next() % 5));
    same(real.claim_mail(now, until, 3).await, model.claim_mail(now, until, 3).await, "claim");
    let id = sample::mail_id(walk.next() % 4);
    same(real.postpone_mail(id, now).await, model.postpone_mail(id, now).await, "postpone");
    let id = sample::mail_id(walk.next() % 4);
    same(real.remove_mail(id).await, model.remove_mail(id).await, "remove");
    let checks = [sample::key_check(n), sample::key_check(n + 1)];
    for new in &checks {
        let ring = model.key_checks().await.unwrap().into_iter().chain(checks.clone()).collect::<Vec<_>>();
        let ring = if walk.next().is_multiple_of(4) { &checks[..] } else { &ring };
        same(real.add_key_check(new, ring).await, model.add_key_check(new, ring).await, "checks");
    }
    same(real.key_checks().await, model.key_checks().await, "checks");
    let name = &checks[0].name;
    same(real.remove_key_check(name).await, model.remove_key_check(name).await, "checks");
    let at = |walk: &mut Walk| sample::at(walk.next() % 3);
    let expired = Expired {
        sessions_seen_before: at(walk),
        sessions_created_before: at(walk),
        pending_sign_ins_before: at(walk),
        pending_two_factor_before: at(walk),
        reset_tokens_before: at(walk),
        verification_tokens_before: at(walk),
        mail_before: at(walk),
        activity_before: at(walk),
    };
    same(real.purge(&expired, 1000).await, model.purge(&expired, 1000).await, "purge");
    same(real.ready().await, model.ready().await, "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_changes_come_out_as_in_the_model() {
    let (_database, real) = fresh().await;
    let model = MemoryStore::new();
    let mut walk = Walk(1);
    let mut stood = 0;
    for round in 0..500 {
        let changes: Vec<Change> = (0..walk.next() % 8).map(|_| a_change(walk.next())).collect();
        let what = format!("round {round}: {changes:?}");
        let known = model.accounts(None, 100).await.unwrap();
        if known.is_empty() || walk.next().is_multiple_of(8) {
            let new = sample::new_account(walk.next() % 4);
            let (made, expected) =
                (real.register(&new, &changes).await, model.register(&new, &changes).await);
            same(made.map(drop), expected.map(drop), &what);
        } else {
            let account = &known[usize::try_from(walk.next()).unwrap() % known.len()];
            let id = Numbers::of(&real, &model).await.real(account.id);
            let commit = |id| Commit {
                account: id,
                uid: account.uid,
                expected: account.revision,
                changes: changes.clone(),
            };
            let outcome = model.commit(&commit(account.id)).await;
            stood += usize::from(outcome.is_ok());
            same(real.commit(&commit(id)).await, outcome, &what);
        }
        compare(&real, &model, &what).await;
        if round % 10 == 9 {
            beside_commits(&real, &model, &mut walk).await;
            compare(&real, &model, "beside commits").await;
        }
    }
    assert!(stood > 100, "only {stood} commits stood");
}
