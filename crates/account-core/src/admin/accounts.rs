//! Looking up, changing, disabling and deleting accounts.

use crate::account::Account;
use crate::accounts::Decision;
use crate::activity::Event;
use crate::admin::Admin;
use crate::error::Error;
use crate::id::AccountId;
use crate::mail::{self, Notice};
use crate::password::NewPassword;
use crate::principal::Actor;
use crate::profile::{Language, Login, PersonName, Username};
use crate::store::Change;

/// What of a profile to change; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// The username; unique.
    pub username: Option<Username>,
    /// Given name; `Some(None)` takes it away.
    pub first_name: Option<Option<PersonName>>,
    /// Family name; `Some(None)` takes it away.
    pub last_name: Option<Option<PersonName>>,
    /// Preferred language.
    pub language: Option<Language>,
    /// Whether the user administers the embedding application.
    pub admin: Option<bool>,
}

/// The most accounts of one page.
const MOST: u32 = 1000;

impl Admin<'_> {
    /// Accounts with a number above `after`, ascending; at most `limit`, and at most 1000.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self, after: Option<AccountId>, limit: u32) -> Result<Vec<Account>, Error> {
        Ok(self.0.inner.store.accounts(after, limit.min(MOST)).await?)
    }

    /// The account with this number.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn by_id(&self, id: AccountId) -> Result<Account, Error> {
        self.0.inner.store.account(id).await?.ok_or(Error::NotFound)
    }

    /// The account with this e-mail address or username.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn by_login(&self, login: &Login) -> Result<Account, Error> {
        let id = self.0.inner.store.account_by_login(login).await?.ok_or(Error::NotFound)?;
        self.by_id(id).await
    }

    /// Changes names, language or rights.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] if the username is taken.
    pub async fn change_profile(&self, id: AccountId, wanted: &ProfileChange) -> Result<(), Error> {
        let uid = self.by_id(id).await?.uid;
        let recorder = self.0.recorder_without_actor(Some(uid), None)?;
        let changed = self.0.decide(Actor::Operator(id), |state, now| {
            let account = &state.account;
            let profile = Change::SetProfile {
                username: wanted.username.clone().unwrap_or_else(|| account.username.clone()),
                first_name: wanted.first_name.clone().unwrap_or_else(|| account.first_name.clone()),
                last_name: wanted.last_name.clone().unwrap_or_else(|| account.last_name.clone()),
                language: wanted.language.clone().unwrap_or_else(|| account.language.clone()),
            };
            let mut changes = vec![profile];
            changes.extend(wanted.admin.map(Change::SetAdmin));
            let rights = wanted.admin.map(|admin| ("admin", admin.to_string()));
            changes.push(recorder.change(Event::ProfileChanged, rights.as_slice(), now));
            Decision::committed(changes, ())
        });
        changed.await
    }

    /// Sets a password: all sessions, pending sign-ins and mailed tokens end.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Busy`].
    pub async fn set_password(&self, id: AccountId, new: &NewPassword) -> Result<(), Error> {
        let account = self.by_id(id).await?;
        let uid = account.uid;
        self.0.refuse_own_names(&account, new)?;
        let hash = self.0.hash(uid, new).await?;
        let (recorder, notice) = (self.0.recorder_without_actor(Some(uid), None)?, self.0.mail_id()?);
        let set = self.0.decide(Actor::Operator(id), |state, now| {
            let rule = || -> Result<(Vec<Change>, ()), Error> {
                // The hash is bound to the uid it was made for.
                if state.account.uid != uid {
                    return Err(Error::NotFound);
                }
                let mut changes =
                    self.0.set_password(state, &hash, &recorder, (Event::PasswordChanged, &[]), now)?;
                changes.extend(self.0.notify(state, notice, Notice::PasswordChanged, now)?);
                Ok((changes, ()))
            };
            rule().into()
        });
        set.await
    }

    /// Disables an account: nobody gets in, all sessions end. Keys and data stay. Disabled already is no error.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn disable(&self, id: AccountId) -> Result<(), Error> {
        let uid = self.by_id(id).await?.uid;
        let recorder = self.0.recorder_without_actor(Some(uid), None)?;
        let disabled = self.0.decide(Actor::Operator(id), |state, now| {
            if state.account.disabled_at.is_some() {
                return Decision::unchanged(());
            }
            let mut changes = vec![
                Change::SetDisabled(Some(now)),
                Change::SetPasswordEpoch(state.account.password_epoch.next()),
                Change::EndSessionsExcept(None),
                Change::EndPendingSignIns,
            ];
            changes.extend(mail::withdraw_tokens(state));
            changes.push(recorder.change(Event::Disabled, &[], now));
            Decision::committed(changes, ())
        });
        disabled.await
    }

    /// Enables a disabled account again. Enabled already is no error.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn enable(&self, id: AccountId) -> Result<(), Error> {
        let uid = self.by_id(id).await?.uid;
        let recorder = self.0.recorder_without_actor(Some(uid), None)?;
        let enabled = self.0.decide(Actor::Operator(id), |state, now| {
            if state.account.disabled_at.is_none() {
                return Decision::unchanged(());
            }
            Decision::committed(
                vec![Change::SetDisabled(None), recorder.change(Event::Enabled, &[], now)],
                (),
            )
        });
        enabled.await
    }

    /// Deletes an account and all that hangs on it. Its audit entries stay, by uid.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn delete(&self, id: AccountId) -> Result<(), Error> {
        let uid = self.by_id(id).await?.uid;
        let recorder = self.0.recorder_without_actor(Some(uid), None)?;
        let deleted = self.0.decide(Actor::Operator(id), |_, now| {
            Decision::committed(vec![recorder.change(Event::Deleted, &[], now), Change::DeleteAccount], ())
        });
        deleted.await
    }
}
