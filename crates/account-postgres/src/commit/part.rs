//! What a statement does to one table. Changes of one kind become one write of several rows; what
//! would have to see another's rows does not join.

use std::mem::discriminant;

use account_core::activity::Activity;
use account_core::api_key::{ApiKeyIdentifier, StoredApiKey};
use account_core::id::{AccountUid, Digest, MailId, SessionId};
use account_core::mail::{MailToken, QueuedMail};
use account_core::ports::keyring::Mac;
use account_core::session::StoredSession;
use account_core::sign_in::PendingSignIn;
use account_core::ssh_key::{Fingerprint, SshKey};
use account_core::store::Change;
use account_core::two_factor::{RecoverySetId, StoredRecoveryCode};

use super::table::Table;
use crate::statement::Draft;
use crate::{activity, api_key, mail, mail_token, pending_sign_in, recovery_code, session, ssh_key};

/// One table's write in one statement.
pub(super) enum Part<'a> {
    /// Columns of the account's row: the statement that holds it sets them.
    Set(&'a Change),
    /// The account's row, and with it what hangs on it.
    DeleteAccount,
    RemoveRecoveryCodes,
    AddRecoveryCodes(&'a [StoredRecoveryCode]),
    SpendRecoveryCode(&'a RecoverySetId, u8),
    AddApiKeys(Vec<&'a StoredApiKey>),
    RemoveApiKeys(Vec<&'a ApiKeyIdentifier>),
    SetApiKeyMacs(Vec<(&'a ApiKeyIdentifier, &'a Mac)>),
    AddSshKeys(Vec<&'a SshKey>),
    RemoveSshKeys(Vec<&'a Fingerprint>),
    AddSessions(Vec<&'a StoredSession>),
    RemoveSessions(Vec<SessionId>),
    RemoveSessionsExcept(Option<SessionId>),
    SetSessionMacs(Vec<(SessionId, &'a Mac)>),
    AddPendingSignIns(Vec<&'a PendingSignIn>),
    SetPendingSignInTries(&'a Digest, u32),
    RemovePendingSignIns(Vec<&'a Digest>),
    RemoveAllPendingSignIns,
    AddMailTokens(Vec<&'a MailToken>),
    RemoveMailTokens(Vec<&'a Digest>),
    RemoveAllMailTokens,
    Send(Vec<&'a QueuedMail>),
    WithdrawMail(Vec<&'a Digest>),
    RemoveMail(Vec<MailId>),
    Record(Vec<&'a Activity>),
}

impl<'a> Part<'a> {
    /// The change as writes, in their order: one, but for the replacement of what is there.
    pub(super) fn of(change: &'a Change) -> Vec<Self> {
        vec![match change {
            Change::ReplaceRecoveryCodes(codes) if codes.is_empty() => Self::RemoveRecoveryCodes,
            Change::ReplaceRecoveryCodes(codes) => {
                return vec![Self::RemoveRecoveryCodes, Self::AddRecoveryCodes(codes)];
            }
            Change::SpendRecoveryCode { set, position } => Self::SpendRecoveryCode(set, *position),
            Change::AddApiKey(key) => Self::AddApiKeys(vec![key]),
            Change::RemoveApiKey(identifier) => Self::RemoveApiKeys(vec![identifier]),
            Change::SetApiKeyMac(identifier, mac) => Self::SetApiKeyMacs(vec![(identifier, mac)]),
            Change::AddSshKey(key) => Self::AddSshKeys(vec![key]),
            Change::RemoveSshKey(fingerprint) => Self::RemoveSshKeys(vec![fingerprint]),
            Change::OpenSession(session) => Self::AddSessions(vec![session]),
            Change::EndSession(id) => Self::RemoveSessions(vec![*id]),
            Change::EndSessionsExcept(kept) => Self::RemoveSessionsExcept(*kept),
            Change::SetSessionMac(id, mac) => Self::SetSessionMacs(vec![(*id, mac)]),
            Change::OpenPendingSignIn(pending) => Self::AddPendingSignIns(vec![pending]),
            Change::SetPendingSignInTries(token, tries) => Self::SetPendingSignInTries(token, *tries),
            Change::EndPendingSignIn(token) => Self::RemovePendingSignIns(vec![token]),
            Change::EndPendingSignIns => Self::RemoveAllPendingSignIns,
            Change::AddMailToken(token) => Self::AddMailTokens(vec![token]),
            Change::RemoveMailToken(token) => Self::RemoveMailTokens(vec![token]),
            Change::RemoveMailTokens => Self::RemoveAllMailTokens,
            Change::Send(queued) => Self::Send(vec![queued]),
            Change::WithdrawMail(token) => Self::WithdrawMail(vec![token]),
            Change::RemoveMail(id) => Self::RemoveMail(vec![*id]),
            Change::Record(entry) => Self::Record(vec![entry]),
            Change::SetEmail { .. }
            | Change::SetProfile { .. }
            | Change::SetAdmin(_)
            | Change::SetDisabled(_)
            | Change::SetPassword(_)
            | Change::SetPasswordEpoch(_)
            | Change::SetFactorEpoch(_)
            | Change::SetPendingTwoFactor(_)
            | Change::SetTwoFactor(_)
            | Change::SetTotpStep(_) => Self::Set(change),
            Change::DeleteAccount => Self::DeleteAccount,
        }]
    }

    pub(super) fn table(&self) -> Table {
        match self {
            Self::Set(_) | Self::DeleteAccount => Table::Account,
            Self::RemoveRecoveryCodes | Self::AddRecoveryCodes(_) | Self::SpendRecoveryCode(..) => {
                Table::RecoveryCode
            }
            Self::AddApiKeys(_) | Self::RemoveApiKeys(_) | Self::SetApiKeyMacs(_) => Table::ApiKey,
            Self::AddSshKeys(_) | Self::RemoveSshKeys(_) => Table::SshKey,
            Self::AddSessions(_)
            | Self::RemoveSessions(_)
            | Self::RemoveSessionsExcept(_)
            | Self::SetSessionMacs(_) => Table::Session,
            Self::AddPendingSignIns(_)
            | Self::SetPendingSignInTries(..)
            | Self::RemovePendingSignIns(_)
            | Self::RemoveAllPendingSignIns => Table::PendingSignIn,
            Self::AddMailTokens(_) | Self::RemoveMailTokens(_) | Self::RemoveAllMailTokens => {
                Table::MailToken
            }
            Self::Send(_) | Self::WithdrawMail(_) | Self::RemoveMail(_) => Table::Mail,
            Self::Record(_) => Table::Activity,
        }
    }

    /// Whether `self` and then `next` are the same as both at once.
    pub(super) fn goes_with(&self, next: &Self) -> bool {
        match (self, next) {
            (Self::SetApiKeyMacs(set), Self::SetApiKeyMacs(next)) => {
                next.iter().all(|(name, _)| set.iter().all(|(known, _)| known != name))
            }
            (Self::SetSessionMacs(set), Self::SetSessionMacs(next)) => {
                next.iter().all(|(name, _)| set.iter().all(|(known, _)| known != name))
            }
            (
                Self::AddRecoveryCodes(_) | Self::SpendRecoveryCode(..) | Self::SetPendingSignInTries(..),
                _,
            )
            | (Self::Set(_) | Self::DeleteAccount | Self::RemoveSessionsExcept(_), _) => false,
            _ => discriminant(self) == discriminant(next),
        }
    }

    /// Takes in what goes with it.
    pub(super) fn join(&mut self, next: Self) {
        match (self, next) {
            (Self::AddApiKeys(rows), Self::AddApiKeys(more)) => rows.extend(more),
            (Self::RemoveApiKeys(rows), Self::RemoveApiKeys(more)) => rows.extend(more),
            (Self::SetApiKeyMacs(rows), Self::SetApiKeyMacs(more)) => rows.extend(more),
            (Self::AddSshKeys(rows), Self::AddSshKeys(more)) => rows.extend(more),
            (Self::RemoveSshKeys(rows), Self::RemoveSshKeys(more)) => rows.extend(more),
            (Self::AddSessions(rows), Self::AddSessions(more)) => rows.extend(more),
            (Self::RemoveSessions(rows), Self::RemoveSessions(more)) => rows.extend(more),
            (Self::SetSessionMacs(rows), Self::SetSessionMacs(more)) => rows.extend(more),
            (Self::AddPendingSignIns(rows), Self::AddPendingSignIns(more)) => rows.extend(more),
            (Self::AddMailTokens(rows), Self::AddMailTokens(more)) => rows.extend(more),
            (Self::RemovePendingSignIns(rows), Self::RemovePendingSignIns(more))
            | (Self::RemoveMailTokens(rows), Self::RemoveMailTokens(more))
            | (Self::WithdrawMail(rows), Self::WithdrawMail(more)) => rows.extend(more),
            (Self::Send(rows), Self::Send(more)) => rows.extend(more),
            (Self::RemoveMail(rows), Self::RemoveMail(more)) => rows.extend(more),
            (Self::Record(rows), Self::Record(more)) => rows.extend(more),
            // To take all away twice is to take them away.
            _ => {}
        }
    }

    /// The write itself, from rows of `hold`.
    pub(super) fn write(&self, draft: &mut Draft, uid: AccountUid) {
        match self {
            // The statement that holds the row does it.
            Self::Set(_) | Self::DeleteAccount => {}
            Self::RemoveRecoveryCodes => recovery_code::remove_all(draft),
            Self::AddRecoveryCodes(codes) => recovery_code::add(draft, codes),
            Self::SpendRecoveryCode(set, position) => recovery_code::spend(draft, (set, *position)),
            Self::AddApiKeys(keys) => api_key::add(draft, keys),
            Self::RemoveApiKeys(identifiers) => api_key::remove(draft, identifiers),
            Self::SetApiKeyMacs(macs) => api_key::set_macs(draft, macs),
            Self::AddSshKeys(keys) => ssh_key::add(draft, keys),
            Self::RemoveSshKeys(fingerprints) => ssh_key::remove(draft, fingerprints),
            Self::AddSessions(sessions) => session::add(draft, sessions),
            Self::RemoveSessions(ids) => session::remove(draft, ids),
            Self::RemoveSessionsExcept(kept) => session::remove_all_but(draft, *kept),
            Self::SetSessionMacs(macs) => session::set_macs(draft, macs),
            Self::AddPendingSignIns(pending) => pending_sign_in::add(draft, pending),
            Self::SetPendingSignInTries(token, tries) => pending_sign_in::set_tries(draft, (token, *tries)),
            Self::RemovePendingSignIns(tokens) => pending_sign_in::remove(draft, tokens),
            Self::RemoveAllPendingSignIns => pending_sign_in::remove_all(draft),
            Self::AddMailTokens(tokens) => mail_token::add(draft, tokens),
            Self::RemoveMailTokens(tokens) => mail_token::remove(draft, tokens),
            Self::RemoveAllMailTokens => mail_token::remove_all(draft),
            Self::Send(mail) => mail::add(draft, mail),
            Self::WithdrawMail(tokens) => mail::withdraw(draft, uid, tokens),
            Self::RemoveMail(ids) => mail::remove(draft, uid, ids),
            Self::Record(entries) => activity::add(draft, entries),
        }
    }
}
