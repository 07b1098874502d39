//! One case: deeds one after the other, and the whole store read back after each.

use std::collections::BTreeMap;

use account_core::Accounts;
use account_core::activity::ActivityQuery;
use account_core::id::AccountUid;

use super::dice::{Bytes, Dice};
use super::house::House;
use super::proposal::{Proposal, jump, prologue, propose};
use super::request::{Request, Upkeep};
use super::wallet::Wallet;
use super::{FlightId, perform};
use crate::Store;

/// How many audit entries each account has, deleted ones too.
type Trail = BTreeMap<AccountUid, u64>;

struct Told {
    lines: Vec<String>,
    trail: Trail,
}

/// Tells a story.
///
/// # Errors
/// All of it, up to where services and model disagree.
pub(super) async fn tell(house: &House, inner: &Store, deeds: &[Vec<u8>]) -> Result<(), String> {
    let mut told = Told { lines: Vec::new(), trail: Trail::new() };
    let outcome = deeds_done(house, inner, deeds, &mut told).await;
    outcome.map_err(|words| format!("{}\n=> {words}", told.lines.join("\n")))
}

async fn deeds_done(house: &House, inner: &Store, deeds: &[Vec<u8>], told: &mut Told) -> Result<(), String> {
    let (mut wallet, mut writing, mut number) = (Wallet::new(), 0, 0);
    let mut node = house.node(writing).await.map_err(|broken| broken.to_string())?;
    for proposal in prologue(&mut wallet) {
        number += 1;
        done(house, &node, inner, &mut wallet, proposal, number, told).await?;
    }
    for deed in deeds {
        let mut dice = Bytes(deed.iter());
        match dice.roll(10) {
            8 => {
                let (forwards, by) = jump(&mut dice);
                house.jump(forwards, by);
                told.lines.push(format!("the clock goes {} {by:?}", if forwards { "on" } else { "back" }));
            }
            9 if dice.once_in(3) => {
                writing = usize::from(dice.once_in(2));
                node = house.node(writing).await.map_err(|broken| broken.to_string())?;
                told.lines.push(format!("a new node begins, writing with key {writing}"));
            }
            _ => {
                number += 1;
                let proposal = propose(&mut dice, &mut wallet, house.now());
                done(house, &node, inner, &mut wallet, proposal, number, told).await?;
            }
        }
    }
    Ok(())
}

/// One request, and all that is there afterwards.
async fn done(
    house: &House,
    node: &Accounts,
    inner: &Store,
    wallet: &mut Wallet,
    Proposal { owner, request }: Proposal,
    id: FlightId,
    told: &mut Told,
) -> Result<(), String> {
    told.lines.push(format!("{request:?}"));
    house.watch.begin(id, request.clone());
    let answer = perform(node, &*house.mailer, &request).await;
    if let Some(line) = told.lines.last_mut() {
        line.push_str(&format!(" -> {}", answer.words));
    }
    house.watch.end(id, &answer);
    wallet.learn(owner, &request, answer);
    wallet.read(house.watch.letters());
    if let Some(words) = house.watch.broken() {
        return Err(words);
    }
    read_back(house, inner).await?;
    read_trail(house, inner, &request, told).await
}

/// The store holds the model's accounts, each as it must be, and nobody else.
async fn read_back(house: &House, inner: &Store) -> Result<(), String> {
    let failed = |error| format!("reading back: {error}");
    let accounts = inner.accounts(None, 1000).await.map_err(failed)?;
    let expected: Vec<_> = house.watch.seen().town().people().map(|person| person.id).collect();
    let found: Vec<_> = accounts.iter().map(|account| account.id).collect();
    if expected != found {
        return Err(format!("reading back: expected the accounts {expected:?}, found {found:?}"));
    }
    for id in found {
        let state = inner.state(id).await.map_err(failed)?;
        let person = house.watch.seen().town().person(id).cloned();
        if let (Some(mut person), Some(state)) = (person, state) {
            let seen = house.watch.seen();
            person.compare(&state, seen.keyring()).map_err(|words| format!("reading back: {words}"))?;
        }
    }
    Ok(())
}

/// Each account's trail grew by the entries of this step, and the entries of others did not.
async fn read_trail(house: &House, inner: &Store, request: &Request, told: &mut Told) -> Result<(), String> {
    let entries = house.watch.take_entries();
    if matches!(request, Request::Upkeep(Upkeep::Sweep)) {
        told.trail.clear();
    }
    let people: Vec<AccountUid> = house.watch.seen().town().people().map(|person| person.uid).collect();
    for uid in people {
        let query = ActivityQuery { subject: uid, events: None, newest_first: true, offset: 0, limit: 1 };
        let page = inner.activities(&query).await.map_err(|error| format!("reading back: {error}"))?;
        let new = entries.iter().filter(|entry| entry.subject == Some(uid)).count();
        let new = u64::try_from(new).unwrap_or(u64::MAX);
        if let Some(before) = told.trail.insert(uid, page.total)
            && before.saturating_add(new) != page.total
        {
            let found = page.total;
            return Err(format!("the audit trail of {uid} had {before} entries, got {new}, has {found}"));
        }
    }
    Ok(())
}
