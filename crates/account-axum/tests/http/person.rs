//! Who asks: a person with an API key, or a browser with a cookie.

use std::cell::RefCell;

use account_core::account::Account;
use account_core::two_factor::{TotpSecret, TotpStep};
use serde_json::{Value, json};

use crate::house::{House, PASSWORD};
use crate::raw_client::{Answer, Ask};

/// Somebody with an API key.
pub(crate) struct Person<'a> {
    pub(crate) house: &'a House,
    pub(crate) account: Account,
    pub(crate) token: String,
}

impl<'a> Person<'a> {
    pub(crate) fn new(house: &'a House, account: Account, token: String) -> Self {
        Self { house, account, token }
    }

    /// The same person with another key.
    pub(crate) fn with_key(&self, token: &str) -> Self {
        Self::new(self.house, self.account.clone(), token.to_owned())
    }

    pub(crate) fn ask(&self, method: &str, path: &str) -> Ask {
        Ask::new(method, path).bearer(&self.token)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.house.send(&self.ask("GET", path))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.house.send(&self.ask("POST", path).json(body))
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.house.send(&self.ask("PUT", path).json(body))
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.house.send(&self.ask("DELETE", path))
    }

    /// The `attributes` of the account.
    pub(crate) fn details(&self) -> Value {
        let answer = self.get("/api/client/account");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["attributes"].clone()
    }

    /// Begins to set the second factor up.
    pub(crate) fn set_up(&self) -> TotpSecret {
        let answer = self.get("/api/client/account/two-factor");
        assert_eq!(answer.status, 200, "{answer:?}");
        TotpSecret::from_base32(answer.json()["data"]["secret"].as_str().unwrap()).unwrap()
    }

    /// Turns the second factor on; answers the secret and the recovery codes.
    pub(crate) fn enable_two_factor(&self) -> (TotpSecret, Vec<String>) {
        let secret = self.set_up();
        let body = json!({"code": self.house.code(&secret, 0), "password": PASSWORD});
        let answer = self.post("/api/client/account/two-factor", &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        let tokens = answer.json()["attributes"]["tokens"].clone();
        (secret, serde_json::from_value(tokens).unwrap())
    }

    /// The events of the account's trail, newest first.
    pub(crate) fn events(&self) -> Vec<String> {
        let answer = self.get("/api/client/account/activity?per_page=100");
        assert_eq!(answer.status, 200, "{answer:?}");
        let entries = answer.json()["data"].clone();
        let event = |entry: &Value| entry["attributes"]["event"].as_str().unwrap().to_owned();
        entries.as_array().unwrap().iter().map(event).collect()
    }
}

impl House {
    /// The code of the present time step, or of one so many steps away.
    pub(crate) fn code(&self, secret: &TotpSecret, steps: i64) -> String {
        let now = TotpStep::at(self.accounts.now());
        secret.code_at(TotpStep(now.0.saturating_add_signed(steps))).as_str().to_owned()
    }

    /// Signs in with the password and then with `factor`; answers the second answer, and the browser.
    pub(crate) fn signed_in_with(&self, account: &Account, factor: &Value) -> (Answer, Browser<'_>) {
        let browser = self.browser();
        let mut body = factor.clone();
        body["confirmation_token"] = browser.confirmation_token(account);
        let answer = browser.post("/auth/login/checkpoint", &body);
        (answer, browser)
    }
}

/// A browser: keeps the session cookie, and says where its requests come from.
pub(crate) struct Browser<'a> {
    house: &'a House,
    /// `name=value` of the session cookie.
    cookie: RefCell<Option<String>>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(house: &'a House) -> Self {
        Self { house, cookie: RefCell::new(None) }
    }

    pub(crate) fn cookie(&self) -> Option<String> {
        self.cookie.borrow().clone()
    }

    /// Another browser with this cookie, as a thief has one.
    pub(crate) fn with_cookie(&self, cookie: &str) -> Self {
        Self { house: self.house, cookie: RefCell::new(Some(cookie.to_owned())) }
    }

    pub(crate) fn ask(&self, method: &str, path: &str) -> Ask {
        let ask = Ask::new(method, path).header("User-Agent", "a browser");
        match &*self.cookie.borrow() {
            Some(cookie) => ask.header("Cookie", cookie),
            None => ask,
        }
    }

    /// Sends a request of a page of ours, and keeps or forgets the cookie as it is told.
    pub(crate) fn send(&self, ask: Ask) -> Answer {
        let answer = self.house.send(&ask.header("Sec-Fetch-Site", "same-origin"));
        if let Some(set) = answer.header("set-cookie") {
            let pair = set.split(';').next().unwrap().to_owned();
            let forgotten = set.contains("Max-Age=0");
            *self.cookie.borrow_mut() = (!forgotten).then_some(pair);
        }
        answer
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(self.ask("GET", path))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.ask("POST", path).json(body))
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.ask("PUT", path).json(body))
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send(self.ask("DELETE", path))
    }

    pub(crate) fn login(&self, user: &str, password: &str) -> Answer {
        self.post("/auth/login", &json!({"user": user, "password": password}))
    }

    /// What the password step gives to an account with a second factor.
    pub(crate) fn confirmation_token(&self, account: &Account) -> Value {
        let answer = self.login(account.username.as_str(), PASSWORD);
        assert_eq!(answer.status, 200, "{answer:?}");
        let token = answer.json()["data"]["confirmation_token"].clone();
        assert!(token.is_string(), "{answer:?}");
        token
    }

    /// Whether the browser is signed in.
    pub(crate) fn is_in(&self) -> bool {
        match self.get("/api/client/account").status {
            200 => true,
            401 => false,
            other => panic!("{other}"),
        }
    }
}
