//! How operations are drawn. Numbers are few, so that rows collide, and times are a handful of
//! milliseconds, so that order is decided by who came first.

use account_core::activity::Activity;
use account_core::api_key::StoredApiKey;
use account_core::id::{FactorEpoch, PasswordEpoch};
use account_core::mail::{MailToken, QueuedMail};
use account_core::profile::Language;
use account_core::session::StoredSession;
use account_core::sign_in::PendingSignIn;
use account_core::ssh_key::SshKey;
use account_core::store::{Change, Expired, Observation};
use account_core::time::Timestamp;
use account_core::two_factor::TotpStep;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use super::{ACCOUNTS, Guard, Operation, ROWS, number};
use crate::cases::given::NEVER;
use crate::sample;

fn row() -> impl Strategy<Value = u64> {
    1..=ROWS
}

fn who() -> impl Strategy<Value = usize> {
    // The first is met most often: contention is what is looked for.
    prop_oneof![4 => Just(0usize), 1 => 1..ACCOUNTS]
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0u64..6).prop_map(sample::at)
}

fn account_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (row(), weighted(0.5, time()))
            .prop_map(|(n, verified_at)| Change::SetEmail { email: sample::email(n), verified_at }),
        2 => row().prop_map(|n| Change::SetProfile {
            username: sample::username(n),
            first_name: sample::new_account(n).last_name,
            last_name: None,
            language: Language::default(),
        }),
        1 => any::<bool>().prop_map(Change::SetAdmin),
        1 => weighted(0.5, time()).prop_map(Change::SetDisabled),
        1 => row().prop_map(|n| Change::SetPassword(sample::password(n))),
        1 => (1i64..5).prop_map(|n| Change::SetPasswordEpoch(PasswordEpoch(n))),
        1 => (1i64..5).prop_map(|n| Change::SetFactorEpoch(FactorEpoch(n))),
    ]
}

fn factor_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        weighted(0.7, row()).prop_map(|n| Change::SetPendingTwoFactor(n.map(sample::pending_two_factor))),
        weighted(0.7, row()).prop_map(|n| Change::SetTwoFactor(n.map(sample::two_factor))),
        (0u64..9).prop_map(|n| Change::SetTotpStep(TotpStep(n))),
        (1u64..3, 0u8..5).prop_map(|(set, n)| Change::ReplaceRecoveryCodes(sample::recovery_codes(set, n))),
        (1u64..3, 0u8..5).prop_map(|(set, position)| Change::SpendRecoveryCode {
            set: sample::recovery_set(set),
            position
        }),
    ]
}

fn key_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (row(), time()).prop_map(|(n, created_at)| {
            Change::AddApiKey(StoredApiKey { created_at, ..sample::api_key(n) })
        }),
        2 => row().prop_map(|n| Change::RemoveApiKey(sample::identifier(n))),
        1 => (row(), row()).prop_map(|(n, mac)| Change::SetApiKeyMac(sample::identifier(n), sample::mac(mac))),
        2 => (row(), time())
            .prop_map(|(n, created_at)| Change::AddSshKey(SshKey { created_at, ..sample::ssh_key(n) })),
        1 => row().prop_map(|n| Change::RemoveSshKey(sample::ssh_key(n).fingerprint())),
    ]
}

fn session_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (row(), time(), time()).prop_map(|(n, created_at, last_seen_at)| {
            Change::OpenSession(StoredSession { created_at, last_seen_at, ..sample::session(n) })
        }),
        2 => row().prop_map(|n| Change::EndSession(sample::session_id(n))),
        1 => weighted(0.5, row()).prop_map(|n| Change::EndSessionsExcept(n.map(sample::session_id))),
        1 => (row(), row()).prop_map(|(n, mac)| Change::SetSessionMac(sample::session_id(n), sample::mac(mac))),
        2 => (row(), time()).prop_map(|(n, created_at)| {
            Change::OpenPendingSignIn(PendingSignIn { created_at, ..sample::pending_sign_in(n) })
        }),
        1 => (row(), 0u32..5).prop_map(|(n, tries)| Change::SetPendingSignInTries(sample::pending_token(n), tries)),
        1 => row().prop_map(|n| Change::EndPendingSignIn(sample::pending_token(n))),
        1 => Just(Change::EndPendingSignIns),
    ]
}

fn mail_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => (row(), time()).prop_map(|(n, created_at)| {
            Change::AddMailToken(MailToken { created_at, ..sample::mail_token(n) })
        }),
        1 => row().prop_map(|n| Change::RemoveMailToken(sample::mail_token_digest(n))),
        1 => Just(Change::RemoveMailTokens),
        2 => mail(1..=6).prop_map(Change::Send),
        1 => row().prop_map(|n| Change::WithdrawMail(sample::mail_token_digest(n))),
        1 => (1u64..=6).prop_map(|n| Change::RemoveMail(sample::mail_id(n))),
        3 => entry().prop_map(Change::Record),
    ]
}

