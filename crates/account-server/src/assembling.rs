//! Puts the services together: the settings become policy, the hashing threads start, alarms and events go
//! to the log. What the policy then means is the core's.

use std::sync::Arc;

use account_core::policy::{self, Policy};
use account_core::ports::hasher::{Argon2Kernel, HashingOptions, HashingThreads};
use account_core::ports::keyring::KeyringError;
use account_core::{Accounts, StartError};

use crate::failure::Failure;
use crate::opening::Opened;
use crate::security_log::SecurityLog;
use crate::settings::{Settings, TwoFactorRequired};
use crate::thread_priority;

/// The services over an open database.
///
/// # Errors
/// One line: the keyring is not the database's, the database does not answer, no thread could be started.
pub(crate) async fn accounts(settings: &Settings, opened: Opened) -> Result<Accounts, Failure> {
    let mut hashing = HashingOptions {
        on_thread_start: Some(Arc::new(thread_priority::hashing)),
        ..HashingOptions::default()
    };
    if let Some(threads) = settings.hashing_threads.and_then(|threads| usize::try_from(threads).ok()) {
        hashing.threads = threads;
    }
    let hasher = HashingThreads::start(Argon2Kernel::default(), hashing)
        .map_err(|error| Failure::refused(format!("the hashing threads cannot be started: {error}")))?;
    let built = Accounts::builder(opened.store, opened.keyring)
        .throttle(opened.throttle)
        .hasher(Arc::new(hasher))
        .alarms(Arc::new(SecurityLog))
        .listener(Arc::new(SecurityLog))
        .policy(policy(settings))
        .build();
    built.await.map_err(|error| {
        let advice = if is_another_keyring(&error) { OTHER_KEYRING } else { "" };
        Failure::refused(format!("{}: {}{advice}", settings.database, in_full(&error)))
    })
}

/// What to do with a keyring that is not the database's.
const OTHER_KEYRING: &str =
    "; every server of a database needs the same keyring: copy it from one that serves, or from its backup";

fn is_another_keyring(error: &StartError) -> bool {
    matches!(error, StartError::Keyring(KeyringError::Missing(_) | KeyringError::Different(_)))
}

/// An error and what caused it, as one line.
pub(crate) fn in_full(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !line.contains(&words) {
            line = format!("{line}: {words}");
        }
        next = cause.source();
    }
    line
}

fn policy(settings: &Settings) -> Policy {
    Policy {
        two_factor_required: match settings.two_factor_required {
            TwoFactorRequired::Nobody => policy::TwoFactorRequired::Nobody,
            TwoFactorRequired::Administrators => policy::TwoFactorRequired::Administrators,
            TwoFactorRequired::Everybody => policy::TwoFactorRequired::Everybody,
        },
        issuer: settings.app_name.clone(),
        verified_email_required: settings.verify_email,
        mail: settings.mail.is_some(),
        public_url: public_origin(settings),
        throttled: settings.limits,
        ..Policy::default()
    }
}

/// Where browsers come: what was set, else the address listened on.
pub(crate) fn public_origin(settings: &Settings) -> String {
    match &settings.public_url {
        Some(url) => url.origin().to_owned(),
        None => format!("http://{}", settings.listen),
    }
}
