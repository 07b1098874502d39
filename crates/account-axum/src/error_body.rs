//! The error envelope, and every refusal this edge can give (contract 1.3).
//!
//! An [`ApiError`] is a value: status, items, extra headers. Its texts are fixed here, so no
//! database text, path or panic can reach a client (SEC-63). Which of the core's errors becomes
//! which refusal is decided elsewhere.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use account_core::field::{Fault, FieldErrors};
use account_core::time::Timestamp;
use axum::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::envelope::{json_bytes, json_response};

/// A refusal as the contract writes it. Built by the named constructors; turned into the answer
/// by [`IntoResponse`].
///
/// ```
/// use account_axum::error_body::ApiError;
/// use axum::response::IntoResponse;
/// let response = ApiError::unauthenticated().into_response();
/// assert_eq!(response.status(), 401);
/// assert_eq!(response.headers()["www-authenticate"], "Bearer");
/// ```
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    items: Vec<ErrorItem>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// One entry of `errors`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ErrorItem {
    code: &'static str,
    detail: Cow<'static, str>,
    source: Option<Source>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Source {
    source_field: String,
    rule: &'static str,
}

/// The header with the Unix second at which a limit opens again (contract 1.6).
pub(crate) const RATE_LIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

impl ApiError {
    /// A refusal with one item. `code` is the contract's name for it, `detail` the sentence.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let item = ErrorItem { code, detail: detail.into(), source: None };
        Self { status, items: vec![item], headers: Vec::new() }
    }

    /// 401: no, an unknown or an expired credential. All the same (SEC-33).
    pub fn unauthenticated() -> Self {
        let error = Self::new(StatusCode::UNAUTHORIZED, "AuthenticationException", "Unauthenticated.");
        error.with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 403: the key does not admit this address, or the address is unknown (contract 1.4, SEC-36).
    pub fn address_refused(address: Option<IpAddr>) -> Self {
        let shown = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
        Self::access_denied(format!(
            "This IP address ({shown}) does not have permission to access the API using these credentials."
        ))
    }

    /// 403 for another reason.
    pub fn access_denied(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDeniedHttpException", detail)
    }

    /// 400 `BadRequestHttpException`.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestHttpException", detail)
    }

    /// 400 `DisplayException`: limits, and failures of sign-in and reset.
    pub fn display(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "DisplayException", detail)
    }

    /// 400: the body is not well-formed JSON. `reason` must not repeat the body.
    pub fn malformed_json(reason: impl std::fmt::Display) -> Self {
        Self::bad_request(format!("The JSON data passed in the request appears to be malformed: {reason}"))
    }

    /// 400: wrong current password on the e-mail and password endpoints.
    pub fn wrong_password() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidPasswordProvidedException",
            "The password provided was invalid for this account.",
        )
    }

    /// 400: wrong current password on the two-factor endpoints.
    pub fn wrong_password_for_two_factor() -> Self {
        Self::bad_request("The password provided was not valid.")
    }

    /// 400: the six digits do not fit.
    pub fn wrong_two_factor_code() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "TwoFactorAuthenticationTokenInvalid",
            "The provided two-factor authentication token was not valid.",
        )
    }

    /// 400: policy asks for two-factor authentication and the account has none (contract 1.8).
    pub fn two_factor_required() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "TwoFactorAuthRequiredException",
            "Two-factor authentication is required on this account in order to access this endpoint.",
        )
    }

    /// 404: no such thing, or somebody else's.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NotFoundHttpException",
            "The requested resource could not be found on the server.",
        )
    }

    /// 404: no such route. `path` is without its leading slash.
    pub fn route_not_found(path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NotFoundHttpException",
            format!("The route {path} could not be found."),
        )
    }

    /// 405: the route exists for `allowed` methods, listed as in the `Allow` header.
    pub fn method_not_allowed(method: &str, path: &str, allowed: &str) -> Self {
        let error = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowedHttpException",
            format!("The {method} method is not supported for route {path}. Supported methods: {allowed}."),
        );
        match HeaderValue::from_str(allowed) {
            Ok(allowed) => error.with_header(ALLOW, allowed),
            Err(_) => error,
        }
    }

    /// 413: the body is larger than this edge takes (SEC-59).
    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "PostTooLargeException",
            "The request body is larger than the server accepts.",
        )
    }

    /// 415: a body that is not JSON by its `Content-Type` (contract 16).
    pub fn unsupported_media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedMediaTypeHttpException",
            "The request body must be JSON, with a Content-Type of application/json.",
        )
    }

    /// 419: a request from another site (contract 1.5).
    pub fn cross_site() -> Self {
        let status = StatusCode::from_u16(419).unwrap_or(StatusCode::FORBIDDEN);
        Self::new(status, "HttpException", "CSRF token mismatch.")
    }

    /// 400: the captcha was not passed (contract 8).
    pub fn captcha_not_passed() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "HttpException", "Failed to validate reCAPTCHA data.")
    }

    /// 422: all broken rules of the request's fields, in order.
    pub fn validation(errors: &FieldErrors) -> Self {
        let items = errors
            .iter()
            .map(|error| ErrorItem {
                code: "ValidationException",
                detail: wording(&error.field, &error.fault),
                source: Some(Source { source_field: error.field.clone(), rule: error.fault.rule() }),
            })
            .collect();
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, items, headers: Vec::new() }
    }

    /// 422: the `Idempotency-Key` named another request (draft-ietf-httpapi-idempotency-key-header
    /// section 2.7).
    pub fn idempotency_key_reused() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "UnprocessableEntityHttpException",
            "This Idempotency-Key was used for another request in the last 24 hours.",
        )
    }

    /// 414: the path is too long (SEC-59).
    pub fn uri_too_long() -> Self {
        Self::new(
            StatusCode::URI_TOO_LONG,
            "UriTooLongHttpException",
            "The path of the request is longer than the server accepts.",
        )
    }

    /// 429: too many requests or guesses. `now` and `wait` say when it opens again.
    pub fn throttled(now: Timestamp, wait: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "ThrottleRequestsException", "Too Many Attempts.")
            .opening_again(now, wait)
    }

    /// 429: too many refused sign-ins (contract 8.2, F-33).
    pub fn sign_in_locked_out(now: Timestamp, wait: Duration) -> Self {
        let seconds = whole_seconds(wait);
        let item = ErrorItem {
            code: "ValidationException",
            detail: format!("Too many login attempts. Please try again in {seconds} seconds.").into(),
            source: Some(Source { source_field: "user".to_owned(), rule: "" }),
        };
        Self { status: StatusCode::TOO_MANY_REQUESTS, items: vec![item], headers: Vec::new() }
            .opening_again(now, wait)
    }

    /// 429: the e-mail address was changed too often today (contract 3.2).
    pub fn too_many_email_changes(now: Timestamp, wait: Duration) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequestsHttpException",
            "Your email address has been changed too many times today. Please try again later.",
        )
        .opening_again(now, wait)
    }

    /// 500: nothing that a client can act on. The log has the reason.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            "An unexpected error was encountered while processing this request, please try again.",
        )
    }

    /// 503: not now; nothing is known to be done. Ask again after `wait`.
    pub fn unavailable(wait: Duration) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailableHttpException",
            "The service is temporarily unavailable, please try again.",
        )
        .with_header(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)))
    }

    /// The HTTP status it answers with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The contract's name for the first of what is wrong, such as `AuthenticationException`.
    pub fn code(&self) -> &'static str {
        self.items.first().map_or("", |item| item.code)
    }

    fn opening_again(self, now: Timestamp, wait: Duration) -> Self {
        let seconds = whole_seconds(wait);
        let opens = now.plus(wait).unix_seconds();
        self.with_header(RETRY_AFTER, HeaderValue::from(seconds))
            .with_header(RATE_LIMIT_RESET, HeaderValue::from(opens))
    }

    fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Rounded up, at least one: a client that waits so long is let in.
