//! That somebody knew the current password. Only the core can make one, by verifying.

use crate::accounts::{Accounts, MINUTE};
use crate::error::Error;
use crate::id::{AccountUid, PasswordEpoch};
use crate::password::Password;
use crate::ports::throttle::{Budget, Refill};
use crate::principal::Principal;
use crate::store::AccountState;

/// Wrong current passwords a minute, whatever endpoint or credential they come by (SEC-14, F-40).
const GUESSES_A_MINUTE: u32 = 5;

/// The current password was right. It holds for the account it was made for, as long as the password
/// is the same: every change of it raises the password epoch, a mere re-hash does not.
#[derive(Debug)]
pub struct PasswordProof {
    account: AccountUid,
    epoch: PasswordEpoch,
}

impl PasswordProof {
    pub(crate) fn of(state: &AccountState) -> Self {
        Self { account: state.account.uid, epoch: state.account.password_epoch }
    }

    /// Whether the account still has the password that was proven.
    pub(crate) fn holds(&self, state: &AccountState) -> bool {
        state.account.uid == self.account && state.account.password_epoch == self.epoch
    }
}

impl Accounts {
    /// Verifies the caller's current password, under a budget of guesses that is reserved before the
    /// hash is computed and given back if it was right. What is no password at all (absent, too long
    /// to be one) is simply wrong, and guesses nothing.
    pub(crate) async fn prove(
        &self,
        who: &Principal,
        password: Option<&Password>,
    ) -> Result<PasswordProof, Error> {
        let password = password.ok_or(Error::WrongPassword)?;
        let uid = who.account().uid;
        let reserved = self.reserve_guess(uid.as_bytes().to_vec(), vec![self.guesses(uid)]).await?;
        let guess = reserved.map_err(Error::TooManyAttempts)?;
        let proven = self.try_proof(who, password).await;
        // Only a wrong password was a guess: what was never looked at is not counted.
        if !matches!(proven, Err(Error::WrongPassword)) {
            self.give_back(guess).await;
        }
        proven
    }

    async fn try_proof(&self, who: &Principal, password: &Password) -> Result<PasswordProof, Error> {
        let state = self.inner.store.state(who.account().id).await?.ok_or(Error::Unauthenticated)?;
        if self.verify(&state, password).await? {
            Ok(PasswordProof::of(&state))
        } else {
            Err(Error::WrongPassword)
        }
    }

    fn guesses(&self, account: AccountUid) -> Budget {
        self.budget("current-password", &[account.as_bytes()], GUESSES_A_MINUTE, MINUTE, Refill::AllAtOnce)
    }
}
