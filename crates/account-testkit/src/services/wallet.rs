//! What the outside world holds: what it was given, what it believes, and what it once held and
//! shows again. Bounded, so that a long run costs no more than a short one.

use account_core::id::AccountId;
use account_core::two_factor::TotpSecret;
use account_core::{Credential as Held, Principal};

use super::answer::{Answer, Given};
use super::expected::Town;
use super::proposal::Guesser;
use super::request::{Order, Request, Token, Wish};
use super::watch::Letter;

/// Of each kind, so many are kept: the newest.
const KEPT: usize = 12;

/// How many people there are, whether registered or not.
pub(crate) const PEOPLE: usize = 4;

const NAMES: [&str; PEOPLE] = ["ann", "bob", "cleo", "dora"];

/// Somebody with an account, or who might get one.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) name: &'static str,
    pub(crate) account: Option<AccountId>,
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) former: Vec<String>,
    pub(crate) stage: Stage,
    pub(crate) secret: Option<Token>,
    pub(crate) codes: Vec<Token>,
}

/// How far an owner believes to be with the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Off,
    Pending,
    On,
}

/// Something that was given to an owner.
#[derive(Debug, Clone)]
pub(crate) struct Mine<T> {
    pub(crate) owner: usize,
    pub(crate) item: T,
}

#[derive(Debug)]
pub(crate) struct Wallet {
    pub(crate) owners: Vec<Owner>,
    pub(crate) sessions: Vec<Mine<Token>>,
    pub(crate) handles: Vec<String>,
    pub(crate) keys: Vec<Mine<(String, Token)>>,
    pub(crate) confirmations: Vec<Mine<Token>>,
    pub(crate) mailed: Vec<(String, Token)>,
    pub(crate) let_in: Vec<Mine<Principal>>,
    /// Numbers of accounts, deleted ones among them.
    pub(crate) accounts: Vec<AccountId>,
    pub(crate) passwords_made: u64,
    pub(crate) guesser: Option<Guesser>,
}

fn keep<T>(list: &mut Vec<T>, new: T) {
    if list.len() >= KEPT {
        list.remove(0);
    }
    list.push(new);
}

