//! What may be swept away. Correctness never rests on it: what has expired is refused anyway.

use crate::time::Timestamp;

/// The sweep's cut-offs: rows *before* each time are expired, rows at it are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// Sessions last seen before this time.
    pub sessions_seen_before: Timestamp,
    /// Sessions created before this time.
    pub sessions_created_before: Timestamp,
    /// Pending sign-ins created before this time.
    pub pending_sign_ins_before: Timestamp,
    /// Pending two-factor secrets made before this time.
    pub pending_two_factor_before: Timestamp,
    /// Password-reset tokens created before this time.
    pub reset_tokens_before: Timestamp,
    /// E-mail verification tokens created before this time.
    pub verification_tokens_before: Timestamp,
    /// Queued mail created before this time.
    pub mail_before: Timestamp,
    /// Audit entries before this time.
    pub activity_before: Timestamp,
}
