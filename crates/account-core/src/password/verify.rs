//! Hashing and verifying through the port, with the keyring's pepper and the account's uid.

use crate::accounts::Accounts;
use crate::error::Error;
use crate::id::AccountUid;
use crate::password::{NewPassword, Password, PasswordHash};
use crate::ports::alarm::Alarm;
use crate::ports::hasher::{HashRequest, HasherError, VerifyRequest, fresh_salt};
use crate::store::AccountState;

/// All that bcrypt looks at.
const BCRYPT_BYTES: usize = 72;

/// Whose uid the hash is bound to that is nobody's.
const NOBODY: [u8; 16] = [0; 16];

impl Accounts {
    /// A hash for storage, bound to the account.
    pub(crate) async fn hash(&self, uid: AccountUid, new: &NewPassword) -> Result<PasswordHash, Error> {
        let inner = &self.inner;
        let request =
            HashRequest::new(new, *uid.as_bytes(), fresh_salt(&*inner.entropy)?, inner.keyring.pepper());
        Ok(inner.hasher.hash(request).await?)
    }

    /// Whether this is the account's password. A hash that cannot be read is nobody's, and an alarm.
    pub(crate) async fn verify(&self, state: &AccountState, password: &Password) -> Result<bool, Error> {
        let verified = self.verify_against(&state.password, *state.account.uid.as_bytes(), password).await;
        match verified {
            Err(HasherError::Malformed) => {
                self.inner.alarms.raise(Alarm::HostileHash);
                Ok(false)
            }
            Err(HasherError::UnknownPepper(key)) => {
                self.inner.alarms.raise(Alarm::UnknownKey { key: key.to_string() });
                Err(Error::UnknownKey(key))
            }
            other => Ok(other?),
        }
    }

    /// The same work for a name that nobody has, or for no password at all. Never right.
    pub(crate) async fn verify_nobody(&self, password: Option<&Password>) -> Result<bool, Error> {
        let nothing = Password::new(String::new());
        let password = password.unwrap_or(&nothing);
        self.verify_against(&self.inner.nobodys_password, NOBODY, password).await?;
        Ok(false)
    }

    /// The hash under current parameters and pepper, if the stored one has others. A failure to make
    /// it is none of the user's concern: the next sign-in tries again (SEC-08).
    pub(crate) async fn raised(
        &self,
        state: &AccountState,
        password: Option<&Password>,
    ) -> Option<PasswordHash> {
        let inner = &self.inner;
        let pepper = inner.keyring.pepper();
        if !state.password.needs_rehash(&inner.hasher.params(), pepper.name()) {
            return None;
        }
        // bcrypt looked at 72 bytes: a longer text that verified need not be the password that was set.
        if state.password.as_str().starts_with("$2") && password?.bytes()?.len() > BCRYPT_BYTES {
            return None;
        }
        let salt = fresh_salt(&*inner.entropy).ok()?;
        let request = HashRequest::rehash(password?, *state.account.uid.as_bytes(), salt, pepper)?;
        inner.hasher.hash(request).await.ok()
    }

    async fn verify_against(
        &self,
        hash: &PasswordHash,
        account: [u8; 16],
        password: &Password,
    ) -> Result<bool, HasherError> {
        let request = VerifyRequest::new(password, hash, account, &self.inner.keyring)?;
        self.inner.hasher.verify(request).await
    }
}
