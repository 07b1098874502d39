//! The budgets of a sign-in: by client, by name and client, by name, and for second factors by account
//! (SEC-12, 13, 25).
//!
//! A stranger cannot lock the owner out: clients and networks that the owner signed in from have
//! budgets of their own. Where the client's address is unknown, the accounts' budgets alone count: one
//! bucket for everybody would let anybody shut everybody out (F-3).

use std::net::IpAddr;
use std::time::Duration;

use crate::account::Account;
use crate::accounts::{Accounts, DAY, Guess, HOUR, MINUTE};
use crate::error::Error;
use crate::id::AccountUid;
use crate::mail::{Letter, Notice, Slot};
use crate::ports::throttle::{Budget, Refill, ThrottleKey, Verdict};
use crate::profile::Login;

/// How long a network that an owner signed in from is known as theirs.
const KNOWN_FOR: Duration = Duration::from_secs(90 * 86_400);

const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);
const QUARTER_HOUR: Duration = Duration::from_secs(15 * 60);

/// A name as it was typed into a sign-in. Guesses are counted by it whether somebody has it or not: counted
/// by account, an address and a username of one person would tell that they exist and belong together. No
/// two spellings that would find one account are counted apart.
pub(crate) struct TypedName {
    kind: &'static str,
    name: String,
}

impl TypedName {
    pub(crate) fn of(typed: &str, login: Option<&Login>) -> Self {
        let (kind, name) = match login {
            Some(Login::Email(email)) => ("email", email.canonical().to_owned()),
            Some(Login::Username(username)) => ("username", username.as_str().to_owned()),
            None => ("text", typed.chars().take(191).collect()),
        };
        Self { kind, name }
    }

    fn about(&self) -> About<'_> {
        [self.kind.as_bytes(), self.name.as_bytes()]
    }
}

/// What is counted: a kind, and one of it.
type About<'a> = [&'a [u8]; 2];

fn account(uid: &AccountUid) -> About<'_> {
    [b"account", uid.as_bytes()]
}

impl Accounts {
    /// Reserves a guess at the password of whoever has this name: of `owner`, if somebody does.
    pub(crate) async fn reserve_password_guess(
        &self,
        typed: &TypedName,
        owner: Option<AccountUid>,
        client: Option<IpAddr>,
    ) -> Result<Guess, Error> {
        let whose = owner.as_ref().map_or(typed.about(), account);
        let ([kind, name], place) = (typed.about(), self.place(whose, client).await?);
        let mut budgets =
            vec![self.budget("sign-in-account", &[kind, name, &place], 50, HOUR, Refill::AllAtOnce)];
        if let Some(host) = host(client) {
            budgets.push(self.by_client(&host));
            let about = [kind, name, host.as_slice()];
            budgets.push(self.budget("sign-in-account-client", &about, 5, FIVE_MINUTES, Refill::AllAtOnce));
        }
        self.reserve_or_lock_out(typed.about(), client, budgets).await
    }

    /// Reserves a guess at a second factor. Whoever guesses has the password already: right passwords
    /// do not reset it, and the owner is told.
    pub(crate) async fn reserve_factor_guess(
        &self,
        owner: &Account,
        client: Option<IpAddr>,
    ) -> Result<Guess, Error> {
        let whose = account(&owner.uid);
        let (uid, place) = (owner.uid.as_bytes().as_slice(), self.place(whose, client).await?);
        // First what the client has, whatever it guesses at: its neighbours may have used that up, and
        // nothing of it is the owner's affair.
        let by_client = host(client).map(|host| self.by_client(&host)).into_iter().collect();
        let guess = self.reserve_or_lock_out(whose, client, by_client).await?;
        let budgets = vec![
            self.budget("second-factor", &[uid, &place], 10, QUARTER_HOUR, Refill::AllAtOnce),
            self.budget("second-factor-day", &[uid, &place], 30, DAY, Refill::AllAtOnce),
        ];
        let now = self.now();
        match self.reserve(&budgets, now).await {
            Ok(Verdict::Taken) => Ok(guess.and(budgets, now)),
            Ok(Verdict::Wait(wait)) => {
                self.give_back(guess).await;
                self.tell_of_guesses(owner).await?;
                Err(Error::SignInLockedOut(wait))
            }
            Err(error) => {
                self.give_back(guess).await;
                Err(error)
            }
        }
    }

