//! The address type: its syntax, and the canonical form that makes two spellings one address.
//!
//! No DNS is asked, and no provider's own rules (dots, `+tags`) are applied.

use std::borrow::Cow;
use std::fmt;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_public_assigned;

use crate::field::Fault;
use crate::malformed::Malformed;
use crate::text;

/// The most characters of an address as typed (contract 9.6).
const MOST_CHARACTERS: usize = 191;
/// The most bytes before the `@` (RFC 5321 section 4.5.3.1.1).
const MOST_LOCAL_BYTES: usize = 64;
/// The most bytes after it, and of one label (RFC 1035 section 2.3.4).
const MOST_DOMAIN_BYTES: usize = 253;
const MOST_LABEL_BYTES: usize = 63;

/// An e-mail address (contract 3.2): kept as typed, unique by its canonical form (SEC-56).
///
/// One `@`, an unquoted local part of at most 64 bytes, and a domain that is ASCII or has an IDNA
/// form; a single label (`a@b`) is enough, a bracketed address is not a domain. The canonical form
/// is NFC, in lower case, with the domain as A-labels. Uniqueness is without case beyond ASCII too
/// (contract 3.2), so the local part takes each character's lower case of Unicode, here and never in
/// SQL. That is no case folding: `ı` and `ſ` stay themselves, and characters whose normal form or
/// lower case holds ASCII (the Kelvin sign, `İ`) are refused, so that no other spelling can be
/// mistaken for an ASCII address (SEC-56). Mail goes to the typed form.
///
/// ```
/// use account_core::email::Email;
/// use account_core::field::Fault;
///
/// let typed = Email::parse("Jane.Doe@Bücher.Example").unwrap();
/// assert_eq!(typed.as_str(), "Jane.Doe@Bücher.Example");
/// assert_eq!(typed.canonical(), "jane.doe@xn--bcher-kva.example");
/// assert!(typed.same_address(&Email::parse("jane.doe@bücher.example").unwrap()));
/// assert_eq!(Email::parse("two words@example.com"), Err(vec![Fault::NotAnEmail]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email {
    typed: String,
    canonical: String,
}

impl Email {
    /// From a request.
    ///
    /// # Errors
    /// [`Fault::Required`] alone for a blank text, else [`Fault::NotAnEmail`] and
    /// [`Fault::Between`] as they apply. The latter counts what was typed (contract 1.3); the
    /// canonical form has the bounds of its two parts.
    pub fn parse(typed: &str) -> Result<Self, Vec<Fault>> {
        if text::is_blank(typed) {
            return Err(vec![Fault::Required]);
        }
        let canonical = canonical_form(typed);
        let mut faults = Vec::new();
        if canonical.is_none() {
            faults.push(Fault::NotAnEmail);
        }
        if text::is_longer_than(typed, MOST_CHARACTERS) {
            faults.push(Fault::Between { min: 1, max: MOST_CHARACTERS });
        }
        match canonical {
            Some(canonical) if faults.is_empty() => {
                Ok(Self { typed: typed.to_owned(), canonical: canonical.into_owned() })
            }
            _ => Err(faults),
        }
    }

    /// From a store: what [`as_str`](Self::as_str) and [`canonical`](Self::canonical) gave. An ASCII
    /// address is checked in place.
    ///
    /// # Errors
    /// [`Malformed`] if the first is no address, or the second not its canonical form.
    pub fn from_stored(typed: String, canonical: String) -> Result<Self, Malformed> {
        let short = !text::is_longer_than(&typed, MOST_CHARACTERS);
        let agree = if is_plain(&typed) {
            typed.eq_ignore_ascii_case(&canonical) && !canonical.bytes().any(|b| b.is_ascii_uppercase())
        } else {
            canonical_form(&typed).is_some_and(|form| form == canonical)
        };
        if short && agree { Ok(Self { typed, canonical }) } else { Err(Malformed("e-mail address")) }
    }

    /// The address as its owner typed it: to show, and to send mail to.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The form that is unique among accounts and looked up. Its own canonical form.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The address as an envelope carries it: the local part as typed, since its host may tell cases
    /// apart, and a domain that is not ASCII in its ASCII form, which every mail server understands.
    ///
    /// ```
    /// use account_core::email::Email;
    /// let email = Email::parse("Jane.Doe@Bücher.Example").unwrap();
    /// assert_eq!(email.for_delivery(), "Jane.Doe@xn--bcher-kva.example");
    /// ```
    pub fn for_delivery(&self) -> String {
        match (self.typed.split_once('@'), self.canonical.split_once('@')) {
            (Some((local, typed)), Some((_, domain))) if !typed.is_ascii() => format!("{local}@{domain}"),
            _ => self.typed.clone(),
        }
    }

