//! What is wrong with a field of a request, as a value: the field, and the rule it broke.
//!
//! The rules carry the wire contract's names (section 1.3). How they are worded to a client is the
//! edge's affair, not this module's.

use std::fmt;

/// One broken rule. [`rule`](Fault::rule) is its name in the wire contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The field is absent or empty.
    Required,
    /// The field is not a string.
    NotAString,
    /// The field is not an array.
    NotAnArray,
    /// The field is not a number.
    NotANumber,
    /// Not an e-mail address (contract 3.2).
    NotAnEmail,
    /// Fewer than `min` or more than `max` characters.
    Between {
        /// The fewest characters.
        min: usize,
        /// The most characters.
        max: usize,
    },
    /// Another account has this value.
    Taken,
    /// The confirmation differs.
    NotConfirmed,
    /// Fewer than so many characters.
    TooShort(usize),
    /// More than so many characters.
    TooLong(usize),
    /// More than so many bytes, for values that are counted so.
    TooManyBytes(usize),
    /// More than so many entries.
    TooManyItems(usize),
    /// Not exactly so many characters.
    Size(usize),
    /// Characters that the value may not hold, or a form it may not have (names, languages).
    Format,
    /// A password from the list of well-known ones, or made of the account's own names (SEC-05).
    Compromised,
    /// Not an address or CIDR range; carries what was written (contract 9.4).
    NotAnAddress(String),
    /// Not an SSH public key of an accepted kind (contract 9.5).
    SshKeyInvalid,
    /// An SSH key of the refused DSA kind.
    SshKeyDsa,
    /// An RSA key of fewer than 2048 bits.
    SshKeyRsaTooShort,
    /// The account has this SSH key already.
    SshKeyPresent,
    /// A point in time that is not one, or that has passed (`expires_at`).
    NotAFutureTime,
}

impl Fault {
    /// The rule's name on the wire; empty for a check outside the rule list (contract 1.3).
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::NotAString => "string",
            Self::NotAnArray => "array",
            Self::NotANumber => "numeric",
            Self::NotAnEmail => "email",
            Self::Between { .. } => "between",
            Self::Taken => "unique",
            Self::NotConfirmed => "confirmed",
            Self::TooShort(_) => "min",
            Self::TooLong(_) | Self::TooManyBytes(_) | Self::TooManyItems(_) => "max",
            Self::Size(_) => "size",
            Self::Format => "regex",
            Self::Compromised => "uncompromised",
            Self::NotAFutureTime => "after",
            Self::NotAnAddress(_)
            | Self::SshKeyInvalid
            | Self::SshKeyDsa
            | Self::SshKeyRsaTooShort
            | Self::SshKeyPresent => "",
        }
    }
}

/// A field and one rule it broke. An element of an array is named `allowed_ips.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name as the client wrote it.
    pub field: String,
    /// The rule it broke.
    pub fault: Fault,
}

/// All faults of one request, in the order the contract lists its fields and rules. Never empty
/// when it travels in an [`Err`].
///
/// ```
/// use account_core::field::{Fault, FieldErrors};
/// let mut errors = FieldErrors::default();
/// errors.add("name", Fault::Required);
/// assert!(errors.clone().into_result().is_err());
/// assert_eq!(errors.iter().next().unwrap().fault.rule(), "required");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// One fault of one field.
    pub fn one(field: &str, fault: Fault) -> Self {
        let mut errors = Self::default();
        errors.add(field, fault);
        errors
    }

    /// Adds one more.
    pub fn add(&mut self, field: &str, fault: Fault) {
        self.0.push(FieldError { field: field.to_owned(), fault });
    }

    /// Adds all of `faults` to `field`, and passes a right value through.
    pub fn take<T>(&mut self, field: &str, parsed: Result<T, Vec<Fault>>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(faults) => {
                faults.into_iter().for_each(|fault| self.add(field, fault));
                None
            }
        }
    }

    /// `Ok` if nothing was added.
    ///
    /// # Errors
    /// All that was added.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The faults, in order.
    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {:?}", error.field, error.fault)?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}
