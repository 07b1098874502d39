//! Making up requests: mostly what a well-meaning user would do, often what somebody else would try.

use std::net::IpAddr;
use std::time::Duration;

use account_core::id::AccountId;
use account_core::time::Timestamp;
use account_core::two_factor::{TotpSecret, TotpStep};

use super::dice::Dice;
use super::request::{Credential, Factor, Order, Request, Token, Upkeep, Wish};
use super::wallet::{PEOPLE, Stage, Wallet};

const LISTS: [&[&str]; 6] = [
    &[],
    &["10.0.0.0/8"],
    &["10.1.0.0/16"],
    &["10.1.2.3", "192.0.2.0/24"],
    &["2001:db8::/32"],
    &["2001:db8:0:1::/64", "::ffff:10.1.2.3"],
];

const PLACES: [&str; 6] =
    ["10.1.2.3", "10.200.0.1", "192.0.2.77", "2001:db8:0:1::5", "::ffff:10.1.2.3", "198.51.100.1"];

/// Somebody's request.
#[derive(Debug)]
pub(crate) struct Proposal {
    /// Who asks, or whom it is about: learns from the answer.
    pub(crate) owner: usize,
    pub(crate) request: Request,
}

/// Makes up a request from what is known.
pub(crate) fn propose(dice: &mut impl Dice, wallet: &mut Wallet, now: Timestamp) -> Proposal {
    // The first two are busiest, so that much happens to the same account.
    let owner = [0, 0, 0, 1, 1, 1, 2, 3].get(dice.roll(8)).copied().unwrap_or(0) % PEOPLE;
    let registered = wallet.owners.get(owner).is_some_and(|owner| owner.account.is_some());
    if !registered && !dice.once_in(4) {
        return Proposal { owner, request: Request::Operator(register(dice, wallet, owner)) };
    }
    let mut making = Making { dice, wallet, owner, now };
    if let Some(request) = making.next_guess() {
        return Proposal { owner: 0, request };
    }
    let request = match making.dice.roll(100) {
        0..55 => making.as_somebody(),
        55..68 => making.sign_in(),
        68..78 => making.second_factor(),
        78..86 => making.by_mail(),
        86..94 => Request::Operator(making.order()),
        _ => Request::Upkeep(making.upkeep()),
    };
    Proposal { owner: making.owner, request }
}

fn register(dice: &mut impl Dice, wallet: &mut Wallet, owner: usize) -> Order {
    let other = if dice.once_in(8) { dice.roll(PEOPLE) } else { owner };
    let name = |index: usize| wallet.owners.get(index).map_or("nobody", |owner| owner.name);
    let (username, email) = (name(owner).to_owned(), format!("{}@example.com", name(other)));
    Order::Register { username, email, password: wallet.fresh_password() }
}

struct Making<'a, D> {
    dice: &'a mut D,
    wallet: &'a mut Wallet,
    owner: usize,
    now: Timestamp,
}

/// Somebody who guesses at the busiest account, again and again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guesser {
    left: usize,
    at: GuessesAt,
    from: IpAddr,
}

#[derive(Debug, Clone, Copy)]
enum GuessesAt {
    Password,
    SecondFactor,
    CurrentPassword,
}

