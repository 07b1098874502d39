//! Two-factor authentication: time-based codes (RFC 6238), how a secret is handed to an
//! authenticator (URI and QR code), and recovery codes.
//!
//! Types and codes are pure: they neither seal, nor store, nor count guesses. The service does the
//! first two; signing in with a code is another room.

mod otpauth;
mod qr;
mod recovery_code;
mod service;
mod stored;
mod totp;

pub(crate) use otpauth::encoded as percent_encoded;
pub use otpauth::otpauth_uri;
pub use qr::{TooLongForQr, qr_png_data_uri};
pub use recovery_code::{RecoveryCode, RecoverySetId};
pub use service::{RecoveryCodes, TwoFactorService, TwoFactorSetup};
pub use stored::{PendingTwoFactor, StoredRecoveryCode, TwoFactor};
pub use totp::{TotpCode, TotpSecret, TotpStep, matching_step};
