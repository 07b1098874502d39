//! The names of what can happen to an account (contract 11).

use crate::malformed::Malformed;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What happened. Its text is what the wire and the stores call it.
        ///
        /// ```
        /// use account_core::activity::Event;
        /// assert_eq!(Event::ApiKeyCreated.as_str(), "user:api-key.create");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Event {
            $($(#[$doc])* $name,)*
        }

        impl Event {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The event's name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

events! {
    /// The account was registered.
    Registered = "user:account.created",
    /// The operator changed names, language or rights.
    ProfileChanged = "user:account.updated",
    /// The account was disabled.
    Disabled = "user:account.disabled",
    /// The account was enabled again.
    Enabled = "user:account.enabled",
    /// The account was deleted.
    Deleted = "user:account.deleted",
    /// The e-mail address changed: `old`, `new`.
    EmailChanged = "user:account.email-changed",
    /// The address was proven to be the user's.
    EmailVerified = "user:account.email-verified",
    /// The password changed.
    PasswordChanged = "user:account.password-changed",
    /// Two-factor authentication was turned on.
    TwoFactorEnabled = "user:two-factor.create",
    /// Two-factor authentication was turned off.
    TwoFactorDisabled = "user:two-factor.delete",
    /// The recovery codes were replaced.
    RecoveryCodesReplaced = "user:two-factor.recovery-tokens",
    /// An API key was made: `identifier`.
    ApiKeyCreated = "user:api-key.create",
    /// An API key was deleted: `identifier`.
    ApiKeyDeleted = "user:api-key.delete",
    /// An SSH key was added: `fingerprint`.
    SshKeyAdded = "user:ssh-key.create",
    /// An SSH key was removed: `fingerprint`.
    SshKeyRemoved = "user:ssh-key.delete",
    /// A session was ended by its owner.
    SessionEnded = "user:session.delete",
    /// A complete sign-in.
    SignedIn = "auth:success",
    /// A refused sign-in.
    SignInFailed = "auth:fail",
    /// The password was right, the second factor is awaited.
    Checkpoint = "auth:checkpoint",
    /// The second factor was a time-based code.
    TotpAccepted = "auth:token",
    /// The second factor was a recovery code.
    RecoveryCodeSpent = "auth:recovery-token",
    /// A mail with a reset link was queued.
    ResetRequested = "auth:reset-password",
    /// The password was reset by mail.
    PasswordReset = "auth:password-reset",
    /// A session was ended by signing out.
    SignedOut = "auth:logout",
    /// A key was used from an address it is not for: `identifier`.
    AddressBlocked = "auth:ip-blocked",
}

impl Event {
    /// From the stored name.
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn from_stored(text: &str) -> Result<Self, Malformed> {
        Self::ALL.iter().copied().find(|event| event.as_str() == text).ok_or(Malformed("event"))
    }

    /// The events whose name contains any of `parts`, without regard to ASCII case (contract 7, `filter[event]`).
    pub fn matching<'a>(parts: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let parts: Vec<String> = parts.into_iter().map(str::to_ascii_lowercase).collect();
        let wanted = |event: &Self| parts.iter().any(|part| event.as_str().contains(part.as_str()));
        Self::ALL.iter().copied().filter(wanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_read_back_from_its_name() {
        for event in Event::ALL {
            assert_eq!(Event::from_stored(event.as_str()), Ok(*event));
        }
        assert_eq!(Event::from_stored("user:nothing"), Err(Malformed("event")));
    }

    #[test]
    fn a_filter_is_a_substring_without_case_and_several_are_alternatives() {
        assert_eq!(Event::matching(["API-key"]), [Event::ApiKeyCreated, Event::ApiKeyDeleted]);
        assert_eq!(
            Event::matching(["ssh-key.create", "ip-blocked"]),
            [Event::SshKeyAdded, Event::AddressBlocked]
        );
        assert!(Event::matching(["%"]).is_empty());
    }
}
