//! The accounts that work: registered by the core, with a real password hash and a genuine key.

use std::sync::Arc;

use account_core::Accounts;
use account_core::admin::{InitialPassword, NewUser};
use account_core::api_key::{AllowedIps, Description, NewApiKey};
use account_core::email::Email;
use account_core::id::AccountId;
use account_core::password::{NewPassword, PasswordPolicy};
use account_core::ports::keyring::Keyring;
use account_core::profile::{Language, PersonName, Username};
use account_core::store::AccountStore;
use futures_util::stream::{self, StreamExt};

use super::SharedStore;
use super::manifest::Usable;
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

/// Registers `count` accounts with a key each.
pub(super) async fn make<S: AccountStore + 'static>(
    store: Arc<S>,
    keyring: Keyring,
    count: u64,
) -> Outcome<(Vec<Usable>, Sample)> {
    let store: SharedStore = store;
    if !store.accounts(None, 1).await?.is_empty() {
        return Err("the database holds accounts already".into());
    }
    let accounts = Accounts::builder(Arc::clone(&store), keyring).build().await?;
    let made: Vec<Outcome<(AccountId, Usable)>> =
        stream::iter(0..count).map(|number| one(&accounts, number)).buffered(TOGETHER).collect().await;
    let made = made.into_iter().map(|one| Ok(one?.1)).collect::<Outcome<Vec<_>>>()?;
    let sample = sample(&*store).await?;
    Ok((made, sample))
}

/// Registers one account with a key.
pub(super) async fn one(accounts: &Accounts, number: u64) -> Outcome<(AccountId, Usable)> {
    let username = format!("usable{number}");
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
    let account = accounts.admin().register(user).await?;
    let wanted = NewApiKey {
        description: valid("description", Description::parse("load tests"))?,
        allowed_ips: AllowedIps::default(),
        expires_at: None,
    };
    let created = accounts.admin().create_api_key(account.id, &wanted).await?;
    let token = created.token.joined().to_string();
    Ok((account.id, Usable { username, password: PASSWORD.to_owned(), token }))
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
