//! What the outside world may ask of the services, with everything it takes spelled out: a request
//! can be run, predicted and printed. Nothing here knows whether it will be granted.

use std::fmt;
use std::net::IpAddr;

use account_core::Principal;
use account_core::id::AccountId;
use account_core::time::Timestamp;

/// A secret as the outside world holds it. Prints its beginning alone.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.0.chars().take(12).collect::<String>())
    }
}

/// What a caller shows for themselves.
#[derive(Clone)]
pub(crate) enum Credential {
    Session(Token),
    ApiKey(Token),
    /// A request that was let in before, and goes on only now.
    LetInBefore(Box<Principal>),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(token) => write!(f, "session {token:?}"),
            Self::ApiKey(token) => write!(f, "key {token:?}"),
            Self::LetInBefore(who) => write!(f, "let in before as {:?}", who.credential()),
        }
    }
}

/// A second factor as typed.
#[derive(Debug, Clone)]
pub(crate) enum Factor {
    Totp(String),
    Recovery(Token),
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) enum Request {
    SignIn { login: String, password: String, from: IpAddr },
    SignInWithBoth { login: String, password: String, factor: Factor, from: IpAddr },
    SecondFactor { token: Token, factor: Factor, from: IpAddr },
    As { credential: Credential, from: Option<IpAddr>, wish: Wish },
    AskForReset { email: String, from: IpAddr },
    Reset { token: Token, email: String, new: String, from: IpAddr },
    AskForVerification { email: String, from: IpAddr },
    Verify { token: Token, from: IpAddr },
    Operator(Order),
    Upkeep(Upkeep),
}

/// What somebody who was let in asks for.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    /// To be let in, and nothing else.
    Look,
    ChangeEmail {
        password: String,
        email: String,
    },
    ChangePassword {
        password: String,
        new: String,
    },
    SetUpTwoFactor,
    EnableTwoFactor {
        password: String,
        code: String,
    },
    DisableTwoFactor {
        password: String,
    },
    ReplaceRecoveryCodes {
        password: String,
    },
    CountRecoveryCodes,
    CreateKey {
        allowed: Vec<String>,
        expires_at: Option<Timestamp>,
        /// The number of an `Idempotency-Key`.
        named: Option<usize>,
    },
    DeleteKey {
        identifier: String,
    },
    ListKeys,
    AddSshKey {
        number: u64,
    },
    RemoveSshKey {
        number: u64,
    },
    ListSshKeys,
    ListSessions,
    EndSession {
        id: String,
    },
    EndOtherSessions,
    SignOut,
    ReadActivity,
}

/// What the operator asks for.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    Register { username: String, email: String, password: String },
    Rename { account: AccountId, username: String },
    SetPassword { account: AccountId, new: String },
    Disable { account: AccountId },
    Enable { account: AccountId },
    Delete { account: AccountId },
    OpenSession { account: AccountId, from: IpAddr },
    CreateKey { account: AccountId, allowed: Vec<String>, expires_at: Option<Timestamp> },
    RevokeKey { identifier: String },
}

/// What a timer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upkeep {
    Sweep,
    Flush,
    DeliverMail,
    Reseal,
}

impl Request {
    /// What kind of request it is, in one word.
    pub(crate) fn kind(&self) -> String {
        let words = match self {
            Self::As { wish, .. } => format!("{wish:?}"),
            Self::Operator(order) => format!("Operator{order:?}"),
            Self::Upkeep(upkeep) => format!("{upkeep:?}"),
            other => format!("{other:?}"),
        };
        words.split([' ', '(']).next().unwrap_or_default().to_owned()
    }
}