impl<D: Dice> Making<'_, D> {
    /// While somebody guesses, every other request is a guess of theirs.
    fn next_guess(&mut self) -> Option<Request> {
        let Some(guesser) = self.wallet.guesser else {
            if self.dice.once_in(100) {
                let at = [GuessesAt::Password, GuessesAt::SecondFactor, GuessesAt::CurrentPassword];
                let at = *self.dice.one_of(&at)?;
                let (left, from) = (self.dice.roll(24), self.place());
                self.wallet.guesser = Some(Guesser { left, at, from });
            }
            return None;
        };
        let left = guesser.left.checked_sub(1);
        self.wallet.guesser = left.map(|left| Guesser { left, ..guesser });
        if self.dice.once_in(3) {
            return None;
        }
        self.owner = 0;
        let owner = self.wallet.owners.first()?;
        let (login, right, from) = (owner.username.clone(), owner.password.clone(), guesser.from);
        let password = "nobody's password".to_owned();
        Some(match guesser.at {
            GuessesAt::Password => Request::SignIn { login, password, from },
            GuessesAt::SecondFactor => {
                let factor = Factor::Totp("000000".to_owned());
                Request::SignInWithBoth { login, password: right, factor, from }
            }
            GuessesAt::CurrentPassword => {
                let credential = self.mine(|wallet| &wallet.sessions).map(Credential::Session)?;
                let email = "ann@example.net".to_owned();
                let wish = Wish::ChangeEmail { password, email };
                Request::As { credential, from: Some(from), wish }
            }
        })
    }

    fn place(&mut self) -> IpAddr {
        let place = self.dice.one_of(&PLACES).and_then(|place| place.parse().ok());
        place.unwrap_or(IpAddr::from([10, 1, 2, 3]))
    }

    fn password(&mut self) -> String {
        let choice = self.dice.roll(8);
        let Some(owner) = self.wallet.owners.get(self.owner) else { return String::new() };
        match choice {
            0..6 => owner.password.clone(),
            6 => self.dice.newest(&owner.former).cloned().unwrap_or_default(),
            _ => "nobody's password".to_owned(),
        }
    }

    fn email(&mut self) -> String {
        let who = if self.dice.once_in(4) { self.dice.roll(PEOPLE) } else { self.owner };
        let Some(owner) = self.wallet.owners.get(who) else { return String::new() };
        match self.dice.roll(3) {
            0 => owner.email.clone(),
            1 => owner.email.to_ascii_uppercase(),
            _ => format!("{}@example.com", owner.name),
        }
    }

    fn login(&mut self) -> String {
        if self.dice.roll(2) == 0 {
            return self.email();
        }
        self.wallet.owners.get(self.owner).map(|owner| owner.username.clone()).unwrap_or_default()
    }

    fn code(&mut self) -> String {
        let step = match self.dice.roll(8) {
            0..4 => 0,
            4 | 5 => 1,
            6 => -1,
            _ => 2,
        };
        let secret = self.wallet.owners.get(self.owner).and_then(|owner| owner.secret.as_ref());
        let secret = secret.and_then(|secret| TotpSecret::from_base32(&secret.0).ok());
        let TotpStep(now) = TotpStep::at(self.now);
        let code = secret.map(|secret| secret.code_at(TotpStep(now.saturating_add_signed(step))));
        code.map_or_else(|| "123456".to_owned(), |code| code.as_str().to_owned())
    }

    fn factor(&mut self) -> Factor {
        if self.dice.roll(3) < 2 {
            return Factor::Totp(self.code());
        }
        let codes = self.wallet.owners.get(self.owner).map_or(&[][..], |owner| owner.codes.as_slice());
        let code = self.dice.one_of(codes).cloned();
        Factor::Recovery(code.unwrap_or_else(|| Token("aB3dE5gH7j".to_owned())))
    }

    fn expiry(&mut self) -> Option<Timestamp> {
        match self.dice.roll(4) {
            0 | 1 => None,
            2 => Some(self.now.plus(Duration::from_secs(3600))),
            _ => Some(self.now.plus(Duration::from_secs(30))),
        }
    }

    fn list(&mut self) -> Vec<String> {
        let list = if self.dice.roll(2) == 0 { Some(&LISTS[0]) } else { self.dice.one_of(&LISTS) };
        list.map(|list| list.iter().map(|entry| (*entry).to_owned()).collect()).unwrap_or_default()
    }

    /// Of the owner's own things most often, of anybody's now and then.
    fn mine<T: Clone>(&mut self, all: impl Fn(&Wallet) -> &Vec<super::wallet::Mine<T>>) -> Option<T> {
        let anybodys = self.dice.once_in(6);
        let fits = |mine: &&super::wallet::Mine<T>| anybodys || mine.owner == self.owner;
        let own: Vec<super::wallet::Mine<T>> = all(self.wallet).iter().filter(fits).cloned().collect();
        let mine = self.dice.newest(&own)?.clone();
        self.owner = mine.owner;
        Some(mine.item)
    }

    fn as_somebody(&mut self) -> Request {
        let from = self.place();
        let known = if self.dice.once_in(16) { None } else { Some(from) };
        let credential = match self.dice.roll(8) {
            0..4 => self.mine(|wallet| &wallet.sessions).map(Credential::Session),
            4..7 => self.mine(|wallet| &wallet.keys).map(|(_, token)| Credential::ApiKey(token)),
            _ => self.mine(|wallet| &wallet.let_in).map(|who| Credential::LetInBefore(Box::new(who))),
        };
        let Some(credential) = credential else {
            let Some(account) = self.wallet.owners.get(self.owner).and_then(|owner| owner.account) else {
                return self.sign_in();
            };
            return match self.dice.roll(3) {
                0 => self.sign_in(),
                1 => Request::Operator(Order::OpenSession { account, from }),
                _ => {
                    let (allowed, expires_at) = (self.list(), self.expiry());
                    Request::Operator(Order::CreateKey { account, allowed, expires_at })
                }
            };
        };
        let was_let_in = matches!(credential, Credential::LetInBefore(_));
        let wish = match self.wish() {
            // Who was let in before asks for what is decided now.
            Wish::Look
            | Wish::CountRecoveryCodes
            | Wish::ListKeys
            | Wish::ListSshKeys
            | Wish::ListSessions
            | Wish::ReadActivity
                if was_let_in =>
            {
                Wish::EndOtherSessions
            }
            wish => wish,
        };
        Request::As { credential, from: known, wish }
    }

    fn wish(&mut self) -> Wish {
        match self.dice.roll(32) {
            0..6 => Wish::Look,
            6 | 7 => Wish::ChangeEmail { password: self.password(), email: self.new_email() },
            8 | 9 => Wish::ChangePassword { password: self.password(), new: self.wallet.fresh_password() },
            10..16 => self.next_stage(),
            16 => Wish::ReplaceRecoveryCodes { password: self.password() },
            17 => Wish::CountRecoveryCodes,
            18..21 => {
                let (allowed, expires_at) = (self.list(), self.expiry());
                Wish::CreateKey { allowed, expires_at, named: self.name_of_a_request() }
            }
            21 | 22 => Wish::DeleteKey { identifier: self.identifier() },
            23 => Wish::ListKeys,
            24 => Wish::AddSshKey { number: self.ssh_key() },
            25 => Wish::RemoveSshKey { number: self.ssh_key() },
            26 => Wish::ListSshKeys,
            27 => Wish::ListSessions,
            28 => {
                let id = self.dice.newest(&self.wallet.handles).cloned();
                Wish::EndSession { id: id.unwrap_or_else(|| "none".to_owned()) }
            }
            29 => Wish::EndOtherSessions,
            30 => Wish::SignOut,
            _ => Wish::ReadActivity,
        }
    }

    /// What leads on from where the owner is with the second factor; sometimes what does not.
    fn next_stage(&mut self) -> Wish {
        let stage = self.wallet.owners.get(self.owner).map_or(Stage::Off, |owner| owner.stage);
        match (stage, self.dice.roll(8)) {
            (Stage::Off, 0..6) | (_, 6) => Wish::SetUpTwoFactor,
            (Stage::On, 0..3) => Wish::DisableTwoFactor { password: self.password() },
            (Stage::On, 3..6) => Wish::CountRecoveryCodes,
            _ => Wish::EnableTwoFactor { password: self.password(), code: self.code() },
        }
    }

    /// Few, so that some come again.
    fn name_of_a_request(&mut self) -> Option<usize> {
        (self.dice.roll(2) == 1).then(|| self.dice.roll(3))
    }

    fn ssh_key(&mut self) -> u64 {
        u64::try_from(self.dice.roll(3)).unwrap_or(0)
    }

    fn new_email(&mut self) -> String {
        if self.dice.roll(3) == 0 {
            return self.email();
        }
        let name = self.wallet.owners.get(self.owner).map_or("nobody", |owner| owner.name);
        format!("{name}.{}@example.org", self.dice.roll(3))
    }

    fn identifier(&mut self) -> String {
        let key = self.dice.newest(&self.wallet.keys).map(|key| key.item.0.clone());
        key.unwrap_or_else(|| "ptlc_00000000000".to_owned())
    }

    fn sign_in(&mut self) -> Request {
        let (login, password, from) = (self.login(), self.password(), self.place());
        if self.dice.once_in(4) {
            return Request::SignInWithBoth { login, password, factor: self.factor(), from };
        }
        Request::SignIn { login, password, from }
    }

    fn second_factor(&mut self) -> Request {
        let first = self.dice.roll(3) == 0;
        match self.mine(|wallet| &wallet.confirmations).filter(|_| !first) {
            Some(token) => Request::SecondFactor { token, factor: self.factor(), from: self.place() },
            None => self.sign_in(),
        }
    }

    fn by_mail(&mut self) -> Request {
        let from = self.place();
        let mailed = self.dice.newest(&self.wallet.mailed).cloned();
        match (self.dice.roll(6), mailed) {
            (0 | 1, Some((to, token))) => {
                let email = if self.dice.once_in(4) { self.email() } else { to };
                self.about_address(&email);
                Request::Reset { token, email, new: self.wallet.fresh_password(), from }
            }
            (2 | 3, Some((_, token))) => Request::Verify { token, from },
            (0 | 2 | 4, _) => Request::AskForReset { email: self.email(), from },
            _ => Request::AskForVerification { email: self.email(), from },
        }
    }

    /// From now on it is about whoever is believed to have this address.
    fn about_address(&mut self, email: &str) {
        let found = self.wallet.owners.iter().position(|owner| owner.email.eq_ignore_ascii_case(email));
        self.owner = found.unwrap_or(self.owner);
    }

    fn account(&mut self) -> AccountId {
        let own = self.wallet.owners.get(self.owner).and_then(|owner| owner.account);
        let any = self.dice.once_in(6);
        let account = own.filter(|_| !any).or_else(|| self.dice.newest(&self.wallet.accounts).copied());
        let account = account.unwrap_or(AccountId(1));
        self.owner = self.wallet.owner_of(account);
        account
    }

    fn order(&mut self) -> Order {
        let (choice, account) = (self.dice.roll(16), self.account());
        match choice {
            0..5 => Order::OpenSession { account, from: self.place() },
            5..8 => Order::CreateKey { account, allowed: self.list(), expires_at: self.expiry() },
            8 => Order::RevokeKey { identifier: self.identifier() },
            9 => Order::Disable { account },
            10..13 => Order::Enable { account },
            13 => Order::SetPassword { account, new: self.wallet.fresh_password() },
            14 => {
                let name = self.dice.one_of(&["ann", "bob", "eve", "fay"]).copied().unwrap_or("eve");
                Order::Rename { account, username: name.to_owned() }
            }
            _ if self.dice.once_in(3) => Order::Delete { account },
            _ => Order::OpenSession { account, from: self.place() },
        }
    }

    fn upkeep(&mut self) -> Upkeep {
        match self.dice.roll(8) {
            0..4 => Upkeep::DeliverMail,
            4 | 5 => Upkeep::Flush,
            6 => Upkeep::Sweep,
            _ => Upkeep::Reseal,
        }
    }
}

