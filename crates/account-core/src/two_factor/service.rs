//! Setting up, enabling and disabling the second factor (contract 4).

use zeroize::Zeroizing;

use crate::accounts::{Accounts, Decision};
use crate::activity::{Event, Recorder};
use crate::error::Error;
use crate::id::{AccountUid, MailId};
use crate::mail::Notice;
use crate::password::PasswordProof;
use crate::policy::Operation;
use crate::ports::alarm::Alarm;
use crate::ports::keyring::{OpenError, Purpose, Sealed};
use crate::principal::{Actor, Principal};
use crate::store::{AccountState, Change};
use crate::time::Timestamp;
use crate::two_factor::{
    PendingTwoFactor, RecoveryCode, RecoverySetId, StoredRecoveryCode, TotpCode, TotpSecret, TwoFactor,
    matching_step, otpauth_uri, qr_png_data_uri,
};

/// Recovery codes of one set (contract 9.2).
const RECOVERY_CODES: u8 = 10;

/// What a user needs to set up an authenticator. Shown once: every call makes a new secret.
pub struct TwoFactorSetup {
    /// The secret in base32, to be typed.
    pub secret: Zeroizing<String>,
    /// The `otpauth://` URI.
    pub otpauth_uri: Zeroizing<String>,
}

impl TwoFactorSetup {
    /// The URI as a QR code: a `data:image/png;base64,…` URI.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the URI is too long for a QR code, which a valid address cannot make it.
    pub fn image(&self) -> Result<Zeroizing<String>, Error> {
        qr_png_data_uri(&self.otpauth_uri).map_err(|error| Error::Corrupt(Box::new(error)))
    }
}

/// Codes that each open the account once in the authenticator's place. Shown once.
pub struct RecoveryCodes {
    /// The codes, in order.
    pub codes: Vec<RecoveryCode>,
}

/// The second factor; opened by [`Accounts::two_factor`].
#[derive(Clone, Copy)]
pub struct TwoFactorService<'a>(pub(crate) &'a Accounts);

