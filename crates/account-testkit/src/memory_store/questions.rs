//! The questions, answered from the model.

use account_core::account::Account;
use account_core::activity::{Activity, ActivityPage, ActivityQuery};
use account_core::api_key::{ApiKeyIdentifier, StoredApiKey};
use account_core::id::{AccountId, Digest, MailId};
use account_core::mail::QueuedMail;
use account_core::ports::keyring::{KeyCheck, KeyName};
use account_core::profile::Login;
use account_core::session::StoredSession;
use account_core::store::AccountState;
use account_core::time::Timestamp;

use super::budgets::Budgets;
use super::model::Model;
use super::names::Name;

impl Model {
    /// The account with this number.
    pub fn account(&self, id: AccountId) -> Option<Account> {
        self.accounts.get(&id).map(|row| row.account.clone())
    }

    /// The number of the account with this address or username.
    pub fn account_by_login(&self, login: &Login) -> Option<AccountId> {
        let key = login.key().to_owned();
        self.names.owner(&match login {
            Login::Email(_) => Name::Email(key),
            Login::Username(_) => Name::Username(key),
        })
    }

    /// Accounts with a number above `after`, ascending.
    pub fn accounts(&self, after: Option<AccountId>, limit: u32) -> Vec<Account> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let above = |row: &&AccountState| after.is_none_or(|after| row.account.id > after);
        self.accounts.values().filter(above).take(limit).map(|row| row.account.clone()).collect()
    }

    /// All that a decision may look at.
    pub fn state(&self, id: AccountId) -> Option<AccountState> {
        self.accounts.get(&id).cloned()
    }

    /// The states of all accounts, by number: what invariants are checked against.
    pub fn states(&self) -> impl Iterator<Item = &AccountState> {
        self.accounts.values()
    }

    /// A key and its account.
    pub fn api_key(&self, identifier: &ApiKeyIdentifier) -> Option<(StoredApiKey, Account)> {
        let row = self.row_of(&Name::ApiKey(*identifier))?;
        let key = row.api_keys.iter().find(|key| key.identifier == *identifier)?;
        Some((StoredApiKey { idempotency: None, ..key.clone() }, row.account.clone()))
    }

    /// A session and its account.
    pub fn session(&self, token: &Digest) -> Option<(StoredSession, Account)> {
        let row = self.row_of(&Name::SessionToken(*token))?;
        let session = row.sessions.iter().find(|session| session.token == *token)?;
        Some((session.clone(), row.account.clone()))
    }

    /// Whose pending sign-in this is.
    pub fn account_by_pending_sign_in(&self, token: &Digest) -> Option<AccountId> {
        self.names.owner(&Name::PendingSignIn(*token))
    }

    /// Whose mailed token this is.
    pub fn account_by_mail_token(&self, token: &Digest) -> Option<AccountId> {
        self.names.owner(&Name::MailToken(*token))
    }

    /// A page of the audit trail.
    pub fn activities(&self, query: &ActivityQuery) -> ActivityPage {
        self.trail.page(query)
    }

    /// The whole audit trail: entries of nobody's account too.
    pub fn trail(&self) -> Vec<Activity> {
        self.trail.all()
    }

    /// Takes mails that are due, earliest first, for one worker alone.
    pub fn claim_mail(&mut self, now: Timestamp, until: Timestamp, limit: u32) -> Vec<QueuedMail> {
        self.outbox.claim(now, until, usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// Takes a delivered mail away.
    pub fn remove_mail(&mut self, id: MailId) {
        self.outbox.remove(id);
    }

    /// Tries a mail again later.
    pub fn postpone_mail(&mut self, id: MailId, due_at: Timestamp) {
        self.outbox.postpone(id, due_at);
    }

    /// All mail that waits, in the order it was queued.
    pub fn outbox(&self) -> &[QueuedMail] {
        self.outbox.all()
    }

    /// All keys' names and check values, by name.
    pub fn key_checks(&self) -> Vec<KeyCheck> {
        self.key_checks.iter().map(|(name, check)| KeyCheck { name: name.clone(), check: *check }).collect()
    }

    /// Adds the key that `ring` writes with, unless a key is there that is not in `ring`.
    pub fn add_key_check(&mut self, new: &KeyCheck, ring: &[KeyCheck]) {
        if self.key_checks().iter().all(|known| ring.contains(known)) {
            self.key_checks.entry(new.name.clone()).or_insert(new.check);
        }
    }

    /// Takes a retired key's check away.
    pub fn remove_key_check(&mut self, name: &KeyName) {
        self.key_checks.retain(|other, _| other != name);
    }

    /// How much of each budget is used.
    pub fn budgets(&mut self) -> &mut Budgets {
        &mut self.budgets
    }

    fn row_of(&self, name: &Name) -> Option<&AccountState> {
        self.accounts.get(&self.names.owner(name)?)
    }
}
