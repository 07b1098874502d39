//! Registering accounts.

use crate::account::{Account, NewAccount};
use crate::activity::Event;
use crate::admin::Admin;
use crate::email::Email;
use crate::error::Error;
use crate::field::{Fault, FieldErrors};
use crate::id::{AccountId, AccountUid, FactorEpoch, PasswordEpoch, Revision};
use crate::password::{NewPassword, PasswordHash};
use crate::profile::{Language, Login, PersonName, Username};
use crate::store::{StoreError, UniqueKey};

/// An account to be registered.
#[derive(Debug)]
pub struct NewUser {
    /// Unique.
    pub username: Username,
    /// Unique, whatever its case.
    pub email: Email,
    /// Given name.
    pub first_name: Option<PersonName>,
    /// Family name.
    pub last_name: Option<PersonName>,
    /// Preferred language.
    pub language: Language,
    /// Whether the user administers the embedding application.
    pub admin: bool,
    /// Whether the operator vouches for the address.
    pub email_verified: bool,
    /// The first password.
    pub password: InitialPassword,
}

/// With which password an account begins.
#[derive(Debug)]
pub enum InitialPassword {
    /// One that the user may know already.
    Chosen(NewPassword),
    /// A hash from another system: Argon2 or bcrypt. It verifies as it is, and is raised to the
    /// current parameters at the next sign-in.
    Imported(PasswordHash),
}

impl Admin<'_> {
    /// Registers an account.
    ///
    /// # Errors
    /// [`Error::Invalid`] if username or address are taken, naming both if both are; [`Error::Busy`].
    pub async fn register(&self, user: NewUser) -> Result<Account, Error> {
        let inner = &self.0.inner;
        let uid = AccountUid::generate(&*inner.entropy)?;
        let recorder = self.0.recorder_without_actor(Some(uid), None)?;
        let password = match user.password {
            InitialPassword::Chosen(password) => self.0.hash(uid, &password).await?,
            InitialPassword::Imported(hash) => hash,
        };
        let now = inner.clock.now();
        let account = NewAccount {
            uid,
            username: user.username,
            email: user.email,
            email_verified_at: user.email_verified.then_some(now),
            first_name: user.first_name,
            last_name: user.last_name,
            language: user.language,
            admin: user.admin,
            password,
            created_at: now,
        };
        let record = recorder.change(Event::Registered, &[], now);
        let id = match inner.store.register(&account, &[record]).await {
            // A store names the first uniqueness that it met; the caller is to hear of both.
            Err(first @ StoreError::Taken(UniqueKey::Email | UniqueKey::Username)) => {
                let all = self.taken(&account).await?;
                // None: whoever had it was deleted meanwhile.
                return Err(all.into_result().err().map_or_else(|| first.into(), Error::Invalid));
            }
            registered => registered?,
        };
        // Not read back: a failure now would call what was done undone.
        Ok(registered(id, account))
    }

    async fn taken(&self, new: &NewAccount) -> Result<FieldErrors, Error> {
        let mut errors = FieldErrors::default();
        let logins =
            [("username", Login::Username(new.username.clone())), ("email", Login::Email(new.email.clone()))];
        for (field, login) in logins {
            if self.0.inner.store.account_by_login(&login).await?.is_some() {
                errors.add(field, Fault::Taken);
            }
        }
        Ok(errors)
    }
}

/// The account as the store has it from now on.
fn registered(id: AccountId, new: NewAccount) -> Account {
    Account {
        id,
        uid: new.uid,
        revision: Revision::FIRST,
        password_epoch: PasswordEpoch::FIRST,
        factor_epoch: FactorEpoch::FIRST,
        username: new.username,
        email: new.email,
        email_verified_at: new.email_verified_at,
        first_name: new.first_name,
        last_name: new.last_name,
        language: new.language,
        admin: new.admin,
        disabled_at: None,
        two_factor: false,
        created_at: new.created_at,
    }
}