    /// The same address, as if it had been typed in its canonical form.
    #[must_use]
    pub fn to_canonical(&self) -> Self {
        Self { typed: self.canonical.clone(), canonical: self.canonical.clone() }
    }

    /// Whether both are the same address, however they are typed. `==` compares the spelling too.
    pub fn same_address(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl TryFrom<String> for Email {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).map_err(|_| Malformed("e-mail address"))
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.typed
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

/// The canonical form of `typed`, of whatever length, or nothing if it is no address.
fn canonical_form(typed: &str) -> Option<Cow<'_, str>> {
    if is_plain(typed) {
        let lower = !typed.bytes().any(|b| b.is_ascii_uppercase());
        return Some(if lower { Cow::Borrowed(typed) } else { Cow::Owned(typed.to_ascii_lowercase()) });
    }
    let (local, domain) = typed.split_once('@')?;
    if !is_local_part(local) {
        return None;
    }
    // Lower case can compose with a mark that its upper case does not, hence NFC on both sides of it.
    let local = lower_case(local);
    let domain = ascii_domain(domain)?;
    (local.len() <= MOST_LOCAL_BYTES).then(|| Cow::Owned(format!("{local}@{domain}")))
}

/// In lower case, character by character, whatever stands around it: so that twice is no more than once.
fn lower_case(local: &str) -> String {
    local.nfc().flat_map(char::to_lowercase).collect::<String>().nfc().collect()
}

/// Whether `typed` is an ASCII address without A-labels, whose canonical form is its lower case.
fn is_plain(typed: &str) -> bool {
    let mut parts = typed.as_bytes().splitn(2, |b| *b == b'@');
    let (Some(local), Some(domain)) = (parts.next(), parts.next()) else { return false };
    is_ascii_local_part(local)
        && is_ascii_domain(domain)
        && !domain.split(|b| *b == b'.').any(begins_like_an_a_label)
}

/// [`is_local_part`], of ASCII alone: read with every account, and so from bytes.
fn is_ascii_local_part(local: &[u8]) -> bool {
    local.len() <= MOST_LOCAL_BYTES
        && local
            .split(|b| *b == b'.')
            .all(|atom| !atom.is_empty() && atom.iter().copied().all(is_ascii_atom_character))
}

fn is_ascii_atom_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'/'
                | b'='
                | b'?'
                | b'^'
                | b'_'
                | b'`'
                | b'{'
                | b'|'
                | b'}'
                | b'~'
        )
}

/// RFC 5322 dot-atom with the characters of RFC 6531, less all that hides, reorders or normalises
/// into something else.
fn is_local_part(local: &str) -> bool {
    local.len() <= MOST_LOCAL_BYTES
        && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character))
}

fn is_atom_character(c: char) -> bool {
    if let Ok(byte) = u8::try_from(c)
        && byte.is_ascii()
    {
        return is_ascii_atom_character(byte);
    }
    is_public_assigned(c)
        && !c.is_whitespace()
        && !text::is_deceptive(c)
        && !is_invisible(c)
        && !c.nfc().flat_map(char::to_lowercase).any(|normal| normal.is_ascii())
}

/// Unicode's `Default_Ignorable_Code_Point`, and the other format characters that show nothing.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The domain as lower-case A-labels.
///
/// A label that is not ASCII must become an A-label of its own: `ſ` or a full-width letter would
/// otherwise turn an international domain into another one that is plain ASCII (SEC-56).
fn ascii_domain(domain: &str) -> Option<String> {
    if text::is_longer_than(domain, MOST_DOMAIN_BYTES) {
        return None;
    }
    let mapped = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .ok()?;
    let kept = domain.split('.').count() == mapped.split('.').count()
        && domain.split('.').zip(mapped.split('.')).all(|(typed, form)| typed.is_ascii() || is_a_label(form));
    (kept && is_ascii_domain(mapped.as_bytes())).then(|| mapped.into_owned())
}

/// RFC 1123 section 2.1: labels of letters, digits and inner hyphens, the last of them no number.
fn is_ascii_domain(domain: &[u8]) -> bool {
    domain.len() <= MOST_DOMAIN_BYTES
        && domain.split(|b| *b == b'.').all(is_ascii_label)
        && !domain.rsplit(|b| *b == b'.').next().is_some_and(|last| last.iter().all(u8::is_ascii_digit))
}

fn is_ascii_label(label: &[u8]) -> bool {
    (1..=MOST_LABEL_BYTES).contains(&label.len())
        && label.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        && !label.starts_with(b"-")
        && !label.ends_with(b"-")
}

fn is_a_label(label: &str) -> bool {
    begins_like_an_a_label(label.as_bytes())
}

fn begins_like_an_a_label(label: &[u8]) -> bool {
    label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"xn--"))
}
