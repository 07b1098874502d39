//! A server to test: the routers over a fresh store, with a clock that is moved by hand, a hasher
//! that costs nothing, and a postman who keeps the mail.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use account_axum::{Options, auth_router, router};
use account_core::account::Account;
use account_core::admin::{InitialPassword, NewUser};
use account_core::api_key::{AllowedIps, Description, NewApiKey};
use account_core::email::Email;
use account_core::mail::Message;
use account_core::password::NewPassword;
use account_core::policy::Policy;
use account_core::ports::alarm::{Alarm, AlarmSink};
use account_core::ports::entropy::OsEntropy;
use account_core::ports::hasher::PasswordHasher;
use account_core::ports::keyring::Keyring;
use account_core::ports::listener::CommitListener;
use account_core::ports::mailer::{Mailer, MailerError};
use account_core::profile::{Language, PersonName, Username};
use account_core::{Accounts, Error};
use account_testkit::{InlineHasher, ManualClock};
use axum::Router;

use crate::person::{Browser, Person};
use crate::raw_client::{Answer, Ask};
use crate::served::Served;
use crate::store_kind::{FreshStore, Kind};

/// Everybody's password, until they change it.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The origin that browsers come from.
pub(crate) const ORIGIN: &str = "https://account.test";

pub(crate) struct House {
    pub(crate) accounts: Accounts,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) hasher: Arc<InlineHasher>,
    pub(crate) alarms: Arc<Alarms>,
    pub(crate) served: Served,
    pub(crate) store: FreshStore,
    pub(crate) keyring: String,
    mail: Mutex<Vec<Message>>,
}

/// What a test wants to be otherwise.
pub(crate) struct Plan {
    pub(crate) policy: Policy,
    pub(crate) options: Options,
    /// Another hasher than the one that costs nothing.
    pub(crate) hasher: Option<Arc<dyn PasswordHasher>>,
    /// Another store than a fresh one.
    pub(crate) store: Option<FreshStore>,
    /// Another keyring than a fresh one.
    pub(crate) keyring: String,
    pub(crate) clock: Arc<ManualClock>,
    /// An embedder that hears of what was committed.
    pub(crate) listener: Option<Arc<dyn CommitListener>>,
    /// Routes of an embedder, beside ours.
    pub(crate) beside: Option<Beside>,
}

/// Makes an embedder's routes.
type Beside = Box<dyn FnOnce(&Accounts, &Options) -> Router>;

impl Default for Plan {
    fn default() -> Self {
        Self {
            policy: Policy { mail: true, public_url: ORIGIN.to_owned(), ..Policy::default() },
            options: Options { public_url: Some(ORIGIN.to_owned()), ..Options::default() },
            hasher: None,
            store: None,
            keyring: Keyring::generate(&OsEntropy).unwrap().to_string(),
            clock: Arc::default(),
            listener: None,
            beside: None,
        }
    }
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

impl House {
    pub(crate) fn new(kind: Kind) -> Self {
        Self::with(kind, |_| {})
    }

    pub(crate) fn with(kind: Kind, change: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = Plan::default();
        change(&mut plan);
        let (clock, keyring) = (Arc::clone(&plan.clock), plan.keyring.clone());
        let hasher = Arc::new(InlineHasher::default());
        let alarms = Arc::new(Alarms::default());
        let (served, (accounts, store)) = Served::made(async || {
            let store = match plan.store {
                Some(store) => store,
                None => kind.fresh().await,
            };
            let builder = Accounts::builder(store.store.clone(), Keyring::parse(&plan.keyring).unwrap())
                .throttle(store.throttle.clone())
                .clock(clock.clone())
                .hasher(plan.hasher.unwrap_or_else(|| hasher.clone()))
                .alarms(alarms.clone())
                .policy(plan.policy);
            let builder = match plan.listener {
                Some(listener) => builder.listener(listener),
                None => builder,
            };
            let accounts = builder.build().await.unwrap();
            let mut routes = router(accounts.clone(), plan.options.clone())
                .merge(auth_router(accounts.clone(), plan.options.clone()));
            if let Some(beside) = plan.beside {
                routes = routes.merge(beside(&accounts, &plan.options));
            }
            (routes, (accounts, store))
        });
        Self { accounts, clock, hasher, alarms, served, store, keyring, mail: Mutex::default() }
    }

    /// Another node: a server of its own over the same database, by the same clock.
    pub(crate) fn another_node(&self, kind: Kind, change: impl FnOnce(&mut Plan)) -> Self {
        let store = self.block_on(self.store.again());
        Self::with(kind, |plan| {
            plan.store = Some(store);
            plan.keyring.clone_from(&self.keyring);
            plan.clock = Arc::clone(&self.clock);
            change(plan);
        })
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.served.block_on(future)
    }

    /// Registers an account.
    pub(crate) fn account(&self, name: &str) -> Account {
        self.register(name, false)
    }

    pub(crate) fn register(&self, name: &str, admin: bool) -> Account {
        let user = NewUser {
            username: Username::parse(name).unwrap(),
            email: Email::parse(&format!("{name}@example.com")).unwrap(),
            first_name: PersonName::parse("Ada").ok(),
            last_name: PersonName::parse("Byron").ok(),
            language: Language::default(),
            admin,
            email_verified: false,
            password: InitialPassword::Chosen(
                NewPassword::parse(PASSWORD, &Policy::default().passwords, &[]).unwrap(),
            ),
        };
        self.block_on(self.accounts.admin().register(user)).unwrap()
    }

    /// Registers an account whose owner comes with an API key.
    pub(crate) fn person(&self, name: &str) -> Person<'_> {
        let account = self.account(name);
        let token = self.key(&account, &[]);
        Person::new(self, account, token)
    }

    /// One more key of an account, made by the operator.
    pub(crate) fn key(&self, account: &Account, allowed_ips: &[&str]) -> String {
        let wanted = NewApiKey {
            description: Description::parse("a key").unwrap(),
            allowed_ips: AllowedIps::parse(allowed_ips).unwrap(),
            expires_at: None,
        };
        let made = self.block_on(self.accounts.admin().create_api_key(account.id, &wanted)).unwrap();
        made.token.joined().to_string()
    }

    /// A browser that is not signed in.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// A browser that this account's owner signed in with.
    pub(crate) fn signed_in(&self, account: &Account) -> Browser<'_> {
        let browser = self.browser();
        let answer = browser.login(account.username.as_str(), PASSWORD);
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }

    pub(crate) fn send(&self, ask: &Ask) -> Answer {
        ask.send(self.served.address)
    }

    pub(crate) fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Writes the last uses, as a server does every second.
    pub(crate) fn flush(&self) {
        self.block_on(self.accounts.flush_observations()).unwrap();
    }

    /// Works off the outbox, and answers what was delivered since the last call.
    pub(crate) fn mails(&self) -> Vec<Message> {
        while self.deliver().unwrap() > 0 {}
        std::mem::take(&mut *self.mail.lock().unwrap())
    }

    fn deliver(&self) -> Result<u32, Error> {
        let delivery = self.block_on(self.accounts.deliver_mail(&Postman(&self.mail)))?;
        Ok(delivery.done)
    }
}

struct Postman<'a>(&'a Mutex<Vec<Message>>);

#[async_trait::async_trait]
impl Mailer for Postman<'_> {
    async fn deliver(&self, message: &Message) -> Result<(), MailerError> {
        self.0.lock().unwrap().push(message.clone());
        Ok(())
    }
}
