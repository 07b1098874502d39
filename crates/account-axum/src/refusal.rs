//! How each of the core's errors is answered: the one place where they become the contract's JSON.
//!
//! What only an operator can mend is logged here, with its cause, and answered without detail (SEC-63).

use std::error::Error as StdError;
use std::time::Duration;

use account_core::time::Timestamp;
use account_core::{Error, Limit};

use crate::error_body::ApiError;

/// How long a client should wait where nothing better is known.
const SHORTLY: Duration = Duration::from_secs(1);

/// What was asked for, where the contract words one refusal in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// As everywhere.
    Usual,
    /// At the two-factor endpoints a wrong password has another name (contract 12, D7).
    TwoFactor,
    /// The mailed token verifies an address, and resets nothing.
    Verification,
}

/// The answer to what the core refused at the time `now`.
pub(crate) fn refusal(error: Error, wording: Wording, now: Timestamp) -> ApiError {
    match error {
        Error::Unauthenticated => ApiError::unauthenticated(),
        Error::WrongKeyKind => ApiError::access_denied(
            "You are attempting to use an application API key on an endpoint that requires a client API key.",
        ),
        Error::AddressNotAllowed(address) => ApiError::address_refused(address),
        Error::TwoFactorRequired => ApiError::two_factor_required(),
        Error::SessionRequired => {
            ApiError::access_denied("This endpoint requires a signed-in session; an API key is not enough.")
        }
        Error::WiderThanMaker => ApiError::access_denied(
            "A restricted API key can only create keys that are restricted at least as much.",
        ),
        Error::Invalid(errors) => ApiError::validation(&errors),
        Error::WrongPassword => wrong_password(wording),
        Error::WrongCode => ApiError::wrong_two_factor_code(),
        Error::TwoFactorEnabled => {
            ApiError::bad_request("Two-factor authentication is already enabled on this account.")
        }
        Error::TwoFactorNotEnabled => {
            ApiError::bad_request("Two-factor authentication is not enabled on this account.")
        }
        Error::IdempotencyKeyReused => ApiError::idempotency_key_reused(),
        Error::LimitReached(limit) => limit_reached(limit),
        Error::NotFound => ApiError::not_found(),
        Error::TooManyAttempts(wait) => ApiError::throttled(now, wait),
        Error::TooManyEmailChanges(wait) => ApiError::too_many_email_changes(now, wait),
        Error::SignInRefused => ApiError::display("No account matching those credentials could be found."),
        Error::SignInLockedOut(wait) => ApiError::sign_in_locked_out(now, wait),
        Error::SignInExpired => ApiError::display(
            "The authentication token provided has expired, please refresh the page and try again.",
        ),
        Error::WrongSecondFactor => ApiError::display("The two-factor authentication token was invalid."),
        Error::WrongRecoveryCode => ApiError::display("The recovery token provided is not valid."),
        Error::EmailNotVerified => {
            ApiError::display("The email address of this account must be verified before you can sign in.")
        }
        Error::WrongMailToken => wrong_mail_token(wording),
        Error::Busy(wait) => {
            tracing::warn!(?wait, "too many passwords wait to be hashed");
            ApiError::unavailable(wait)
        }
        Error::Contended => {
            tracing::warn!("an account is changed by too many at once");
            ApiError::unavailable(SHORTLY)
        }
        Error::Unavailable(cause) => {
            tracing::error!(cause = in_full(&*cause), "not available");
            ApiError::unavailable(SHORTLY)
        }
        Error::OutcomeUnknown(cause) => {
            tracing::error!(cause = in_full(&*cause), "whether a commit happened is unknown");
            ApiError::unavailable(SHORTLY)
        }
        Error::UnknownKey(name) => {
            tracing::error!(key = ?name, "a row was written under a key that the keyring does not have");
            ApiError::unavailable(SHORTLY)
        }
        Error::Corrupt(cause) => {
            tracing::error!(cause = in_full(&*cause), "a stored row is corrupt");
            ApiError::internal()
        }
    }
}

fn wrong_password(wording: Wording) -> ApiError {
    match wording {
        Wording::TwoFactor => ApiError::wrong_password_for_two_factor(),
        Wording::Usual | Wording::Verification => ApiError::wrong_password(),
    }
}

fn wrong_mail_token(wording: Wording) -> ApiError {
    ApiError::display(match wording {
        Wording::Verification => "This verification token is invalid.",
        Wording::Usual | Wording::TwoFactor => "This password reset token is invalid.",
    })
}

fn limit_reached(limit: Limit) -> ApiError {
    ApiError::display(match limit {
        Limit::ApiKeys => "You have reached the account limit for number of API keys.",
        Limit::SshKeys => "You have reached the account limit for number of SSH keys.",
    })
}

/// An error and all its causes, as one line.
fn in_full(error: &(dyn StdError + Send + Sync + 'static)) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line = format!("{line}: {cause}");
        next = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    async fn answer(error: Error, wording: Wording) -> (u16, String, Option<String>) {
        let response = refusal(error, wording, Timestamp::from_millis(0)).into_response();
        let status = response.status().as_u16();
        let retry = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        let bytes = axum::body::to_bytes(response.into_body(), 64 * 1024).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap(), retry)
    }

    #[tokio::test]
    async fn sec_63_what_an_operator_must_mend_is_answered_without_detail() {
        let cause = || Box::<dyn StdError + Send + Sync>::from("disk full at /var/lib/account.db");
        for (error, status) in [
            (Error::Unavailable(cause()), 503),
            (Error::OutcomeUnknown(cause()), 503),
            (Error::Contended, 503),
            (Error::Busy(Duration::from_millis(1500)), 503),
            (Error::Corrupt(cause()), 500),
        ] {
            let (answered, body, retry) = answer(error, Wording::Usual).await;
            assert_eq!(answered, status);
            assert!(!body.contains("disk"), "{body}");
            assert_eq!(retry.is_some(), status == 503, "{body}");
        }
    }

    #[tokio::test]
    async fn a_wrong_password_has_two_names() {
        let (status, body, _) = answer(Error::WrongPassword, Wording::Usual).await;
        assert!(status == 400 && body.contains("InvalidPasswordProvidedException"), "{body}");
        let (status, body, _) = answer(Error::WrongPassword, Wording::TwoFactor).await;
        assert!(status == 400 && body.contains("BadRequestHttpException"), "{body}");
    }

    #[tokio::test]
    async fn f_33_a_locked_out_sign_in_is_429_in_the_head_and_in_the_body() {
        let (status, body, retry) =
            answer(Error::SignInLockedOut(Duration::from_millis(41_200)), Wording::Usual).await;
        assert_eq!((status, retry.as_deref()), (429, Some("42")));
        assert_eq!(
            body,
            concat!(
                r#"{"errors":[{"code":"ValidationException","status":"429","#,
                r#""detail":"Too many login attempts. Please try again in 42 seconds.","#,
                r#""meta":{"source_field":"user","rule":""}}]}"#
            )
        );
    }
}
