//! A house to test in: the services over the kit's memory store, with a clock that is moved by hand.
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use account_core::account::Account;
use account_core::activity::{Event, Reading};
use account_core::admin::{InitialPassword, NewUser};
use account_core::api_key::{AllowedIps, CreatedApiKey, Description, NewApiKey};
use account_core::email::Email;
use account_core::password::{NewPassword, Password};
use account_core::policy::{Operation, Policy};
use account_core::ports::alarm::{Alarm, AlarmSink};
use account_core::ports::keyring::Keyring;
use account_core::ports::mailer::{Mailer, MailerError};
use account_core::profile::{Language, Username};
use account_core::session::Client;
use account_core::sign_in::{PasswordStep, SecondFactor, SignedIn};
use account_core::time::Timestamp;
use account_core::two_factor::{RecoveryCode, TotpCode, TotpSecret, TotpStep};
use account_core::{Accounts, Error, Principal};
use account_testkit::{InlineHasher, ManualClock, MemoryStore, SeededEntropy};

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct House {
    pub accounts: Accounts,
    pub store: Arc<MemoryStore>,
    pub clock: Arc<ManualClock>,
    pub alarms: Arc<Alarms>,
    pub hasher: Arc<InlineHasher>,
}

#[derive(Default)]
pub(crate) struct Alarms(Mutex<Vec<Alarm>>);

impl AlarmSink for Alarms {
    fn raise(&self, alarm: Alarm) {
        self.0.lock().unwrap().push(alarm);
    }
}

impl Alarms {
    pub(crate) fn raised(&self) -> Vec<Alarm> {
        self.0.lock().unwrap().clone()
    }
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    account_testkit::block_on(future)
}

pub(crate) fn keyring(seed: u8) -> String {
    let key: Vec<u8> = (0..32u8).map(|i| i.wrapping_mul(7).wrapping_add(seed)).collect();
    format!("k{seed}:{}", data_encoding::BASE64.encode(&key))
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(mailing())
    }

    pub(crate) fn with(policy: Policy) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_769_860_800_000)));
        Self::over(Arc::new(MemoryStore::new()), clock, &keyring(1), policy)
    }

    pub(crate) fn over(store: Arc<MemoryStore>, clock: Arc<ManualClock>, keys: &str, policy: Policy) -> Self {
        let (alarms, hasher) = (Arc::new(Alarms::default()), Arc::new(InlineHasher::default()));
        let builder = Accounts::builder(store.clone(), Keyring::parse(keys).unwrap())
            .clock(clock.clone())
            .entropy(Arc::new(SeededEntropy::new(1)))
            .hasher(hasher.clone())
            .alarms(alarms.clone())
            .policy(policy);
        let accounts = block_on(builder.build()).unwrap();
        Self { accounts, store, clock, alarms, hasher }
    }

    /// The same store, clock and hasher behind other services: another node, or another policy.
    pub(crate) fn again(&self, keys: &str, policy: Policy) -> Self {
        Self::over(self.store.clone(), self.clock.clone(), keys, policy)
    }

    pub(crate) fn register(&self, name: &str) -> Account {
        block_on(self.accounts.admin().register(user(name))).unwrap()
    }

    pub(crate) fn key(&self, account: &Account, allowed: &[&str]) -> CreatedApiKey {
        block_on(self.accounts.admin().create_api_key(account.id, &new_key(allowed))).unwrap()
    }

    /// A principal by API key.
    pub(crate) fn by_key(&self, account: &Account) -> Principal {
        let key = self.key(account, &[]);
        block_on(self.accounts.authenticate_api_key(&key.token.joined(), None)).unwrap()
    }

    /// A principal by session, and the session's token.
    pub(crate) fn by_session(&self, account: &Account) -> (Principal, String) {
        let opened = block_on(self.accounts.sessions().open(account.id, &Client::default())).unwrap();
        let token = opened.token.expose().to_owned();
        (self.session(&token).unwrap(), token)
    }

    pub(crate) fn session(&self, token: &str) -> Result<Principal, Error> {
        block_on(self.accounts.authenticate_session(token, None))
    }

    pub(crate) fn prove(
        &self,
        who: &Principal,
        operation: Operation,
        password: &str,
    ) -> Result<account_core::password::PasswordProof, Error> {
        block_on(self.accounts.passwords().prove(who, operation, Some(&typed(password))))
    }

    pub(crate) fn change_password(&self, who: &Principal, new: &str) -> Result<Option<String>, Error> {
        let proof = self.prove(who, Operation::ChangePassword, PASSWORD)?;
        let new = NewPassword::parse(new, &self.accounts.policy().passwords, &[]).unwrap();
        let changed = block_on(self.accounts.passwords().change(who, &proof, &new))?;
        Ok(changed.session.map(|token| token.expose().to_owned()))
    }

    pub(crate) fn change_email(&self, who: &Principal, email: &str) -> Result<(), Error> {
        let proof = self.prove(who, Operation::ChangeEmail, PASSWORD)?;
        block_on(self.accounts.emails().change(who, &proof, &Email::parse(email).unwrap()))
    }

    /// Turns the second factor on; answers the secret and the recovery codes.
    pub(crate) fn enable_two_factor(&self, who: &Principal) -> (TotpSecret, Vec<RecoveryCode>) {
        let setup = block_on(self.accounts.two_factor().set_up(who)).unwrap();
        let secret = TotpSecret::from_base32(&setup.secret).unwrap();
        let proof = self.prove(who, Operation::EnableTwoFactor, PASSWORD).unwrap();
        let code = self.code(&secret, 0);
        let codes = block_on(self.accounts.two_factor().enable(who, &proof, Some(&code))).unwrap().codes;
        (secret, codes)
    }

    /// The code of the present step, or of one so many steps away.
    pub(crate) fn code(&self, secret: &TotpSecret, steps: i64) -> TotpCode {
        let now = TotpStep::at(self.accounts.now());
        secret.code_at(TotpStep(now.0.saturating_add_signed(steps)))
    }

    pub(crate) fn sign_in(&self, login: &str, password: &str, ip: &str) -> Result<PasswordStep, Error> {
        block_on(self.accounts.sign_in().with_password(login, Some(&typed(password)), &client(ip)))
    }

    pub(crate) fn sign_in_with(
        &self,
        login: &str,
        factor: SecondFactor,
        ip: &str,
    ) -> Result<SignedIn, Error> {
        match self.sign_in(login, PASSWORD, ip)? {
            PasswordStep::SecondFactorNeeded(token) => {
                block_on(self.accounts.sign_in().with_second_factor(Some(&token), &factor, &client(ip)))
            }
            PasswordStep::Complete(_) => panic!("a second factor is on"),
        }
    }

    pub(crate) fn events(&self, who: &Principal) -> Vec<Event> {
        let all = Reading { events: None, newest_first: false, offset: 0, limit: 100 };
        let page = block_on(self.accounts.activity().read(who, &all)).unwrap();
        page.entries.iter().map(|entry| entry.event).collect()
    }

    pub(crate) fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Works off the outbox into a list of (recipient, subject, text).
    pub(crate) fn mails(&self) -> Vec<(String, String, String)> {
        let postman = Postman::default();
        for _ in 0..4 {
            block_on(self.accounts.deliver_mail(&postman)).unwrap();
        }
        postman.0.into_inner().unwrap()
    }
}

