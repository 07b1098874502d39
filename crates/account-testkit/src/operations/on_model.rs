//! An operation, played on the model.

use account_core::id::AccountId;
use account_core::ports::keyring::KeyCheck;
use account_core::store::Commit;

use super::on_store::{guarded, to_register};
use super::{Book, Guard, Operation, Outcome, ROWS};
use crate::memory_store::Model;
use crate::sample;

/// Plays one operation. `read` is the model as it was when commits were prepared.
pub(crate) fn play_on_model(
    model: &mut Model,
    read: &Model,
    book: &mut Book,
    operation: &Operation,
) -> Outcome {
    match operation {
        Operation::Register { who, email, username, changes } => {
            let answer = model.register(&to_register(*who, *email, *username), changes);
            Outcome::of_model(answer.map(|id| {
                book.note(*who, id);
                Outcome::Registered
            }))
        }
        Operation::Commit { who, guard, changes } => {
            let id = book.id(*who);
            let commit = match guard {
                Guard::Loop => seen(model, id, *who, *guard),
                _ => seen(read, id, *who, *guard),
            };
            Outcome::of_model(
                model.commit(&Commit { changes: changes.clone(), ..commit }).map(Outcome::Committed),
            )
        }
        Operation::Record(entries) => {
            model.record(entries);
            Outcome::Done
        }
        Operation::Observe(items) => {
            model.observe(items);
            Outcome::Done
        }
        Operation::Purge(expired) => Outcome::Purged(model.purge(expired, u32::MAX)),
        Operation::QueueMail(mail) => Outcome::of_model(model.queue_mail(mail).map(|()| Outcome::Done)),
        Operation::ClaimMail { now, until } => Outcome::mail(model.claim_mail(*now, *until, 1000)),
        Operation::RemoveMail(n) => {
            model.remove_mail(sample::mail_id(*n));
            Outcome::Done
        }
        Operation::PostponeMail(n, due_at) => {
            model.postpone_mail(sample::mail_id(*n), *due_at);
            Outcome::Done
        }
        Operation::AddKeyCheck { name, value } => {
            let (new, ring) = ring(*name, *value);
            model.add_key_check(&new, &ring);
            Outcome::Done
        }
        Operation::RemoveKeyCheck(n) => {
            model.remove_key_check(&sample::key_check(*n).name);
            Outcome::Done
        }
        Operation::State(who) => Outcome::state(book, model.state(book.id(*who))),
        Operation::ApiKey(n) => Outcome::key(book, model.api_key(&sample::identifier(*n))),
        Operation::Session(n) => Outcome::session(book, model.session(&sample::session_token(*n))),
        Operation::LoginByEmail(n) => {
            Outcome::found(book, model.account_by_login(&sample::login_by_email(*n)))
        }
    }
}

/// A key, and a ring of all keys as they usually are but for this one.
pub(super) fn ring(name: u64, value: u64) -> (KeyCheck, Vec<KeyCheck>) {
    let new = KeyCheck { check: sample::key_check(value).check, ..sample::key_check(name) };
    let others = (1..=ROWS).filter(|n| *n != name).map(sample::key_check);
    let ring = others.chain([new.clone()]).collect();
    (new, ring)
}

fn seen(model: &Model, id: AccountId, who: usize, guard: Guard) -> Commit {
    guarded(id, model.account(id).map(|account| account.revision), who, guard)
}