/// The requests that a story begins with: two people with a session and a key each.
pub(crate) fn prologue(wallet: &mut Wallet) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for owner in 0..2 {
        let (name, password) =
            (wallet.owners.get(owner).map_or("nobody", |o| o.name), wallet.fresh_password());
        let (username, email) = (name.to_owned(), format!("{name}@example.com"));
        let account = AccountId(i64::try_from(owner).unwrap_or(0).saturating_add(1));
        let from = IpAddr::from([10, 1, 2, 3]);
        let orders = [
            Order::Register { username, email, password },
            Order::OpenSession { account, from },
            Order::CreateKey { account, allowed: Vec::new(), expires_at: None },
        ];
        proposals.extend(orders.map(|order| Proposal { owner, request: Request::Operator(order) }));
    }
    proposals
}

/// How far the clock jumps, and whether forwards.
pub(crate) fn jump(dice: &mut impl Dice) -> (bool, Duration) {
    let by = match dice.roll(16) {
        0..4 => Duration::from_millis(1),
        4..8 => Duration::from_secs(30),
        8..11 => Duration::from_secs(61),
        11..13 => Duration::from_secs(301),
        13 => Duration::from_secs(3601),
        14 => Duration::from_secs(12 * 3600),
        _ => Duration::from_secs(86_400),
    };
    (dice.roll(4) != 3, by)
}