fn mail(names: std::ops::RangeInclusive<u64>) -> impl Strategy<Value = QueuedMail> {
    (names, weighted(0.7, who()), weighted(0.5, row()), time(), time()).prop_map(
        |(n, who, token, due_at, created_at)| QueuedMail {
            token: token.map(sample::mail_token_digest),
            due_at,
            created_at,
            ..sample::mail(n, who.map(|who| sample::uid(number(who))))
        },
    )
}

fn entry() -> impl Strategy<Value = Activity> {
    (1u64..60, who(), time())
        .prop_map(|(n, who, at)| Activity { at, ..sample::activity(n, sample::uid(number(who))) })
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => account_change(),
        3 => factor_change(),
        5 => key_change(),
        5 => session_change(),
        4 => mail_change(),
        1 => Just(Change::DeleteAccount),
    ]
}

fn observation() -> impl Strategy<Value = Observation> {
    let owner = || who().prop_map(|who| sample::uid(number(who)));
    prop_oneof![
        (owner(), row(), time()).prop_map(|(account, n, at)| Observation::ApiKeyUsed {
            account,
            identifier: sample::identifier(n),
            at
        }),
        (owner(), row(), time(), time()).prop_map(|(account, n, at, if_seen_since)| {
            Observation::SessionSeen { account, session: sample::session_id(n), at, if_seen_since }
        }),
    ]
}

fn expired() -> impl Strategy<Value = Expired> {
    let cut = || weighted(0.4, time()).prop_map(|cut| cut.unwrap_or(NEVER));
    (cut(), cut(), cut(), cut(), cut(), cut(), cut(), cut()).prop_map(
        |(seen, created, pending, factor, reset, verification, mail, activity)| Expired {
            sessions_seen_before: seen,
            sessions_created_before: created,
            pending_sign_ins_before: pending,
            pending_two_factor_before: factor,
            reset_tokens_before: reset,
            verification_tokens_before: verification,
            mail_before: mail,
            activity_before: activity,
        },
    )
}

fn register(who: impl Strategy<Value = usize>) -> impl Strategy<Value = Operation> {
    (who, row(), row(), weighted(0.3, vec(change(), 1..4))).prop_map(|(who, email, username, changes)| {
        Operation::Register { who, email, username, changes: changes.unwrap_or_default() }
    })
}

fn commit(guards: impl Strategy<Value = Guard>) -> impl Strategy<Value = Operation> {
    (who(), guards, vec(change(), 0..5)).prop_map(|(who, guard, changes)| Operation::Commit {
        who,
        guard,
        changes,
    })
}

fn alone() -> impl Strategy<Value = Operation> {
    let guard = prop_oneof![
        12 => Just(Guard::AsRead),
        1 => Just(Guard::Behind),
        1 => Just(Guard::Ahead),
        1 => Just(Guard::OtherUid),
    ];
    prop_oneof![
        6 => register(0..ACCOUNTS),
        14 => commit(guard),
        2 => vec(entry(), 0..4).prop_map(Operation::Record),
        3 => vec(observation(), 0..4).prop_map(Operation::Observe),
        2 => expired().prop_map(Operation::Purge),
        1 => mail(100..=100_000).prop_map(Operation::QueueMail),
        2 => (time(), time()).prop_map(|(now, until)| Operation::ClaimMail { now, until }),
        1 => (1u64..=6).prop_map(Operation::RemoveMail),
        1 => ((1u64..=6), time()).prop_map(|(n, due_at)| Operation::PostponeMail(n, due_at)),
        1 => (row(), row()).prop_map(|(name, value)| Operation::AddKeyCheck { name, value }),
        1 => row().prop_map(Operation::RemoveKeyCheck),
    ]
}

/// What is promised to be one step, whoever else is there: no batches, no sweeps.
fn together() -> impl Strategy<Value = Operation> {
    let guard = || prop_oneof![1 => Just(Guard::AsRead), 1 => Just(Guard::Loop)];
    prop_oneof![
        3 => register(0..ACCOUNTS),
        12 => commit(guard()),
        1 => entry().prop_map(|entry| Operation::Record(vec![entry])),
        2 => observation().prop_map(|seen| Operation::Observe(vec![seen])),
        1 => (time(), time()).prop_map(|(now, until)| Operation::ClaimMail { now, until }),
        1 => (row(), row()).prop_map(|(name, value)| Operation::AddKeyCheck { name, value }),
        2 => who().prop_map(Operation::State),
        1 => row().prop_map(Operation::ApiKey),
        1 => row().prop_map(Operation::Session),
        1 => row().prop_map(Operation::LoginByEmail),
    ]
}

/// Operations one after the other.
pub(crate) fn sequence() -> impl Strategy<Value = Vec<Operation>> {
    vec(alone(), 1..30)
}

/// A beginning, and two to four operations at once. The first account is there from the start.
pub(crate) fn race() -> impl Strategy<Value = (Vec<Operation>, Vec<Operation>)> {
    let begun = register(Just(0)).prop_map(|first| vec![first]);
    let beginning = (begun, vec(alone(), 0..5)).prop_map(|(mut first, more)| {
        first.extend(more);
        first
    });
    (beginning, vec(together(), 2..=4))
}
