//! What a signed-in caller can ask for, and which policies each is under.

use crate::account::Account;
use crate::error::Error;
use crate::policy::{ApiKeyPolicy, Policy, TwoFactorRequired};

/// What a signed-in caller asks for. Every service names its own; [`Other`](Self::Other) is for an
/// embedder's routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Reading the account's details.
    ReadAccount,
    /// Changing the e-mail address.
    ChangeEmail,
    /// Changing the password.
    ChangePassword,
    /// Beginning to set up the second factor.
    SetUpTwoFactor,
    /// Turning the second factor on.
    EnableTwoFactor,
    /// Turning the second factor off.
    DisableTwoFactor,
    /// Counting or replacing recovery codes.
    RecoveryCodes,
    /// Listing API keys.
    ListApiKeys,
    /// Making an API key.
    CreateApiKey,
    /// Deleting an API key.
    DeleteApiKey,
    /// Listing SSH keys.
    ListSshKeys,
    /// Adding an SSH key.
    AddSshKey,
    /// Removing an SSH key.
    RemoveSshKey,
    /// Reading the audit trail.
    ReadActivity,
    /// Listing sessions.
    ListSessions,
    /// Ending sessions.
    EndSessions,
    /// Anything of the embedding application's own.
    Other,
}

impl Operation {
    /// Open to an account that policy wants a second factor of: what it takes to get one (contract 1.8).
    fn leads_to_a_second_factor(self) -> bool {
        matches!(
            self,
            Self::ReadAccount | Self::SetUpTwoFactor | Self::EnableTwoFactor | Self::DisableTwoFactor
        )
    }

    /// Refused to keys under [`ApiKeyPolicy::SessionOnly`] (requirements D6).
    fn changes_a_credential(self) -> bool {
        match self {
            Self::ChangeEmail
            | Self::ChangePassword
            | Self::SetUpTwoFactor
            | Self::EnableTwoFactor
            | Self::DisableTwoFactor
            | Self::RecoveryCodes
            | Self::CreateApiKey
            | Self::AddSshKey => true,
            Self::ReadAccount
            | Self::ListApiKeys
            | Self::DeleteApiKey
            | Self::ListSshKeys
            | Self::RemoveSshKey
            | Self::ReadActivity
            | Self::ListSessions
            | Self::EndSessions
            | Self::Other => false,
        }
    }
}

impl Policy {
    /// Whether a caller may ask for this at all.
    ///
    /// # Errors
    /// [`Error::TwoFactorRequired`] or [`Error::SessionRequired`].
    pub fn permits(&self, account: &Account, by_api_key: bool, operation: Operation) -> Result<(), Error> {
        let demanded = match self.two_factor_required {
            TwoFactorRequired::Nobody => false,
            TwoFactorRequired::Administrators => account.admin,
            TwoFactorRequired::Everybody => true,
        };
        if demanded && !account.two_factor && !operation.leads_to_a_second_factor() {
            return Err(Error::TwoFactorRequired);
        }
        if by_api_key && self.api_keys == ApiKeyPolicy::SessionOnly && operation.changes_a_credential() {
            return Err(Error::SessionRequired);
        }
        Ok(())
    }
}
