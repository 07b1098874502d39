//! All that can be asked of a store about the universe, as a list that can be compared.

use account_core::activity::{ActivityPage, ActivityQuery, Event};
use account_core::ssh_key::SshKey;
use account_core::store::AccountState;

use super::outcome::{Outcome, shared};
use super::{ACCOUNTS, Book, ROWS, number};
use crate::adapter::Store;
use crate::broken::{Broken, Proven, equal};
use crate::cases::given::FOREVER;
use crate::memory_store::Model;
use crate::sample;

/// Everything, in a fixed order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReadBack {
    states: Vec<Outcome>,
    listed: Vec<account_core::account::Account>,
    ssh_keys: Vec<Vec<SshKey>>,
    names: Vec<Outcome>,
    rows: Vec<Outcome>,
    trail: Vec<ActivityPage>,
    outbox: Outcome,
    keys: Vec<account_core::ports::keyring::KeyCheck>,
}

fn queries() -> impl Iterator<Item = ActivityQuery> {
    (0..ACCOUNTS).flat_map(|who| {
        let subject = sample::uid(number(who));
        let some = vec![Event::Registered, Event::SignedIn, Event::Disabled, Event::ProfileChanged];
        [(None, true, 0), (None, false, 1), (Some(some), true, 0)].map(|(events, newest_first, offset)| {
            ActivityQuery { subject, events, newest_first, offset, limit: 50 }
        })
    })
}

/// Asks the candidate. Takes a lease on all mail, so it is the last thing asked.
pub(crate) async fn of_store(store: &Store, book: &Book) -> Result<ReadBack, Broken> {
    let (mut states, mut ssh_keys, mut names, mut rows, mut trail) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for who in 0..ACCOUNTS {
        let id = book.id(who);
        let state = store.state(id).await?;
        agree(store, state.as_ref(), id).await?;
        ssh_keys.push(store.ssh_keys(id).await?);
        states.push(Outcome::state(book, state));
    }
    for n in 1..=ROWS {
        names.push(Outcome::found(book, store.account_by_login(&sample::login_by_email(n)).await?));
        names.push(Outcome::found(book, store.account_by_login(&sample::login_by_username(n)).await?));
        names.push(Outcome::found(book, store.account_by_pending_sign_in(&sample::pending_token(n)).await?));
        names.push(Outcome::found(book, store.account_by_mail_token(&sample::mail_token_digest(n)).await?));
        rows.push(Outcome::key(book, store.api_key(&sample::identifier(n)).await?));
        rows.push(Outcome::session(book, store.session(&sample::session_token(n)).await?));
    }
    for query in queries() {
        trail.push(store.activities(&query).await?);
    }
    let listed = store.accounts(None, 100).await?.into_iter().map(|account| shared(book, account)).collect();
    let mut keys = store.key_checks().await?;
    keys.sort_by(|one, other| one.name.cmp(&other.name));
    let outbox = Outcome::mail(store.claim_mail(FOREVER, FOREVER, 1000).await?);
    Ok(ReadBack { states, listed: by_place(listed), ssh_keys, names, rows, trail, outbox, keys })
}

/// The lists of one capability must be those of the state.
async fn agree(store: &Store, state: Option<&AccountState>, id: account_core::id::AccountId) -> Proven {
    let empty = (Vec::new(), Vec::new());
    let (keys, sessions) = state.map_or(empty, |state| (state.api_keys.clone(), state.sessions.clone()));
    equal(&store.api_keys(id).await?, &keys, || "`api_keys` and `state` tell the same".to_owned())?;
    equal(&store.sessions(id).await?, &sessions, || "`sessions` and `state` tell the same".to_owned())?;
    let account = state.map(|state| state.account.clone());
    equal(&store.account(id).await?, &account, || "`account` and `state` tell the same".to_owned())
}

/// Asks the model.
pub(crate) fn of_model(model: &mut Model, book: &Book) -> ReadBack {
    let state = |who| model.state(book.id(who));
    let states = (0..ACCOUNTS).map(|who| Outcome::state(book, state(who))).collect();
    let ssh_keys = (0..ACCOUNTS).map(|who| state(who).map(|s| s.ssh_keys).unwrap_or_default()).collect();
    let names = (1..=ROWS).flat_map(|n| {
        [
            model.account_by_login(&sample::login_by_email(n)),
            model.account_by_login(&sample::login_by_username(n)),
            model.account_by_pending_sign_in(&sample::pending_token(n)),
            model.account_by_mail_token(&sample::mail_token_digest(n)),
        ]
    });
    let names = names.map(|found| Outcome::found(book, found)).collect();
    let rows = (1..=ROWS).flat_map(|n| {
        [
            Outcome::key(book, model.api_key(&sample::identifier(n))),
            Outcome::session(book, model.session(&sample::session_token(n))),
        ]
    });
    let rows = rows.collect();
    let trail = queries().map(|query| model.activities(&query)).collect();
    let listed = model.accounts(None, 100).into_iter().map(|account| shared(book, account)).collect();
    let keys = model.key_checks();
    let outbox = Outcome::mail(model.claim_mail(FOREVER, FOREVER, 1000));
    ReadBack { states, listed: by_place(listed), ssh_keys, names, rows, trail, outbox, keys }
}

fn by_place(mut listed: Vec<account_core::account::Account>) -> Vec<account_core::account::Account> {
    listed.sort_by_key(|account| account.id);
    listed
}

impl ReadBack {
    /// What differs, in words; `None` if nothing does.
    pub(crate) fn against(&self, answered: &Self) -> Option<String> {
        for (expected, got) in self.states.iter().zip(&answered.states) {
            if expected != got {
                return Some(format!("the state of an account: {}", expected.against(got)));
            }
        }
        let differing = [
            (
                "looking up by address, username, pending sign-in or mailed token",
                text(&self.names),
                text(&answered.names),
            ),
            ("an API key or session with its account", text(&self.rows), text(&answered.rows)),
            ("the list of accounts", text(&self.listed), text(&answered.listed)),
            ("`ssh_keys`", text(&self.ssh_keys), text(&answered.ssh_keys)),
            ("the audit trail", text(&self.trail), text(&answered.trail)),
            ("the outbox", text(&self.outbox), text(&answered.outbox)),
            ("the keyring's checks", text(&self.keys), text(&answered.keys)),
        ];
        let named = differing.into_iter().find(|(_, expected, got)| expected != got);
        let named = named.map(|(what, expected, got)| {
            let (expected, got) = crate::differences::where_they_part(&expected, &got);
            (what, expected, got)
        });
        let words = named
            .map(|(what, expected, got)| format!("{what}:\n    expected {expected}\n    answered {got}"));
        (self != answered).then(|| {
            words.unwrap_or_else(|| "what is never printed: a digest, a MAC, a sealed value".to_owned())
        })
    }
}

fn text(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}")
}
