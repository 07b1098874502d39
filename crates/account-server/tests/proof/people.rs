//! Account owners: made on the command line, then known to the server by what they send.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::api_client::{Answer, Ask, send};
use crate::both_databases::Database;

/// Everybody's password, until they change it.
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) const ACCOUNT: &str = "/api/client/account";

/// Seconds of one step of an authenticator (RFC 6238).
/// A code is used within so many seconds of its making.
const SOON: u64 = 3;
const STEP: u64 = 30;

/// An account's owner, with an API key.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) token: String,
}

impl Database {
    /// Makes an account and an API key for it.
    pub(crate) fn person(&self, name: &str) -> Person {
        self.person_at(name, &format!("{name}@example.com"))
    }

    /// The same with another address.
    pub(crate) fn person_at(&self, name: &str, email: &str) -> Person {
        self.make_keyring();
        let names = ["--username", name, "--email", email, "--first-name", "Ada", "--last-name", "Byron"];
        let create = [&["user", "create", "--password-stdin"][..], &names].concat();
        self.command(&create, &format!("{PASSWORD}\n"));
        let token = self.command(&["api-key", "create", "--user", name, "--description", "made first"], "");
        Person { name: name.to_owned(), email: email.to_owned(), token: token.trim().to_owned() }
    }

    /// The same for several.
    pub(crate) fn people<const N: usize>(&self, names: [&str; N]) -> [Person; N] {
        names.map(|name| self.person(name))
    }
}

impl Person {
    pub(crate) fn get(&self, path: &str) -> Ask {
        Ask::get(format!("{ACCOUNT}{path}")).bearer(&self.token)
    }

    pub(crate) fn ask(&self, method: &'static str, path: &str, body: &Value) -> Ask {
        Ask::new(method, format!("{ACCOUNT}{path}")).bearer(&self.token).json(body)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Ask {
        self.ask("POST", path, body)
    }

    /// The password step of a sign-in.
    pub(crate) fn login(&self) -> Ask {
        login(&self.name, PASSWORD)
    }

    /// A session's cookie, after a sign-in without a second factor.
    #[track_caller]
    pub(crate) fn session(&self, at: SocketAddr, password: &str) -> String {
        session_of(&send(at, &login(&self.name, password)).expect(200))
    }

    /// What the password step gives to an account with a second factor.
    #[track_caller]
    pub(crate) fn pending(&self, at: SocketAddr) -> String {
        text(&send(at, &self.login()).expect(200).json()["data"]["confirmation_token"])
    }

    /// Turns the second factor on, with the code of the step before the present one.
    #[track_caller]
    pub(crate) fn enable(&self, at: SocketAddr) -> Authenticator {
        let mut authenticator = self.set_up(at);
        let code = authenticator.next_code();
        let answer = send(at, &self.post("/two-factor", &json!({"code": code, "password": PASSWORD})));
        authenticator.codes = codes(&answer.expect(200));
        authenticator
    }

    /// A secret that is not active yet.
    #[track_caller]
    pub(crate) fn set_up(&self, at: SocketAddr) -> Authenticator {
        let setup = send(at, &self.get("/two-factor")).expect(200).json();
        Authenticator { secret: text(&setup["data"]["secret"]), used: step() - 2, codes: Vec::new() }
    }

    #[track_caller]
    pub(crate) fn disable(&self, at: SocketAddr) {
        send(at, &self.post("/two-factor/disable", &json!({"password": PASSWORD}))).expect(204);
    }
}

/// An authenticator app, and the recovery codes on paper beside it.
#[derive(Debug, Clone)]
pub(crate) struct Authenticator {
    pub(crate) secret: String,
    /// The step whose code was used last.
    used: u64,
    pub(crate) codes: Vec<String>,
}

impl Authenticator {
    /// The code of the first step that was not used; waits for it if the server would not take it yet, and
    /// at the end of a step, where the oldest that it takes is about to be too old.
    pub(crate) fn next_code(&mut self) -> String {
        while seconds() % STEP >= STEP - SOON {
            std::thread::sleep(Duration::from_millis(200));
        }
        self.used = (self.used + 1).max(step() - 1);
        while self.used > step() + 1 {
            std::thread::sleep(Duration::from_millis(200));
        }
        self.code_of(self.used)
    }

    /// Whether the server still takes the code of the step used last.
    pub(crate) fn is_fresh(&self) -> bool {
        self.used >= step() - 1
    }

    /// The code of the step before the one used last.
    pub(crate) fn code_before(&self) -> String {
        self.code_of(self.used - 1)
    }

    /// The code of the step used last.
    pub(crate) fn code_again(&self) -> String {
        self.code_of(self.used)
    }

    fn code_of(&self, step: u64) -> String {
        let secret = data_encoding::BASE32_NOPAD.decode(self.secret.as_bytes()).unwrap();
        let totp = totp_rs::Builder::new()
            .with_algorithm(totp_rs::Algorithm::SHA1)
            .with_secret(secret.as_slice())
            .with_step_duration(STEP)
            .build_noncompliant();
        totp.generate(step * STEP).to_string()
    }
}

/// The step of the present moment.
fn step() -> u64 {
    seconds() / STEP
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

pub(crate) fn login(user: &str, password: &str) -> Ask {
    Ask::post("/auth/login", &json!({"user": user, "password": password}))
}

/// The second step of a sign-in, by a code of the authenticator.
pub(crate) fn checkpoint(pending: &str, code: &str) -> Ask {
    Ask::post("/auth/login/checkpoint", &json!({"confirmation_token": pending, "authentication_code": code}))
}

/// The second step of a sign-in, by a recovery code.
pub(crate) fn recover(pending: &str, code: &str) -> Ask {
    Ask::post("/auth/login/checkpoint", &json!({"confirmation_token": pending, "recovery_token": code}))
}

/// A request for the account with a session's cookie.
pub(crate) fn account_by(cookie: &str) -> Ask {
    Ask::get(ACCOUNT).cookie(cookie)
}

/// A change of the password, by cookie or key as `ask` brings.
pub(crate) fn new_password(from: &str, to: &str) -> Value {
    json!({"current_password": from, "password": to, "password_confirmation": to})
}

/// The session cookie that an answer sets, as a browser sends it back.
#[track_caller]
pub(crate) fn session_of(answer: &Answer) -> String {
    let set = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie in {answer:?}"));
    set.split(';').next().unwrap().to_owned()
}

/// The recovery codes in an answer.
pub(crate) fn codes(answer: &Answer) -> Vec<String> {
    answer.json()["attributes"]["tokens"].as_array().unwrap().iter().map(text).collect()
}

#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