#[derive(Default)]
pub(crate) struct Postman(pub Mutex<Vec<(String, String, String)>>);

#[async_trait::async_trait]
impl Mailer for Postman {
    async fn deliver(&self, message: &account_core::mail::Message) -> Result<(), MailerError> {
        let mail = (message.to.clone(), message.subject.clone(), message.text.clone());
        self.0.lock().unwrap().push(mail);
        Ok(())
    }
}

/// The default policy, with mail.
pub(crate) fn mailing() -> Policy {
    Policy { mail: true, public_url: "https://account.example".to_owned(), ..Policy::default() }
}

pub(crate) fn user(name: &str) -> NewUser {
    NewUser {
        username: Username::parse(name).unwrap(),
        email: Email::parse(&format!("{name}@example.com")).unwrap(),
        first_name: None,
        last_name: None,
        language: Language::default(),
        admin: false,
        email_verified: false,
        password: InitialPassword::Chosen(
            NewPassword::parse(PASSWORD, &Policy::default().passwords, &[]).unwrap(),
        ),
    }
}

pub(crate) fn new_key(allowed: &[&str]) -> NewApiKey {
    NewApiKey {
        description: Description::parse("a key").unwrap(),
        allowed_ips: AllowedIps::parse(allowed).unwrap(),
        expires_at: None,
    }
}

pub(crate) fn typed(password: &str) -> Password {
    Password::new(password.to_owned())
}

pub(crate) fn ip(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

pub(crate) fn client(text: &str) -> Client {
    Client { ip: ip(text), user_agent: Some("test".to_owned()) }
}

/// A bcrypt hash of cost 4, as another system would have made it.
pub(crate) fn bcrypt(password: &str) -> String {
    bcrypt::hash_with_salt(password, 4, [7; 16]).unwrap().format_for_version(bcrypt::Version::TwoY)
}

/// The token of the link in a mail.
pub(crate) fn token_in(text: &str) -> String {
    let after = text.split("/auth/").nth(1).expect("a link");
    after.split(['/', '?']).find(|part| part.len() == 64).expect("a token").to_owned()
}

pub(crate) fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}