impl TwoFactorService<'_> {
    /// Makes a new secret, to be confirmed by [`enable`](Self::enable). It replaces only a pending one.
    ///
    /// # Errors
    /// [`Error::TwoFactorEnabled`] if it is on.
    pub async fn set_up(&self, who: &Principal) -> Result<TwoFactorSetup, Error> {
        self.0.permits(who, Operation::SetUpTwoFactor)?;
        let inner = &self.0.inner;
        let secret = TotpSecret::generate(&*inner.entropy)?;
        let uid = who.account().uid;
        let sealed =
            inner.keyring.seal(&*inner.entropy, Purpose::TotpSecret, &[uid.as_bytes()], secret.as_bytes())?;
        let email = self.0.decide(Actor::Principal(who), |state, now| {
            if state.two_factor.is_some() {
                return Decision::refused(Error::TwoFactorEnabled);
            }
            let pending = PendingTwoFactor { secret: sealed.clone(), made_at: now };
            Decision::committed(vec![Change::SetPendingTwoFactor(Some(pending))], state.account.email.clone())
        });
        let email = email.await?;
        let otpauth_uri = otpauth_uri(&inner.policy.issuer, email.as_str(), &secret);
        Ok(TwoFactorSetup { secret: secret.to_base32(), otpauth_uri })
    }

    /// Turns the second factor on with a code of the pending secret, and answers the recovery codes.
    /// The step of that code is spent with it. `None` is a code that is none.
    ///
    /// # Errors
    /// [`Error::TwoFactorEnabled`] if it is on; [`Error::WrongCode`], also if nothing is pending;
    /// [`Error::WrongPassword`] if the password changed since it was proven.
    pub async fn enable(
        &self,
        who: &Principal,
        proof: &PasswordProof,
        code: Option<&TotpCode>,
    ) -> Result<RecoveryCodes, Error> {
        self.0.permits(who, Operation::EnableTwoFactor)?;
        let (recorder, notice) = (self.0.recorder(who)?, self.0.mail_id()?);
        let (codes, stored) = self.0.mint_recovery_codes(who.account().uid)?;
        let enabled = self.0.decide(Actor::Principal(who), |state, now| {
            self.enable_rule(state, proof, code, &stored, &recorder, who, notice, now).into()
        });
        enabled.await?;
        Ok(RecoveryCodes { codes })
    }

    #[expect(clippy::too_many_arguments, reason = "a rule is a function of all that it looks at")]
    fn enable_rule(
        &self,
        state: &AccountState,
        proof: &PasswordProof,
        code: Option<&TotpCode>,
        recovery_codes: &[StoredRecoveryCode],
        recorder: &Recorder,
        who: &Principal,
        notice: MailId,
        now: Timestamp,
    ) -> Result<(Vec<Change>, ()), Error> {
        if !proof.holds(state) {
            return Err(Error::WrongPassword);
        }
        if state.two_factor.is_some() {
            return Err(Error::TwoFactorEnabled);
        }
        let policy = &self.0.inner.policy;
        let pending = state.pending_two_factor.as_ref().ok_or(Error::WrongCode)?;
        if !pending.made_at.is_within(policy.lifetimes.pending_two_factor, now) {
            return Err(Error::WrongCode);
        }
        let secret = self.0.open_totp(state.account.uid, &pending.secret)?.ok_or(Error::WrongCode)?;
        let code = code.ok_or(Error::WrongCode)?;
        let last_step =
            matching_step(&secret, code, now, policy.totp_window, None).ok_or(Error::WrongCode)?;
        let active = TwoFactor { secret: pending.secret.clone(), last_step, enabled_at: now };
        let mut changes = vec![
            Change::SetTwoFactor(Some(active)),
            Change::SetPendingTwoFactor(None),
            Change::ReplaceRecoveryCodes(recovery_codes.to_vec()),
            Change::SetFactorEpoch(state.account.factor_epoch.next()),
            Change::EndPendingSignIns,
        ];
        changes.extend(self.ended_by_policy(who));
        changes.push(recorder.change(Event::TwoFactorEnabled, &[], now));
        changes.extend(self.0.notify(state, notice, Notice::TwoFactorEnabled, now)?);
        Ok((changes, ()))
    }

    /// Turns the second factor off, and erases all there was of it. Off already is no error.
    ///
    /// # Errors
    /// [`Error::WrongPassword`] if the password changed since it was proven.
    pub async fn disable(&self, who: &Principal, proof: &PasswordProof) -> Result<(), Error> {
        self.0.permits(who, Operation::DisableTwoFactor)?;
        let (recorder, notice) = (self.0.recorder(who)?, self.0.mail_id()?);
        let disabled = self.0.decide(Actor::Principal(who), |state, now| {
            self.disable_rule(state, proof, &recorder, who, notice, now).into()
        });
        disabled.await
    }

    fn disable_rule(
        &self,
        state: &AccountState,
        proof: &PasswordProof,
        recorder: &Recorder,
        who: &Principal,
        notice: MailId,
        now: Timestamp,
    ) -> Result<(Vec<Change>, ()), Error> {
        if !proof.holds(state) {
            return Err(Error::WrongPassword);
        }
        let mut changes = Vec::new();
        if state.pending_two_factor.is_some() {
            changes.push(Change::SetPendingTwoFactor(None));
        }
        if state.two_factor.is_some() {
            changes.extend([
                Change::SetTwoFactor(None),
                Change::ReplaceRecoveryCodes(Vec::new()),
                Change::SetFactorEpoch(state.account.factor_epoch.next()),
                Change::EndPendingSignIns,
            ]);
            changes.extend(self.ended_by_policy(who));
            changes.push(recorder.change(Event::TwoFactorDisabled, &[], now));
            changes.extend(self.0.notify(state, notice, Notice::TwoFactorDisabled, now)?);
        }
        Ok((changes, ()))
    }

    /// Makes a new set of recovery codes in the place of the old one.
    ///
    /// # Errors
    /// [`Error::TwoFactorNotEnabled`] if it is off; [`Error::WrongPassword`] if the password changed
    /// since it was proven.
    pub async fn replace_recovery_codes(
        &self,
        who: &Principal,
        proof: &PasswordProof,
    ) -> Result<RecoveryCodes, Error> {
        self.0.permits(who, Operation::RecoveryCodes)?;
        let recorder = self.0.recorder(who)?;
        let (codes, stored) = self.0.mint_recovery_codes(who.account().uid)?;
        let replaced = self.0.decide(Actor::Principal(who), |state, now| {
            if !proof.holds(state) {
                return Decision::refused(Error::WrongPassword);
            }
            if state.two_factor.is_none() {
                return Decision::refused(Error::TwoFactorNotEnabled);
            }
            let record = recorder.change(Event::RecoveryCodesReplaced, &[], now);
            Decision::committed(vec![Change::ReplaceRecoveryCodes(stored.clone()), record], ())
        });
        replaced.await?;
        Ok(RecoveryCodes { codes })
    }

    /// How many recovery codes are unspent; none while it is off.
    ///
    /// # Errors
    /// Those of policy and store.
    pub async fn remaining_recovery_codes(&self, who: &Principal) -> Result<usize, Error> {
        self.0.permits(who, Operation::RecoveryCodes)?;
        let state = self.0.inner.store.state(who.account().id).await?.ok_or(Error::Unauthenticated)?;
        Ok(state.recovery_codes.len())
    }

    fn ended_by_policy(&self, who: &Principal) -> Option<Change> {
        let ends = self.0.inner.policy.end_sessions_on_two_factor_change;
        ends.then(|| Change::EndSessionsExcept(who.session()))
    }
}

