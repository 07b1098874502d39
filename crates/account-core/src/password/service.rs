//! Proving and changing the password (contract 3.3 and 10).

use crate::account::Account;
use crate::accounts::Accounts;
use crate::activity::{Event, Recorder};
use crate::error::Error;
use crate::field::Fault;
use crate::mail::{self, Notice};
use crate::password::{NewPassword, Password, PasswordHash, PasswordProof};
use crate::policy::Operation;
use crate::principal::{Actor, Principal};
use crate::session::{self, SessionToken};
use crate::store::{AccountState, Change};
use crate::time::Timestamp;

/// What a changed password means for the caller.
#[derive(Debug)]
pub struct PasswordChanged {
    /// The calling session's new token: the old one is dead. `None` if a key called.
    pub session: Option<SessionToken>,
}

/// The password; opened by [`Accounts::passwords`].
#[derive(Clone, Copy)]
pub struct Passwords<'a>(pub(crate) &'a Accounts);

impl Passwords<'_> {
    /// Verifies the current password: the first step of whatever needs it. `operation` is what it is for.
    ///
    /// # Errors
    /// [`Error::WrongPassword`], also for none; [`Error::TooManyAttempts`] after five wrong ones in a
    /// minute; [`Error::Busy`] if too many wait for a hash.
    pub async fn prove(
        &self,
        who: &Principal,
        operation: Operation,
        password: Option<&Password>,
    ) -> Result<PasswordProof, Error> {
        self.0.permits(who, operation)?;
        self.0.prove(who, password).await
    }

    /// Changes the password: all other sessions end in the same commit, also those in the making;
    /// the calling one goes on under a new token. Keys stay, unless policy ends them.
    ///
    /// # Errors
    /// [`Error::WrongPassword`] if the password changed since it was proven; [`Error::Busy`].
    pub async fn change(
        &self,
        who: &Principal,
        proof: &PasswordProof,
        new: &NewPassword,
    ) -> Result<PasswordChanged, Error> {
        self.0.permits(who, Operation::ChangePassword)?;
        let inner = &self.0.inner;
        self.0.refuse_own_names(who.account(), new)?;
        let hash = self.0.hash(who.account().uid, new).await?;
        let renewed = match who.session() {
            Some(id) => Some((id, SessionToken::generate(&*inner.entropy)?)),
            None => None,
        };
        let (recorder, notice) = (self.0.recorder(who)?, self.0.mail_id()?);
        let changed = self.0.decide(Actor::Principal(who), |state, now| {
            let rule = || -> Result<(Vec<Change>, ()), Error> {
                if !proof.holds(state) {
                    return Err(Error::WrongPassword);
                }
                let mut changes =
                    self.0.set_password(state, &hash, &recorder, (Event::PasswordChanged, &[]), now)?;
                if let Some((id, token)) = &renewed {
                    let epoch = state.account.password_epoch.next();
                    changes.extend(session::rules::renew(state, *id, token, epoch, &inner.keyring, now));
                }
                changes.extend(self.0.notify(state, notice, Notice::PasswordChanged, now)?);
                Ok((changes, ()))
            };
            rule().into()
        });
        changed.await?;
        Ok(PasswordChanged { session: renewed.map(|(_, token)| token) })
    }
}

impl Accounts {
    /// All that goes with a new password, whoever sets it: the epoch rises, sessions, pending sign-ins
    /// and mailed tokens end (contract 10).
    pub(crate) fn set_password(
        &self,
        state: &AccountState,
        hash: &PasswordHash,
        recorder: &Recorder,
        (event, properties): (Event, &[(&str, String)]),
        now: Timestamp,
    ) -> Result<Vec<Change>, Error> {
        let mut changes = vec![
            Change::SetPassword(hash.clone()),
            Change::SetPasswordEpoch(state.account.password_epoch.next()),
            Change::EndSessionsExcept(None),
            Change::EndPendingSignIns,
        ];
        changes.extend(mail::withdraw_tokens(state));
        if self.inner.policy.revoke_api_keys_on_password_change {
            for key in &state.api_keys {
                let identifier = [("identifier", key.identifier.to_string())];
                changes.push(Change::RemoveApiKey(key.identifier));
                changes.push(recorder.another(&*self.inner.entropy)?.change(
                    Event::ApiKeyDeleted,
                    &identifier,
                    now,
                ));
            }
        }
        changes.push(recorder.change(event, properties, now));
        Ok(changes)
    }

    /// A password made of the account's own names, for those who could not know them when they parsed it.
    pub(crate) fn refuse_own_names(&self, account: &Account, new: &NewPassword) -> Result<(), Error> {
        let names = [account.username.as_str(), account.email.as_str()];
        let refused = self.inner.policy.passwords.block_list && new.is_made_of(&names);
        if refused { Err(Error::field("password", Fault::Compromised)) } else { Ok(()) }
    }
}