fn whole_seconds(wait: Duration) -> u64 {
    let more = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(more).max(1)
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let errors = self.items.iter().map(|item| WrittenItem {
            code: item.code,
            status: self.status.as_str(),
            detail: &item.detail,
            meta: item.source.as_ref(),
        });
        let body = Envelope { errors: errors.collect() };
        // Strings and a list of them: writing these cannot fail.
        let mut response = json_response(self.status, json_bytes(&body).unwrap_or_default());
        response.headers_mut().extend(self.headers);
        response
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    errors: Vec<WrittenItem<'a>>,
}

#[derive(Serialize)]
struct WrittenItem<'a> {
    code: &'a str,
    status: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<&'a Source>,
}

/// The sentence for one broken rule. Array elements keep their raw name, other fields are shown
/// with spaces (contract 1.3).
fn wording(field: &str, fault: &Fault) -> Cow<'static, str> {
    let attribute = if field.contains('.') { field.to_owned() } else { field.replace('_', " ") };
    let text = match fault {
        Fault::Required => format!("The {attribute} field is required."),
        Fault::NotAString => format!("The {attribute} must be a string."),
        Fault::NotAnArray => format!("The {attribute} must be an array."),
        Fault::NotANumber => format!("The {attribute} must be a number."),
        Fault::NotAnEmail => format!("The {attribute} must be a valid email address."),
        Fault::Between { min, max } => {
            format!("The {attribute} must be between {min} and {max} characters.")
        }
        Fault::Taken => format!("The {attribute} has already been taken."),
        Fault::NotConfirmed => format!("The {attribute} confirmation does not match."),
        Fault::TooShort(min) => format!("The {attribute} must be at least {min} characters."),
        Fault::TooLong(max) => format!("The {attribute} may not be greater than {max} characters."),
        Fault::TooManyBytes(max) => format!("The {attribute} may not be greater than {max} bytes."),
        Fault::TooManyItems(max) => format!("The {attribute} may not have more than {max} items."),
        Fault::Size(size) => format!("The {attribute} must be {size} characters."),
        Fault::Format => format!("The {attribute} format is invalid."),
        Fault::Compromised => {
            format!("The {attribute} is too easy to guess. Please choose a different {attribute}.")
        }
        Fault::NotAFutureTime => format!("The {attribute} must be a time in the future."),
        Fault::NotAnAddress(value) => format!("\"{value}\" is not a valid IP address or CIDR range."),
        Fault::SshKeyInvalid => return Cow::Borrowed("The public key provided is not valid."),
        Fault::SshKeyDsa => return Cow::Borrowed("DSA keys are not supported."),
        Fault::SshKeyRsaTooShort => {
            return Cow::Borrowed("RSA keys must be at least 2048 bytes in length.");
        }
        Fault::SshKeyPresent => {
            return Cow::Borrowed("The public key provided already exists on your account.");
        }
    };
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn body_of(error: ApiError) -> String {
        let response = error.into_response();
        let bytes = axum::body::to_bytes(response.into_body(), 64 * 1024).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_refusal_is_written_as_the_contract_shows_it() {
        let errors = FieldErrors::one("email", Fault::NotAnEmail);
        assert_eq!(
            body_of(ApiError::validation(&errors)).await,
            concat!(
                r#"{"errors":[{"code":"ValidationException","status":"422","#,
                r#""detail":"The email must be a valid email address.","#,
                r#""meta":{"source_field":"email","rule":"email"}}]}"#
            )
        );
    }

    #[tokio::test]
    async fn the_status_in_the_body_is_the_status_of_the_answer() {
        let now = Timestamp::from_millis(0);
        let wait = Duration::from_secs(1);
        for error in [
            ApiError::unauthenticated(),
            ApiError::address_refused(None),
            ApiError::not_found(),
            ApiError::too_large(),
            ApiError::unsupported_media_type(),
            ApiError::cross_site(),
            ApiError::throttled(now, wait),
            ApiError::internal(),
            ApiError::unavailable(wait),
        ] {
            let status = error.status().as_str().to_owned();
            assert!(body_of(error).await.contains(&format!(r#""status":"{status}""#)));
        }
    }

    #[test]
    fn every_rule_is_worded_as_the_contract_has_it() {
        for (field, fault, expected) in [
            ("public_key", Fault::Required, "The public key field is required."),
            ("name", Fault::NotAString, "The name must be a string."),
            ("allowed_ips.0", Fault::NotAString, "The allowed_ips.0 must be a string."),
            ("allowed_ips", Fault::NotAnArray, "The allowed ips must be an array."),
            ("authentication_code", Fault::NotANumber, "The authentication code must be a number."),
            ("email", Fault::Between { min: 1, max: 191 }, "The email must be between 1 and 191 characters."),
            ("email", Fault::Taken, "The email has already been taken."),
            ("password", Fault::NotConfirmed, "The password confirmation does not match."),
            ("password", Fault::TooShort(8), "The password must be at least 8 characters."),
            ("description", Fault::TooLong(500), "The description may not be greater than 500 characters."),
            ("allowed_ips", Fault::TooManyItems(50), "The allowed ips may not have more than 50 items."),
            ("code", Fault::Size(6), "The code must be 6 characters."),
            (
                "allowed_ips.0",
                Fault::NotAnAddress("hodor".into()),
                "\"hodor\" is not a valid IP address or CIDR range.",
            ),
        ] {
            assert_eq!(wording(field, &fault), expected);
        }
    }

    #[test]
    fn a_wait_is_rounded_up_and_never_zero() {
        let header = |wait: Duration| {
            let response = ApiError::throttled(Timestamp::from_millis(10_000), wait).into_response();
            let read = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
            (read("retry-after"), read("x-ratelimit-reset"))
        };
        assert_eq!(header(Duration::ZERO), ("1".into(), "10".into()));
        assert_eq!(header(Duration::from_millis(1500)), ("2".into(), "11".into()));
        assert_eq!(header(Duration::from_secs(60)), ("60".into(), "70".into()));
    }
}
