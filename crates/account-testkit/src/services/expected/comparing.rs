//! Whether the store holds what the model expects, row by row; what is new and random is taken over.

use std::fmt::Debug;

use account_core::ports::keyring::{Keyring, Purpose};
use account_core::store::AccountState;

use super::person::{Active, Person};

/// What was expected of one thing, and what was found.
fn same<T: PartialEq + Debug>(what: &str, expected: T, found: T) -> Result<(), String> {
    if expected == found { Ok(()) } else { Err(format!("{what}: expected {expected:?}, found {found:?}")) }
}

/// The found value is the known one; an unknown one becomes known.
fn known<T: PartialEq + Debug>(what: &str, known: &mut Option<T>, found: T) -> Result<(), String> {
    match known {
        Some(known) => same(what, &*known, &found),
        None => {
            *known = Some(found);
            Ok(())
        }
    }
}

impl Person {
    /// Compares everything of the account.
    pub(crate) fn compare(&mut self, state: &AccountState, keyring: &Keyring) -> Result<(), String> {
        let compared = self
            .compare_account(state)
            .and_then(|()| self.compare_second_factor(state, keyring))
            .and_then(|()| self.compare_keys(state))
            .and_then(|()| self.compare_sessions(state))
            .and_then(|()| self.compare_tokens(state));
        compared.map_err(|words| format!("account {} ({}): {words}", self.id, self.username))
    }

    fn compare_account(&self, state: &AccountState) -> Result<(), String> {
        let account = &state.account;
        same("number", self.id, account.id)?;
        same("uid", self.uid, account.uid)?;
        same("revision", self.revision, account.revision.0)?;
        same("username", self.username.as_str(), account.username.as_str())?;
        same("e-mail address", self.email.as_str(), account.email.as_str())?;
        same("time of verification", self.verified_at, account.email_verified_at)?;
        same("time of disabling", self.disabled_at, account.disabled_at)?;
        same("password epoch", self.password_epoch, account.password_epoch.0)?;
        same("factor epoch", self.factor_epoch, account.factor_epoch.0)?;
        same("two-factor flag", self.factor.is_some(), account.two_factor)
    }

    fn compare_second_factor(&mut self, state: &AccountState, keyring: &Keyring) -> Result<(), String> {
        let uid = self.uid;
        let open = |sealed| {
            let opened = keyring.open(Purpose::TotpSecret, &[uid.as_bytes()], sealed);
            opened.map(|secret| secret.to_vec()).map_err(|error| format!("sealed secret: {error:?}"))
        };
        same("pending second factor", self.pending.is_some(), state.pending_two_factor.is_some())?;
        if let (Some(pending), Some(stored)) = (&mut self.pending, &state.pending_two_factor) {
            same("time of the pending second factor", pending.made_at, stored.made_at)?;
            known("pending secret", &mut pending.secret, open(&stored.secret)?)?;
        }
        same("second factor", self.factor.is_some(), state.two_factor.is_some())?;
        if let (Some(Active { secret, last_step }), Some(stored)) = (&mut self.factor, &state.two_factor) {
            same("last accepted time step", *last_step, stored.last_step.0)?;
            known("active secret", secret, open(&stored.secret)?)?;
        }
        same("number of unspent recovery codes", self.codes.len(), state.recovery_codes.len())?;
        for (code, stored) in self.codes.iter_mut().zip(&state.recovery_codes) {
            same("place of an unspent recovery code", code.position, stored.position)?;
            let context: [&[u8]; 3] = [uid.as_bytes(), stored.set.as_bytes(), &[stored.position]];
            let digest = keyring
                .open(Purpose::RecoveryCode, &context, &stored.digest)
                .map_err(|error| format!("sealed recovery code: {error:?}"))?;
            known("recovery code", &mut code.known, (stored.set, digest.to_vec()))?;
        }
        Ok(())
    }

    fn compare_keys(&mut self, state: &AccountState) -> Result<(), String> {
        same("number of API keys", self.keys.len(), state.api_keys.len())?;
        for (key, stored) in self.keys.iter_mut().zip(&state.api_keys) {
            known("API key", &mut key.known, (stored.identifier, stored.secret))?;
            same("allow-list of a key", key.allowed.as_slice(), stored.allowed_ips.entries())?;
            same("expiry of a key", key.expires_at, stored.expires_at)?;
            same("maker of a key", key.made_by, stored.made_by)?;
            same("time of a key's making", key.created_at, stored.created_at)?;
            same("last use of a key", key.last_used_at, stored.last_used_at)?;
        }
        let found: Vec<_> = state.ssh_keys.iter().map(|key| (key.fingerprint(), key.created_at)).collect();
        same("SSH keys", &self.ssh_keys, &found)
    }

    fn compare_sessions(&mut self, state: &AccountState) -> Result<(), String> {
        same("number of sessions", self.sessions.len(), state.sessions.len())?;
        for (session, stored) in self.sessions.iter_mut().zip(&state.sessions) {
            known("session", &mut session.id, stored.id)?;
            known("session token", &mut session.token, stored.token)?;
            same("epoch of a session", self.password_epoch, stored.password_epoch.0)?;
            same("time of a session's opening", session.created_at, stored.created_at)?;
            same("last use of a session", session.last_seen_at, stored.last_seen_at)?;
        }
        same("number of pending sign-ins", self.confirmations.len(), state.pending_sign_ins.len())?;
        for (pending, stored) in self.confirmations.iter_mut().zip(&state.pending_sign_ins) {
            known("pending sign-in", &mut pending.token, stored.token)?;
            same("tries of a pending sign-in", pending.tries, stored.tries)?;
            same("time of a pending sign-in", pending.created_at, stored.created_at)?;
        }
        Ok(())
    }

    fn compare_tokens(&mut self, state: &AccountState) -> Result<(), String> {
        same("number of mailed tokens", self.mailed.len(), state.mail_tokens.len())?;
        for (mailed, stored) in self.mailed.iter_mut().zip(&state.mail_tokens) {
            known("mailed token", &mut mailed.token, stored.token)?;
            same("purpose of a mailed token", mailed.purpose, stored.purpose)?;
            same("time of a mailed token", mailed.created_at, stored.created_at)?;
        }
        Ok(())
    }
}