impl Accounts {
    /// Fresh recovery codes, and what is stored of them.
    pub(crate) fn mint_recovery_codes(
        &self,
        uid: AccountUid,
    ) -> Result<(Vec<RecoveryCode>, Vec<StoredRecoveryCode>), Error> {
        let (entropy, keyring) = (&*self.inner.entropy, &self.inner.keyring);
        let set = RecoverySetId::generate(entropy)?;
        let (mut codes, mut stored) = (Vec::new(), Vec::new());
        for position in 0..RECOVERY_CODES {
            let code = RecoveryCode::generate(entropy)?;
            let context: [&[u8]; 3] = [uid.as_bytes(), set.as_bytes(), &[position]];
            let digest =
                keyring.seal(entropy, Purpose::RecoveryCode, &context, &*code.digest(set, uid.as_bytes()))?;
            stored.push(StoredRecoveryCode { set, position, digest });
            codes.push(code);
        }
        Ok((codes, stored))
    }

    /// A sealed TOTP secret. `None` for one that was tampered with: as good as absent, and an alarm.
    pub(crate) fn open_totp(&self, uid: AccountUid, sealed: &Sealed) -> Result<Option<TotpSecret>, Error> {
        match self.inner.keyring.open(Purpose::TotpSecret, &[uid.as_bytes()], sealed) {
            Ok(bytes) => match TotpSecret::from_bytes(&bytes) {
                Ok(secret) => Ok(Some(secret)),
                Err(malformed) => Err(Error::Corrupt(Box::new(malformed))),
            },
            Err(OpenError::UnknownKey(key)) => {
                self.inner.alarms.raise(Alarm::UnknownKey { key: key.to_string() });
                Err(Error::UnknownKey(key))
            }
            Err(OpenError::Forged) => {
                self.inner.alarms.raise(Alarm::Forged { what: "two-factor secret", name: uid.to_string() });
                Ok(None)
            }
        }
    }
}