    /// At most once an hour.
    async fn tell_of_guesses(&self, account: &Account) -> Result<(), Error> {
        let told = self.budget("second-factor-told", &[account.uid.as_bytes()], 1, HOUR, Refill::AllAtOnce);
        let now = self.now();
        if !self.inner.policy.mail || self.reserve(&[told], now).await? != Verdict::Taken {
            return Ok(());
        }
        let slot = Slot { id: self.mail_id()?, account: Some(account.uid), token: None };
        let to = account.email.as_str().to_owned();
        let letter = Letter::Notice { to, notice: Notice::SecondFactorGuessed, at: now.as_millis() };
        Ok(self.inner.store.queue_mail(&self.seal_letter(&slot, &letter, now)?).await?)
    }

    fn by_client(&self, host: &[u8]) -> Budget {
        self.budget("sign-in-client", &[host], 10, MINUTE, Refill::Gradual)
    }

    /// One client's guesses share their smallest budgets; where the client is not known, those about one name do.
    async fn reserve_or_lock_out(
        &self,
        about: About<'_>,
        client: Option<IpAddr>,
        budgets: Vec<Budget>,
    ) -> Result<Guess, Error> {
        let line = match host(client) {
            Some(host) => [b"client".as_slice(), &host].concat(),
            None => about.concat(),
        };
        self.reserve_guess(line, budgets).await?.map_err(Error::SignInLockedOut)
    }

    /// Remembers that the owner signed in from this address, and from its network.
    pub(crate) async fn remember_client(&self, owner: AccountUid, client: Option<IpAddr>) {
        if !self.inner.policy.throttled {
            return;
        }
        let until = self.inner.clock.now().plus(KNOWN_FOR);
        for place in [host(client), network(client)].into_iter().flatten() {
            // A sign-in that stands must not fail for want of this.
            drop(self.inner.throttle.remember(&self.known_key(account(&owner), &place), until).await);
        }
    }

    /// Which of an account's budgets a client draws on: its own, its network's, or the strangers'. The
    /// same questions for everybody.
    async fn place(&self, whose: About<'_>, client: Option<IpAddr>) -> Result<Vec<u8>, Error> {
        let strangers = b"strangers".to_vec();
        let (Some(host), Some(network)) = (host(client), network(client)) else { return Ok(strangers) };
        if !self.inner.policy.throttled {
            return Ok(strangers);
        }
        let now = self.inner.clock.now();
        let knows_host = self.inner.throttle.remembers(&self.known_key(whose, &host), now).await?;
        let knows_network = self.inner.throttle.remembers(&self.known_key(whose, &network), now).await?;
        Ok(if knows_host {
            host
        } else if knows_network {
            network
        } else {
            strangers
        })
    }

    fn known_key(&self, [kind, name]: About<'_>, place: &[u8]) -> ThrottleKey {
        self.throttle_key("known-client", &[kind, name, place])
    }

    /// Requests that cost a mail or a guess at a mailed token, by client.
    pub(crate) async fn reserve_by_client(
        &self,
        name: &str,
        client: Option<IpAddr>,
        a_minute: u32,
        an_hour: u32,
    ) -> Result<(), Error> {
        let Some(host) = host(client) else { return Ok(()) };
        let minute = self.budget(name, &[&host, b"minute"], a_minute, MINUTE, Refill::AllAtOnce);
        let hour = self.budget(name, &[&host, b"hour"], an_hour, HOUR, Refill::AllAtOnce);
        match self.reserve(&[minute, hour], self.now()).await? {
            Verdict::Taken => Ok(()),
            Verdict::Wait(wait) => Err(Error::TooManyAttempts(wait)),
        }
    }

    /// Mails to one address: one a minute, five an hour (SEC-16).
    pub(crate) async fn may_mail(&self, name: &str, address: &str) -> Result<bool, Error> {
        let about = address.as_bytes();
        let minute = self.budget(name, &[about, b"minute"], 1, MINUTE, Refill::AllAtOnce);
        let hour = self.budget(name, &[about, b"hour"], 5, HOUR, Refill::AllAtOnce);
        Ok(self.reserve(&[minute, hour], self.now()).await? == Verdict::Taken)
    }
}

/// One client: an IPv4 address, or an IPv6 /64, which one subscriber has whole.
fn host(client: Option<IpAddr>) -> Option<Vec<u8>> {
    client.map(|address| prefix(address, 4))
}

/// One neighbourhood: IPv4 /24, IPv6 /64.
fn network(client: Option<IpAddr>) -> Option<Vec<u8>> {
    client.map(|address| prefix(address, 3))
}

fn prefix(address: IpAddr, v4_octets: usize) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets().into_iter().take(v4_octets).collect(),
        IpAddr::V6(v6) => v6.octets().into_iter().take(8).collect(),
    }
}