impl Wallet {
    pub(crate) fn new() -> Self {
        let owner = |name: &'static str| Owner {
            name,
            account: None,
            username: name.to_owned(),
            email: format!("{name}@example.com"),
            password: first_password(),
            former: Vec::new(),
            stage: Stage::Off,
            secret: None,
            codes: Vec::new(),
        };
        Self {
            owners: NAMES.into_iter().map(owner).collect(),
            sessions: Vec::new(),
            handles: Vec::new(),
            keys: Vec::new(),
            confirmations: Vec::new(),
            mailed: Vec::new(),
            let_in: Vec::new(),
            accounts: Vec::new(),
            passwords_made: 0,
            guesser: None,
        }
    }

    /// A password that nobody has had.
    pub(crate) fn fresh_password(&mut self) -> String {
        self.passwords_made = self.passwords_made.saturating_add(1);
        format!("long password number {}", self.passwords_made)
    }

    /// Learns from an answer. `owner` asked, or it was about them.
    pub(crate) fn learn(&mut self, owner: usize, request: &Request, answer: Answer) {
        if answer.verdict.is_ok() {
            self.learn_beliefs(owner, request);
        }
        match answer.given {
            Given::Session(token) => keep(&mut self.sessions, Mine { owner, item: token }),
            Given::Confirmation(token) => keep(&mut self.confirmations, Mine { owner, item: token }),
            Given::Key { identifier, token } => {
                keep(&mut self.keys, Mine { owner, item: (identifier, token) })
            }
            Given::LetIn(who) => {
                if let Held::Session(id) = who.credential() {
                    keep(&mut self.handles, id.to_string());
                }
                keep(&mut self.let_in, Mine { owner, item: *who });
            }
            Given::Sessions(sessions) => {
                sessions.iter().for_each(|session| keep(&mut self.handles, session.id.to_string()));
            }
            Given::Account(account) => {
                keep(&mut self.accounts, account.id);
                if let Some(owner) = self.owners.get_mut(owner) {
                    owner.account = Some(account.id);
                }
            }
            Given::Secret(secret) => {
                if let Some(owner) = self.owners.get_mut(owner) {
                    owner.secret = Some(secret);
                    owner.stage = Stage::Pending;
                }
            }
            Given::RecoveryCodes(codes) => {
                if let Some(owner) = self.owners.get_mut(owner) {
                    owner.stage = Stage::On;
                    // Some of an older set stay, to be tried again.
                    owner.codes.truncate(3);
                    owner.codes.splice(0..0, codes);
                }
            }
            Given::Nothing
            | Given::RecoveryCodesLeft(_)
            | Given::Keys(_)
            | Given::SshKeys(_)
            | Given::Activity(_) => {}
        }
    }

    fn learn_beliefs(&mut self, owner: usize, request: &Request) {
        let Some(owner) = self.owners.get_mut(owner) else { return };
        match request {
            Request::As { wish: Wish::ChangePassword { new, .. }, .. }
            | Request::Reset { new, .. }
            | Request::Operator(Order::SetPassword { new, .. }) => {
                let old = std::mem::replace(&mut owner.password, new.clone());
                keep(&mut owner.former, old);
            }
            Request::As { wish: Wish::ChangeEmail { email, .. }, .. } => owner.email.clone_from(email),
            Request::Operator(Order::Register { username, email, password }) => {
                owner.username.clone_from(username);
                owner.email.clone_from(email);
                owner.password.clone_from(password);
                owner.stage = Stage::Off;
            }
            Request::As { wish: Wish::DisableTwoFactor { .. }, .. } => owner.stage = Stage::Off,
            Request::Operator(Order::Rename { username, .. }) => owner.username.clone_from(username),
            Request::Operator(Order::Delete { .. }) => owner.account = None,
            _ => {}
        }
    }

    /// Opens the letters that arrived.
    pub(crate) fn read(&mut self, letters: Vec<Letter>) {
        for Letter { to, token } in letters {
            if let Some(token) = token {
                keep(&mut self.mailed, (to, token));
            }
        }
    }

    /// What somebody forgot, or never heard because a request was lost, they learn again.
    pub(crate) fn ask_around(&mut self, town: &Town) {
        self.find_lost_accounts(town);
        for owner in &mut self.owners {
            let Some(person) = owner.account.and_then(|id| town.person(id)) else { continue };
            owner.username.clone_from(&person.username);
            owner.email.clone_from(&person.email);
            if owner.password != person.password {
                keep(&mut owner.former, std::mem::replace(&mut owner.password, person.password.clone()));
            }
            let (stage, secret) = match (&person.factor, &person.pending) {
                (Some(active), _) => (Stage::On, active.secret.as_deref()),
                (None, Some(pending)) => (Stage::Pending, pending.secret.as_deref()),
                (None, None) => (Stage::Off, None),
            };
            owner.stage = stage;
            let secret = secret.and_then(|secret| TotpSecret::from_bytes(secret).ok());
            owner.secret = secret.map(|secret| Token(secret.to_base32().to_string()));
        }
    }

    /// An account whose registration was never heard of would keep its names taken for ever.
    fn find_lost_accounts(&mut self, town: &Town) {
        for owner in &mut self.owners {
            owner.account = owner.account.filter(|id| town.person(*id).is_some());
        }
        let owned = |owners: &[Owner], id| owners.iter().any(|owner| owner.account == Some(id));
        for person in town.people() {
            if owned(&self.owners, person.id) {
                continue;
            }
            let homeless = |owner: &&mut Owner| owner.account.is_none();
            if let Some(owner) = self.owners.iter_mut().find(homeless) {
                owner.account = Some(person.id);
            }
        }
    }

    /// Whose account this is, as far as anybody knows.
    pub(crate) fn owner_of(&self, account: AccountId) -> usize {
        self.owners.iter().position(|owner| owner.account == Some(account)).unwrap_or(0)
    }
}

fn first_password() -> String {
    "long password number 0".to_owned()
}
