//! Mailed tokens die with any change of what they were for.

use crate::store::{AccountState, Change};

/// Takes away every mailed token of the account, and the mail that still waits with it.
pub(crate) fn withdraw_tokens(state: &AccountState) -> Vec<Change> {
    let mut changes: Vec<Change> =
        state.mail_tokens.iter().map(|token| Change::WithdrawMail(token.token)).collect();
    if !changes.is_empty() {
        changes.push(Change::RemoveMailTokens);
    }
    changes
}
