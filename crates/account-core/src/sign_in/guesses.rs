//! The budgets of a sign-in: by client, by account and client, by account (SEC-12, 13, 25).
//!
//! A stranger cannot lock the owner out: clients that signed in before have a budget of their own.

use std::net::IpAddr;
use std::time::Duration;

use crate::accounts::{Accounts, DAY, HOUR, MINUTE};
use crate::error::Error;
use crate::id::AccountUid;
use crate::ports::throttle::{Budget, Refill, ThrottleKey, Verdict};

/// How long a network that an owner signed in from is known as theirs.
const KNOWN_FOR: Duration = Duration::from_secs(90 * 86_400);

const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);
const QUARTER_HOUR: Duration = Duration::from_secs(15 * 60);

/// Whom a sign-in is about: an account, or a name that nobody has. Both are counted alike.
pub(crate) enum Whom<'a> {
    Account(AccountUid),
    Nobody(&'a str),
}

impl Whom<'_> {
    fn about(&self) -> [&[u8]; 2] {
        match self {
            Self::Account(uid) => [b"account", uid.as_bytes()],
            Self::Nobody(name) => [b"name", name.as_bytes()],
        }
    }
}

impl Accounts {
    /// Reserves a guess at a password.
    pub(crate) async fn reserve_password_guess(
        &self,
        whom: &Whom<'_>,
        client: Option<IpAddr>,
    ) -> Result<Vec<Budget>, Error> {
        let (network, [kind, name]) = (network(client), whom.about());
        let known = self.knows(whom, client).await?;
        let by_account: [&[u8]; 3] = if known { [kind, name, &network] } else { [kind, name, b"unknown"] };
        let budgets = vec![
            self.by_client(client),
            self.budget(
                "sign-in-account-client",
                &[kind, name, &network],
                5,
                FIVE_MINUTES,
                Refill::AllAtOnce,
            ),
            self.budget("sign-in-account", &by_account, 50, HOUR, Refill::AllAtOnce),
        ];
        self.reserve_or_lock_out(budgets).await
    }

    /// Reserves a guess at a second factor. Whoever guesses has the password already: right passwords
    /// do not reset it.
    pub(crate) async fn reserve_factor_guess(
        &self,
        account: AccountUid,
        client: Option<IpAddr>,
    ) -> Result<Vec<Budget>, Error> {
        let by_account =
            self.budget("second-factor", &[account.as_bytes()], 10, QUARTER_HOUR, Refill::AllAtOnce);
        self.reserve_or_lock_out(vec![by_account, self.by_client(client)]).await
    }

    fn by_client(&self, client: Option<IpAddr>) -> Budget {
        self.budget("sign-in-client", &[&host(client)], 10, MINUTE, Refill::Gradual)
    }

    async fn reserve_or_lock_out(&self, budgets: Vec<Budget>) -> Result<Vec<Budget>, Error> {
        match self.reserve(&budgets).await? {
            Verdict::Taken => Ok(budgets),
            Verdict::Wait(wait) => Err(Error::SignInLockedOut(wait)),
        }
    }

    /// Remembers that the owner signed in from this network.
    pub(crate) async fn remember_client(&self, account: AccountUid, client: Option<IpAddr>) {
        if client.is_some() && self.inner.policy.throttled {
            let until = self.inner.clock.now().plus(KNOWN_FOR);
            let key = self.known_key(&Whom::Account(account), client);
            // A sign-in that stands must not fail for want of this.
            drop(self.inner.throttle.remember(&key, until).await);
        }
    }

    async fn knows(&self, whom: &Whom<'_>, client: Option<IpAddr>) -> Result<bool, Error> {
        if client.is_none() || !self.inner.policy.throttled {
            return Ok(false);
        }
        Ok(self.inner.throttle.remembers(&self.known_key(whom, client), self.inner.clock.now()).await?)
    }

    fn known_key(&self, whom: &Whom<'_>, client: Option<IpAddr>) -> ThrottleKey {
        let [kind, name] = whom.about();
        self.throttle_key("known-client", &[kind, name, &network(client)])
    }

    /// Requests that cost a mail or a guess at a mailed token, by client.
    pub(crate) async fn reserve_by_client(
        &self,
        name: &str,
        client: Option<IpAddr>,
        a_minute: u32,
        an_hour: u32,
    ) -> Result<(), Error> {
        let host = host(client);
        let minute = self.budget(name, &[&host, b"minute"], a_minute, MINUTE, Refill::AllAtOnce);
        let hour = self.budget(name, &[&host, b"hour"], an_hour, HOUR, Refill::AllAtOnce);
        match self.reserve(&[minute, hour]).await? {
            Verdict::Taken => Ok(()),
            Verdict::Wait(wait) => Err(Error::TooManyAttempts(wait)),
        }
    }

    /// Mails to one address: one a minute, five an hour (SEC-16).
    pub(crate) async fn may_mail(&self, name: &str, address: &str) -> Result<bool, Error> {
        let about = address.as_bytes();
        let minute = self.budget(name, &[about, b"minute"], 1, MINUTE, Refill::AllAtOnce);
        let hour = self.budget(name, &[about, b"hour"], 5, HOUR, Refill::AllAtOnce);
        let day = self.budget(name, &[about, b"day"], 20, DAY, Refill::AllAtOnce);
        Ok(self.reserve(&[minute, hour, day]).await? == Verdict::Taken)
    }
}

/// One client: an IPv4 address, or an IPv6 /64, which one subscriber has whole.
fn host(client: Option<IpAddr>) -> Vec<u8> {
    prefix(client, 32)
}

/// One neighbourhood: IPv4 /24, IPv6 /64.
fn network(client: Option<IpAddr>) -> Vec<u8> {
    prefix(client, 24)
}

fn prefix(client: Option<IpAddr>, v4_bits: u8) -> Vec<u8> {
    match client.map(|address| address.to_canonical()) {
        None => b"unknown".to_vec(),
        Some(IpAddr::V4(v4)) => v4.octets().into_iter().take(usize::from(v4_bits / 8)).collect(),
        Some(IpAddr::V6(v6)) => v6.octets().into_iter().take(8).collect(),
    }
}
