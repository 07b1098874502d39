//! Checking a second factor against a snapshot, once.

use crate::accounts::Accounts;
use crate::activity::Event;
use crate::error::Error;
use crate::ports::alarm::Alarm;
use crate::ports::keyring::{OpenError, Purpose};
use crate::store::{AccountState, Change};
use crate::time::Timestamp;
use crate::two_factor::{RecoveryCode, TotpCode, matching_step};

/// What a client presents beside the password. `None` inside is something that cannot be one, and is wrong.
#[derive(Debug)]
pub enum SecondFactor {
    /// A code of the authenticator.
    Totp(Option<TotpCode>),
    /// A recovery code.
    Recovery(Option<RecoveryCode>),
}

/// A second factor that was right: what to write so that it is never right again.
pub(crate) struct Accepted {
    pub(crate) spent: Change,
    pub(crate) event: Event,
}

impl SecondFactor {
    pub(crate) fn wrong(&self) -> Error {
        match self {
            Self::Totp(_) => Error::WrongSecondFactor,
            Self::Recovery(_) => Error::WrongRecoveryCode,
        }
    }
}

impl Accounts {
    /// `None` if it is wrong, was used before, or the account has no such factor.
    pub(crate) fn check_factor(
        &self,
        state: &AccountState,
        factor: &SecondFactor,
        now: Timestamp,
    ) -> Result<Option<Accepted>, Error> {
        match factor {
            SecondFactor::Totp(code) => self.check_totp(state, code.as_ref(), now),
            SecondFactor::Recovery(code) => self.check_recovery_code(state, code.as_ref()),
        }
    }

    fn check_totp(
        &self,
        state: &AccountState,
        code: Option<&TotpCode>,
        now: Timestamp,
    ) -> Result<Option<Accepted>, Error> {
        let (Some(active), Some(code)) = (&state.two_factor, code) else { return Ok(None) };
        let Some(secret) = self.open_totp(state.account.uid, &active.secret)? else { return Ok(None) };
        let step = matching_step(&secret, code, now, self.inner.policy.totp_window, Some(active.last_step));
        Ok(step.map(|step| Accepted { spent: Change::SetTotpStep(step), event: Event::TotpAccepted }))
    }

    /// Looks at every code, so that how long it takes does not tell which was right.
    fn check_recovery_code(
        &self,
        state: &AccountState,
        code: Option<&RecoveryCode>,
    ) -> Result<Option<Accepted>, Error> {
        let (Some(_), Some(code)) = (&state.two_factor, code) else { return Ok(None) };
        let uid = state.account.uid;
        let mut accepted = None;
        for stored in &state.recovery_codes {
            let context: [&[u8]; 3] = [uid.as_bytes(), stored.set.as_bytes(), &[stored.position]];
            match self.inner.keyring.open(Purpose::RecoveryCode, &context, &stored.digest) {
                Ok(digest) => {
                    if code.fits(stored.set, uid.as_bytes(), &digest) {
                        let spent = Change::SpendRecoveryCode { set: stored.set, position: stored.position };
                        accepted = Some(Accepted { spent, event: Event::RecoveryCodeSpent });
                    }
                }
                Err(OpenError::UnknownKey(key)) => {
                    self.inner.alarms.raise(Alarm::UnknownKey { key: key.to_string() });
                    return Err(Error::UnknownKey(key));
                }
                Err(OpenError::Forged) => {
                    self.inner.alarms.raise(Alarm::Forged { what: "recovery code", name: uid.to_string() });
                }
            }
        }
        Ok(accepted)
    }
}
