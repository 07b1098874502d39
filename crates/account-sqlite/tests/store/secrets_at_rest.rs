//! What a stolen database file holds: hashes and ciphertext, and none of the secrets themselves.

use std::sync::Arc;

use account_core::Accounts;
use account_core::admin::{InitialPassword, NewUser};
use account_core::api_key::{AllowedIps, Description, NewApiKey};
use account_core::email::Email;
use account_core::password::{NewPassword, Password, PasswordPolicy};
use account_core::policy::{Operation, Policy};
use account_core::ports::{entropy::OsEntropy, keyring::Keyring};
use account_core::profile::{Language, Username};
use account_core::session::Client;
use account_core::two_factor::{TotpSecret, TotpStep};
use account_sqlite::SqliteStore;
use account_testkit::{InlineHasher, block_on};

const PASSWORD: &str = "correct horse battery";

#[test]
fn f_37_sec_34_the_file_holds_no_password_token_secret_code_or_mail_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    let store = Arc::new(SqliteStore::open(&path).unwrap());
    let ring = Keyring::generate(&OsEntropy).unwrap();
    let policy = Policy { mail: true, public_url: "https://account.example".to_owned(), ..Policy::default() };
    let builder = Accounts::builder(store.clone(), Keyring::parse(&ring).unwrap());
    let accounts =
        block_on(builder.hasher(Arc::new(InlineHasher::default())).policy(policy).build()).unwrap();
    let secrets = block_on(everything_secret(&accounts));
    drop(accounts);
    drop(store);
    let dump = std::fs::read(&path).unwrap();
    let holds = |needle: &[u8]| dump.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"john@example.com"), "the dump is the database");
    for secret in &secrets {
        assert!(!holds(secret.as_bytes()), "a secret of {} characters is in the file", secret.len());
    }
    for key in ring.lines().filter_map(|line| line.split_once(':')).map(|(_, key)| key.trim()) {
        assert!(!holds(key.as_bytes()));
    }
}

/// Makes one of everything, and answers all that nobody else may know.
async fn everything_secret(accounts: &Accounts) -> Vec<String> {
    let user = NewUser {
        username: Username::parse("john").unwrap(),
        email: Email::parse("john@example.com").unwrap(),
        first_name: None,
        last_name: None,
        language: Language::default(),
        admin: false,
        email_verified: true,
        password: InitialPassword::Chosen(
            NewPassword::parse(PASSWORD, &PasswordPolicy::default(), &[]).unwrap(),
        ),
    };
    let account = accounts.admin().register(user).await.unwrap();
    let wanted = NewApiKey {
        description: Description::parse("a key").unwrap(),
        allowed_ips: AllowedIps::parse(&[] as &[&str]).unwrap(),
        expires_at: None,
    };
    let key = accounts.admin().create_api_key(account.id, &wanted).await.unwrap().token;
    let who = accounts.authenticate_api_key(&key.joined(), None).await.unwrap();
    let session = accounts.sessions().open(account.id, &Client::default()).await.unwrap().token;
    let setup = accounts.two_factor().set_up(&who).await.unwrap();
    let secret = TotpSecret::from_base32(&setup.secret).unwrap();
    let typed = Password::new(PASSWORD.to_owned());
    let proof = accounts.passwords().prove(&who, Operation::EnableTwoFactor, Some(&typed)).await.unwrap();
    let code = secret.code_at(TotpStep::at(accounts.now()));
    let codes = accounts.two_factor().enable(&who, &proof, Some(&code)).await.unwrap().codes;
    let email = Email::parse("john@example.com").unwrap();
    accounts.recovery().request(&email, &Client::default()).await.unwrap();
    let mut secrets = vec![PASSWORD.to_owned(), key.secret().to_owned(), key.joined().to_string()];
    secrets.extend([session.expose().to_owned(), setup.secret.to_string()]);
    secrets.extend(codes.iter().map(|code| code.as_str().to_owned()));
    secrets
}
