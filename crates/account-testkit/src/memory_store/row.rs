//! One change, applied to one account's rows. Lists stay sorted as the contract gives them: by the
//! time of creation, and rows of one millisecond in the order they were added.

use std::collections::BTreeSet;

use account_core::account::{Account, NewAccount};
use account_core::email::Email;
use account_core::id::{AccountId, FactorEpoch, PasswordEpoch, Revision};
use account_core::profile::Username;
use account_core::store::{AccountState, Change, UniqueKey};
use account_core::time::Timestamp;

use super::names::{Name, Names};

/// The row of an account that was just registered.
pub(crate) fn registered(id: AccountId, new: &NewAccount) -> AccountState {
    let new = new.clone();
    AccountState {
        account: Account {
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
        },
        password: new.password,
        pending_two_factor: None,
        two_factor: None,
        recovery_codes: Vec::new(),
        api_keys: Vec::new(),
        ssh_keys: Vec::new(),
        sessions: Vec::new(),
        pending_sign_ins: Vec::new(),
        mail_tokens: Vec::new(),
    }
}

/// An account's rows while changes are applied to them, and what stands against that.
pub(crate) struct Writing<'a> {
    pub(crate) row: AccountState,
    pub(crate) taken: BTreeSet<UniqueKey>,
    names: &'a Names,
}

impl<'a> Writing<'a> {
    pub(crate) fn new(row: AccountState, names: &'a Names) -> Self {
        Self { row, taken: BTreeSet::new(), names }
    }

    /// Notes it if the name is another account's, or is on this account already.
    pub(crate) fn claim(&mut self, name: Name, is_on_this_account: bool) {
        if is_on_this_account || self.names.is_taken(&name, self.row.account.id) {
            self.taken.insert(name.key());
        }
    }

    pub(crate) fn claim_email(&mut self, email: &Email) {
        self.claim(Name::Email(email.canonical().to_owned()), false);
    }

    pub(crate) fn claim_username(&mut self, username: &Username) {
        self.claim(Name::Username(username.as_str().to_owned()), false);
    }

    pub(crate) fn apply_to_the_account(&mut self, change: &Change) {
        match change {
            Change::SetEmail { email, verified_at } => {
                self.claim_email(email);
                self.row.account.email = email.clone();
                self.row.account.email_verified_at = *verified_at;
            }
            Change::SetProfile { username, first_name, last_name, language } => {
                self.claim_username(username);
                self.row.account.username = username.clone();
                self.row.account.first_name = first_name.clone();
                self.row.account.last_name = last_name.clone();
                self.row.account.language = language.clone();
            }
            Change::SetAdmin(admin) => self.row.account.admin = *admin,
            Change::SetDisabled(at) => self.row.account.disabled_at = *at,
            Change::SetPassword(hash) => self.row.password = hash.clone(),
            Change::SetPasswordEpoch(epoch) => self.row.account.password_epoch = *epoch,
            Change::SetFactorEpoch(epoch) => self.row.account.factor_epoch = *epoch,
            _ => {}
        }
    }

    pub(crate) fn apply_to_the_second_factor(&mut self, change: &Change) {
        match change {
            Change::SetPendingTwoFactor(pending) => self.row.pending_two_factor = pending.clone(),
            Change::SetTwoFactor(factor) => {
                self.row.account.two_factor = factor.is_some();
                self.row.two_factor = factor.clone();
            }
            Change::SetTotpStep(step) => {
                if let Some(factor) = &mut self.row.two_factor {
                    factor.last_step = *step;
                }
            }
            Change::ReplaceRecoveryCodes(codes) => {
                self.row.recovery_codes = codes.clone();
                self.row.recovery_codes.sort_by_key(|code| (code.position, code.set));
            }
            Change::SpendRecoveryCode { set, position } => {
                self.row.recovery_codes.retain(|code| (code.set, code.position) != (*set, *position));
            }
            _ => {}
        }
    }

    pub(crate) fn apply_to_keys(&mut self, change: &Change) {
        match change {
            Change::AddApiKey(key) => {
                let here = self.row.api_keys.iter().any(|other| other.identifier == key.identifier);
                self.claim(Name::ApiKey(key.identifier), here);
                add(&mut self.row.api_keys, key.clone(), |key| key.created_at);
            }
            Change::RemoveApiKey(identifier) => {
                self.row.api_keys.retain(|key| key.identifier != *identifier);
            }
            Change::SetApiKeyMac(identifier, mac) => {
                let key = self.row.api_keys.iter_mut().find(|key| key.identifier == *identifier);
                key.into_iter().for_each(|key| key.mac = mac.clone());
            }
            Change::AddSshKey(key) => {
                if self.row.ssh_keys.iter().any(|other| other.fingerprint() == key.fingerprint()) {
                    self.taken.insert(UniqueKey::SshKey);
                }
                add(&mut self.row.ssh_keys, key.clone(), |key| key.created_at);
            }
            Change::RemoveSshKey(fingerprint) => {
                self.row.ssh_keys.retain(|key| key.fingerprint() != *fingerprint);
            }
            _ => {}
        }
    }

    pub(crate) fn apply_to_sessions(&mut self, change: &Change) {
        match change {
            Change::OpenSession(session) => {
                let handle = self.row.sessions.iter().any(|other| other.id == session.id);
                let token = self.row.sessions.iter().any(|other| other.token == session.token);
                self.claim(Name::Session(session.id), handle);
                self.claim(Name::SessionToken(session.token), token);
                add(&mut self.row.sessions, session.clone(), |session| session.created_at);
            }
            Change::EndSession(id) => self.row.sessions.retain(|session| session.id != *id),
            Change::EndSessionsExcept(kept) => {
                self.row.sessions.retain(|session| Some(session.id) == *kept);
            }
            Change::SetSessionMac(id, mac) => {
                let session = self.row.sessions.iter_mut().find(|session| session.id == *id);
                session.into_iter().for_each(|session| session.mac = mac.clone());
            }
            Change::OpenPendingSignIn(pending) => {
                let here = self.row.pending_sign_ins.iter().any(|other| other.token == pending.token);
                self.claim(Name::PendingSignIn(pending.token), here);
                add(&mut self.row.pending_sign_ins, pending.clone(), |pending| pending.created_at);
            }
            Change::SetPendingSignInTries(token, tries) => {
                let pending = self.row.pending_sign_ins.iter_mut().find(|pending| pending.token == *token);
                pending.into_iter().for_each(|pending| pending.tries = *tries);
            }
            Change::EndPendingSignIn(token) => {
                self.row.pending_sign_ins.retain(|pending| pending.token != *token);
            }
            Change::EndPendingSignIns => self.row.pending_sign_ins.clear(),
            _ => {}
        }
    }

    pub(crate) fn apply_to_mail_tokens(&mut self, change: &Change) {
        match change {
            Change::AddMailToken(token) => {
                let here = self.row.mail_tokens.iter().any(|other| other.token == token.token);
                self.claim(Name::MailToken(token.token), here);
                add(&mut self.row.mail_tokens, token.clone(), |token| token.created_at);
            }
            Change::RemoveMailToken(token) => self.row.mail_tokens.retain(|other| other.token != *token),
            Change::RemoveMailTokens => self.row.mail_tokens.clear(),
            _ => {}
        }
    }
}

/// Behind all that are as old.
pub(crate) fn add<T>(list: &mut Vec<T>, new: T, created_at: impl Fn(&T) -> Timestamp) {
    let place = list.partition_point(|other| created_at(other) <= created_at(&new));
    list.insert(place, new);
}
