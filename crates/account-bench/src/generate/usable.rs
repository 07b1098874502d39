//! The accounts that work: registered by the core, with a real password hash and a genuine key.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use account_core::Accounts;
use account_core::admin::{InitialPassword, NewUser};
use account_core::api_key::{AllowedIps, Description, NewApiKey};
use account_core::email::Email;
use account_core::id::AccountId;
use account_core::password::{NewPassword, PasswordPolicy};
use account_core::ports::clock::Clock;
use account_core::ports::keyring::Keyring;
use account_core::profile::{Language, PersonName, Username};
use account_core::store::AccountStore;
use account_core::time::Timestamp;
use futures_util::stream::{self, StreamExt};

use super::manifest::Usable;
use super::{Plan, SharedStore};
use crate::Outcome;

/// The password of all usable accounts. Their hashes differ.
const PASSWORD: &str = "a password for load tests alone";
/// Registered at once; more than hash at once would only wait.
const TOGETHER: usize = 8;

/// What the rest is modelled on.
pub(super) struct Sample {
    pub(super) password: String,
    pub(super) mac: Vec<u8>,
}

/// Registers as many as are wanted with a key each, of the time that its account's place among the others has.
pub(super) async fn make<S: AccountStore + 'static>(
    store: Arc<S>,
    keyring: Keyring,
    plan: Plan,
) -> Outcome<(Vec<Usable>, Sample)> {
    let store: SharedStore = store;
    if !store.accounts(None, 1).await?.is_empty() {
        return Err("the database holds accounts already".into());
    }
    let clock = Arc::new(SetClock(AtomicI64::new(plan.now)));
    let accounts =
        Accounts::builder(Arc::clone(&store), keyring).clock(Arc::<SetClock>::clone(&clock)).build().await?;
    let registered: Vec<Outcome<AccountId>> = stream::iter(0..plan.usable)
        .map(|number| register(&accounts, number))
        .buffered(TOGETHER)
        .collect()
        .await;
    let mut made = Vec::new();
    for (number, id) in (0..).zip(registered) {
        let id = id?;
        clock.0.store(plan.begin()? + id.0 * plan.step()? * plan.interval, Ordering::Relaxed);
        let token = token(&accounts, id).await?;
        made.push(Usable { username: username(number), password: PASSWORD.to_owned(), token });
    }
    let sample = sample(&*store).await?;
    Ok((made, sample))
}

/// A clock that stands still.
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

fn username(number: u64) -> String {
    format!("usable{number}")
}

/// Registers one account.
pub(super) async fn register(accounts: &Accounts, number: u64) -> Outcome<AccountId> {
    let username = username(number);
    let user = NewUser {
        username: valid("username", Username::parse(&username))?,
        email: valid("address", Email::parse(&format!("{username}@example.com")))?,
        first_name: Some(valid("first name", PersonName::parse("Usable"))?),
        last_name: Some(valid("last name", PersonName::parse("Account"))?),
        language: valid("language", Language::parse("en"))?,
        admin: false,
        email_verified: true,
        password: InitialPassword::Chosen(valid(
            "password",
            NewPassword::parse(PASSWORD, &PasswordPolicy::default(), &[]),
        )?),
    };
    Ok(accounts.admin().register(user).await?.id)
}

/// Makes a key of the account, and answers with its token.
pub(super) async fn token(accounts: &Accounts, account: AccountId) -> Outcome<String> {
    let wanted = NewApiKey {
        description: valid("description", Description::parse("load tests"))?,
        allowed_ips: AllowedIps::default(),
        expires_at: None,
    };
    let created = accounts.admin().create_api_key(account, &wanted).await?;
    Ok(created.token.joined().to_string())
}

async fn sample(store: &dyn AccountStore) -> Outcome<Sample> {
    let first = store.accounts(None, 1).await?.pop().ok_or("no account was made")?;
    let state = store.state(first.id).await?.ok_or("the first account is gone")?;
    let key = state.api_keys.first().ok_or("the first account has no key")?;
    Ok(Sample { password: state.password.as_str().to_owned(), mac: key.mac.as_bytes().to_vec() })
}

/// The rules that a constant breaks are a fault of this program.
fn valid<T, E: std::fmt::Debug>(what: &str, parsed: Result<T, E>) -> Outcome<T> {
    parsed.map_err(|broken| format!("{what}: {broken:?}").into())
}
