//! An operation, prepared and played on a candidate.

use account_core::account::NewAccount;
use account_core::id::{AccountId, Revision};
use account_core::store::{Commit, StoreError, StoreResult};

use super::on_model::ring;
use super::{Book, Guard, Operation, Outcome, number};
use crate::adapter::Store;
use crate::broken::Broken;
use crate::sample;

/// More losses than any number of other writers can cause.
const ATTEMPTS: usize = 10_000;

/// The account to register, with another's names perhaps.
pub(super) fn to_register(who: usize, email: u64, username: u64) -> NewAccount {
    NewAccount {
        email: sample::email(email),
        username: sample::username(username),
        ..sample::new_account(number(who))
    }
}

/// A commit without changes, guarded as told.
pub(super) fn guarded(id: AccountId, revision: Option<Revision>, who: usize, guard: Guard) -> Commit {
    let Revision(stored) = revision.unwrap_or(Revision::FIRST);
    let (expected, owner) = match guard {
        Guard::AsRead | Guard::Loop => (stored, who),
        Guard::Behind => (stored - 1, who),
        Guard::Ahead => (stored + 1, who),
        Guard::OtherUid => (stored, who + 1),
    };
    Commit { account: id, uid: sample::uid(number(owner)), expected: Revision(expected), changes: Vec::new() }
}

/// An operation of which all that has to be read before is read.
#[derive(Debug, Clone)]
pub(crate) enum Prepared {
    Commit(Commit),
    Loop(Commit),
    Other(Operation),
}

/// Reads what an operation names.
pub(crate) async fn prepare(store: &Store, book: &Book, operation: &Operation) -> Result<Prepared, Broken> {
    let Operation::Commit { who, guard, changes } = operation else {
        return Ok(Prepared::Other(operation.clone()));
    };
    let id = book.id(*who);
    let revision = store.account(id).await?.map(|account| account.revision);
    let commit = Commit { changes: changes.clone(), ..guarded(id, revision, *who, *guard) };
    Ok(if *guard == Guard::Loop { Prepared::Loop(commit) } else { Prepared::Commit(commit) })
}

/// Plays a prepared operation; answers the number of an account that it registered.
pub(crate) async fn play(store: &Store, book: &Book, prepared: &Prepared) -> (Outcome, Option<AccountId>) {
    let operation = match prepared {
        Prepared::Commit(commit) => {
            return (Outcome::of(store.commit(commit).await.map(Outcome::Committed)), None);
        }
        Prepared::Loop(commit) => return (Outcome::of(in_a_loop(store, commit).await), None),
        Prepared::Other(operation) => operation,
    };
    if let Operation::Register { who, email, username, changes } = operation {
        let answer = store.register(&to_register(*who, *email, *username), changes).await;
        let id = answer.as_ref().ok().copied();
        return (Outcome::of(answer.map(|_| Outcome::Registered)), id);
    }
    (Outcome::of(other(store, book, operation).await), None)
}

async fn in_a_loop(store: &Store, commit: &Commit) -> StoreResult<Outcome> {
    for _ in 0..ATTEMPTS {
        let Some(account) = store.account(commit.account).await? else { return Err(StoreError::Stale) };
        let again = Commit { expected: account.revision, ..commit.clone() };
        match store.commit(&again).await {
            Err(StoreError::Stale) => {}
            answer => return answer.map(Outcome::Committed),
        }
    }
    Ok(Outcome::Failed("a commit at the revision just read was stale for ever".to_owned()))
}

async fn other(store: &Store, book: &Book, operation: &Operation) -> StoreResult<Outcome> {
    Ok(match operation {
        Operation::Register { .. } | Operation::Commit { .. } => Outcome::Done,
        Operation::Record(entries) => store.record(entries).await.map(|()| Outcome::Done)?,
        Operation::Observe(items) => store.observe(items).await.map(|()| Outcome::Done)?,
        Operation::Purge(expired) => Outcome::Purged(store.purge(expired, 100_000).await?),
        Operation::QueueMail(mail) => store.queue_mail(mail).await.map(|()| Outcome::Done)?,
        Operation::ClaimMail { now, until } => Outcome::mail(store.claim_mail(*now, *until, 1000).await?),
        Operation::RemoveMail(n) => store.remove_mail(sample::mail_id(*n)).await.map(|()| Outcome::Done)?,
        Operation::PostponeMail(n, due_at) => {
            store.postpone_mail(sample::mail_id(*n), *due_at).await.map(|()| Outcome::Done)?
        }
        Operation::AddKeyCheck { name, value } => {
            let (new, ring) = ring(*name, *value);
            store.add_key_check(&new, &ring).await.map(|()| Outcome::Done)?
        }
        Operation::RemoveKeyCheck(n) => {
            let name = sample::key_check(*n).name;
            store.remove_key_check(&name).await.map(|()| Outcome::Done)?
        }
        Operation::State(who) => Outcome::state(book, store.state(book.id(*who)).await?),
        Operation::ApiKey(n) => Outcome::key(book, store.api_key(&sample::identifier(*n)).await?),
        Operation::Session(n) => Outcome::session(book, store.session(&sample::session_token(*n)).await?),
        Operation::LoginByEmail(n) => {
            Outcome::found(book, store.account_by_login(&sample::login_by_email(*n)).await?)
        }
    })
}

/// Prepares and plays an operation, alone.
pub(crate) async fn play_on_store(
    store: &Store,
    book: &mut Book,
    operation: &Operation,
) -> Result<Outcome, Broken> {
    let prepared = prepare(store, book, operation).await?;
    let (outcome, registered) = play(store, book, &prepared).await;
    if let (Operation::Register { who, .. }, Some(id)) = (operation, registered) {
        book.note(*who, id);
    }
    Ok(outcome)
}
