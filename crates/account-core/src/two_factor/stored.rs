//! The second factor as a store keeps it.

use crate::ports::keyring::Sealed;
use crate::time::Timestamp;
use crate::two_factor::{RecoverySetId, TotpStep};

/// A secret that was shown and not yet confirmed. It never touches the active one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingTwoFactor {
    /// The sealed secret.
    pub secret: Sealed,
    /// When it was made; it expires by policy.
    pub made_at: Timestamp,
}

/// The active second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoFactor {
    /// The sealed secret.
    pub secret: Sealed,
    /// The last accepted time step: only greater ones are accepted (RFC 6238 section 5.2).
    pub last_step: TotpStep,
    /// When it was turned on.
    pub enabled_at: Timestamp,
}

/// One unspent recovery code: its keyed digest, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecoveryCode {
    /// The set it belongs to: one enrolment, one set.
    pub set: RecoverySetId,
    /// Its place in the set, from 0. With the set, its name.
    pub position: u8,
    /// The sealed digest.
    pub digest: Sealed,
}
