//! The sample account of the `try` command: its password and its keys are random at each start, so that
//! nothing known in advance opens anything.

use account_core::Accounts;
use account_core::account::Account;
use account_core::admin::{InitialPassword, NewUser};
use account_core::api_key::{AllowedIps, Description, NewApiKey};
use account_core::email::Email;
use account_core::password::NewPassword;
use account_core::ports::entropy::Entropy;
use account_core::profile::{Language, PersonName, Username};
use zeroize::Zeroizing;

use crate::administration::failure;
use crate::failure::Failure;

/// What the recipe needs to know.
pub(super) struct Sample {
    /// The username.
    pub(super) username: String,
    /// The e-mail address.
    pub(super) email: String,
    /// The password.
    pub(super) password: Zeroizing<String>,
    /// An API key's token.
    pub(super) token: Zeroizing<String>,
    /// Another key's identifier, there to be deleted.
    pub(super) spare_key: String,
}

/// Registers the account and makes its keys.
///
/// # Errors
/// One line.
pub(super) async fn make(accounts: &Accounts, entropy: &dyn Entropy) -> Result<Sample, Failure> {
    let password = random_password(entropy)?;
    let user =
        user(accounts, &password).ok_or_else(|| Failure::refused("the sample account is malformed"))?;
    let account = accounts.admin().register(user).await.map_err(failure)?;
    let token = key(accounts, &account, "Made by try").await?;
    let spare = key(accounts, &account, "To be deleted").await?;
    Ok(Sample {
        username: account.username.as_str().to_owned(),
        email: account.email.as_str().to_owned(),
        password,
        token: token.joined(),
        spare_key: spare.identifier().as_str().to_owned(),
    })
}

fn user(accounts: &Accounts, password: &str) -> Option<NewUser> {
    let password = NewPassword::parse(password, &accounts.policy().passwords, &[]).ok()?;
    Some(NewUser {
        username: Username::parse("sample").ok()?,
        email: Email::parse("sample@example.com").ok()?,
        first_name: PersonName::parse("Sam").ok(),
        last_name: PersonName::parse("Ple").ok(),
        language: Language::parse("en").ok()?,
        admin: false,
        email_verified: true,
        password: InitialPassword::Chosen(password),
    })
}

async fn key(
    accounts: &Accounts,
    account: &Account,
    description: &str,
) -> Result<account_core::api_key::ApiKeyToken, Failure> {
    let description = Description::parse(description);
    let allowed_ips = AllowedIps::parse(&[] as &[&str]);
    let (Ok(description), Ok(allowed_ips)) = (description, allowed_ips) else {
        return Err(Failure::refused("the sample key is malformed"));
    };
    let new = NewApiKey { description, allowed_ips, expires_at: None };
    Ok(accounts.admin().create_api_key(account.id, &new).await.map_err(failure)?.token)
}

/// 100 random bits, in letters that a shell leaves as they are.
fn random_password(entropy: &dyn Entropy) -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new([0u8; 13]);
    entropy.fill(&mut *bytes).map_err(|error| Failure::refused(error.to_string()))?;
    Ok(Zeroizing::new(data_encoding::BASE32_NOPAD.encode(&*bytes).to_ascii_lowercase()))
}
