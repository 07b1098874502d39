//! Two-factor authentication: time-based codes (RFC 6238), how a secret is handed to an
//! authenticator (URI and QR code), and recovery codes.
//!
//! The types and functions of this room are pure: they neither seal, nor store, nor count guesses.

mod otpauth;
mod qr;
mod recovery_code;
mod stored;
mod totp;

pub use otpauth::otpauth_uri;
pub use qr::{TooLongForQr, qr_png_data_uri};
pub use recovery_code::{RecoveryCode, RecoverySetId};
pub use stored::{PendingTwoFactor, StoredRecoveryCode, TwoFactor};
pub use totp::{TotpCode, TotpSecret, TotpStep, matching_step};
