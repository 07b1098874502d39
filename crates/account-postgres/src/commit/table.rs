//! Where a change writes: it decides which changes may share a statement.

/// A table, or a part of the account's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Account,
    RecoveryCode,
    ApiKey,
    SshKey,
    Session,
    PendingSignIn,
    MailToken,
    Mail,
    Activity,
}

impl Table {
    /// Begins its part of a statement.
    pub(super) const fn part(self) -> &'static str {
        match self {
            Self::Account => ", account_part AS (",
            Self::RecoveryCode => ", recovery_code_part AS (",
            Self::ApiKey => ", api_key_part AS (",
            Self::SshKey => ", ssh_key_part AS (",
            Self::Session => ", session_part AS (",
            Self::PendingSignIn => ", pending_sign_in_part AS (",
            Self::MailToken => ", mail_token_part AS (",
            Self::Mail => ", mail_part AS (",
            Self::Activity => ", activity_part AS (",
        }
    }

    /// Trail and outbox refer to no account's row: a deleted account still writes to them.
    pub(super) fn is_beside_the_account(self) -> bool {
        matches!(self, Self::Mail | Self::Activity)
    }
}
