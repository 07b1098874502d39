//! What a recorded exchange needs to have happened before: the six accounts with their keys, and
//! what the panel's account looked like at that point.

use std::sync::Arc;
use std::time::Duration;

use account_core::admin::{InitialPassword, NewUser};
use account_core::api_key::{AllowedIps, Description, NewApiKey};
use account_core::email::Email;
use account_core::password::NewPassword;
use account_core::policy::Policy;
use account_core::profile::{Language, PersonName, Username};
use account_core::two_factor::TotpSecret;
use account_testkit::ManualClock;
use serde_json::{Value, json};

use crate::house::{House, ORIGIN, Plan};
use crate::person::Person;
use crate::store_kind::Kind;

const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHAQLF+XwkWZDuqTXLLDgN6K4ZfdlLUopIpVJKto1cU1 alice@laptop";

/// One thing that happened before.
enum Given {
    /// The address was changed to this.
    Email(&'static str),
    /// The password was changed to this.
    Password(&'static str),
    /// The account has so many keys.
    Keys(usize),
    /// A key was made with these addresses; the recorded token is its token.
    Key(&'static [&'static str], &'static str),
    /// This public key is on the account.
    SshKey,
    /// A second factor is being set up; the recorded code is the one of so many steps from now.
    Pending(&'static str, i64),
    /// A second factor is on.
    TwoFactor,
    /// It was on and is off again.
    TwoFactorOff,
    /// Two changes of the address and five things about keys.
    History,
    /// Nothing, and the trail is another.
    Nothing,
}

use Given::{
    Email as EmailIs, History, Key, Keys, Nothing, Password as PasswordIs, Pending, SshKey, TwoFactor,
    TwoFactorOff,
};

const LONG: &str = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";

/// Section, name of the exchange, what is given.
const GIVEN: &[(&str, &str, Given)] = &[
    ("email", "same email again", EmailIs("alice.new@example.com")),
    ("email", "account after uppercase", EmailIs("ALICE.NEW@EXAMPLE.COM")),
    ("email", "account after padded", EmailIs("alice3@example.com")),
    ("email", "activity by filter", EmailIs("alice3@example.com")),
    ("password", "8 multibyte ok", PasswordIs("NewPass123!")),
    ("password", "72-byte truncation as current?", PasswordIs(LONG)),
    ("password", "spaced current", PasswordIs(" spaced pass ")),
    ("password", "spaced current with extra spaces", PasswordIs(" spaced pass ")),
    ("password", "api key still valid after password change", PasswordIs("NewPass123!")),
    ("twofactor", "alpha code", Pending("no code of ours", 0)),
    ("twofactor", "wrong code", Pending("no code of ours", 0)),
    ("twofactor", "wrong pw right code", Pending("726957", 0)),
    ("twofactor", "code at -6 steps", Pending("948108", -6)),
    ("twofactor", "code at +5 steps", Pending("091157", 5)),
    ("twofactor", "code padded with spaces", Pending("782103", 0)),
    ("twofactor", "GET when enabled", TwoFactor),
    ("twofactor", "enable again, wrong code", TwoFactor),
    ("twofactor", "disable ok", TwoFactor),
    ("twofactor", "re-enable with OLD secret after disable (no GET)", TwoFactorOff),
    ("twofactor", "enable with offset -4 steps", Pending("982324", -4)),
    ("twofactor", "enable with offset -3 steps", Pending("712063", -3)),
    ("twofactor", "enable final", Pending("154818", 0)),
    ("twofactor", "activity include actor", TwoFactorOff),
    ("apikeys", "use new key", Key(&[], "ptlc_WityuYpcLH348JaqMwBIHtPC3BcTQsO771apwa1T4Xw")),
    (
        "apikeys",
        "use blocked key to list keys",
        Key(&["10.0.0.0/8", "192.0.2.1"], "ptlc_IQfT2jdKz4bBClrP54HRmQlZn7pgpmEYUrFl9i4hYZt"),
    ),
    ("apikeys", "erin create key #24", Keys(23)),
    ("apikeys", "erin create #26 (limit)", Keys(25)),
    ("apikeys", "erin list 25", Keys(25)),
    ("apikeys", "activity newest", History),
    ("sshkeys", "list", SshKey),
    ("sshkeys", "list after prefix remove", SshKey),
    ("sshkeys", "duplicate same user, no comment", SshKey),
    ("activity", "empty", Nothing),
    ("activity", "activity from session (is_api false) include actor", EmailIs("bob9@example.com")),
    ("activity", "*", History),
];

/// Everybody, with their names and the recorded token of their key.
const PEOPLE: [(&str, &str, &str, &str); 6] = [
    ("admin", "Ada", "Admin", "ptlc_ADMINkey000adminSecretxxxxxxxxxxxxxxxxxxxxx"),
    ("alice", "Alice", "Example", "ptlc_ALICEkey000aliceSecretxxxxxxxxxxxxxxxxxxxxx"),
    ("bob", "Bob", "Example", "ptlc_BOBkey00000bobSecretxxxxxxxxxxxxxxxxxxxxxxx"),
    ("carol", "Carol", "Example", "ptlc_CAROLkey000carolSecretxxxxxxxxxxxxxxxxxxxxx"),
    ("dave", "Dave", "Example", "ptlc_DAVEkey0000daveSecretxxxxxxxxxxxxxxxxxxxxxx"),
    ("erin", "Erin", "Example", "ptlc_ERINkey0000erinSecretxxxxxxxxxxxxxxxxxxxxxx"),
];

/// Alice's other keys.
const ALICES: [(&str, &[&str]); 3] = [
    ("ptlc_ALICEblock0aliceBlockedxxxxxxxxxxxxxxxxxxxx", &["10.0.0.0/8", "192.0.2.7"]),
    ("ptlc_ALICEloop00aliceLoopxxxxxxxxxxxxxxxxxxxxxxx", &["127.0.0.0/8", "::1"]),
    ("ptlc_ALICEexpir0aliceExpiredxxxxxxxxxxxxxxxxxxxx", &[]),
];

/// A house at the point where an exchange was recorded.
pub(crate) struct Recreated {
    pub(crate) house: House,
    /// What stands in the recording, and what stands for it here.
    replaced: Vec<(String, String)>,
    /// Whether the account's trail is the recorded one, as far as it is counted.
    pub(crate) same_history: bool,
}

/// The six accounts with their keys, registered once: each exchange gets a copy.
pub(crate) struct Template(Recreated);

impl Template {
    pub(crate) fn new() -> Self {
        let house = House::with(Kind::Sqlite, plan_of_the_recording);
        let mut recreated = Recreated { house, replaced: Vec::new(), same_history: false };
        recreated.register_everybody();
        Self(recreated)
    }

    /// The state in which the panel was asked for this exchange.
    pub(crate) fn at(&self, section: &str, name: &str) -> Recreated {
        let copy = self.0.house.store.copy_of_file();
        let house = House::with(Kind::Sqlite, |plan| {
            plan_of_the_recording(plan);
            plan.keyring.clone_from(&self.0.house.keyring);
            plan.store = Some(copy);
            plan.clock = Arc::new(ManualClock::at(self.0.house.accounts.now()));
        });
        let mut recreated = Recreated { house, replaced: self.0.replaced.clone(), same_history: false };
        let wanted = |(of, exchange, _): &&(&str, &str, Given)| {
            *of == section && (*exchange == name || *exchange == "*")
        };
        if let Some((_, _, given)) = GIVEN.iter().find(wanted) {
            recreated.happen(section, given);
        }
        recreated
    }
}

fn plan_of_the_recording(plan: &mut Plan) {
    plan.policy = Policy {
        issuer: "Pterodactyl".into(),
        mail: true,
        public_url: ORIGIN.to_owned(),
        ..Policy::default()
    };
    plan.options.public_url = None;
    plan.options.browser_origins = vec!["http://127.0.0.1:8801".into()];
}

impl Recreated {
    /// A recorded text with what stands for its tokens, identifiers and codes here.
    pub(crate) fn translated(&self, text: &str) -> String {
        self.replaced.iter().fold(text.to_owned(), |text, (recorded, ours)| text.replace(recorded, ours))
    }

    fn register_everybody(&mut self) {
        for (name, first, last, token) in PEOPLE {
            let id = self.register(name, first, last);
            let ours = self.key(id, "prepared", &[], None);
            self.replace_token(token, &ours);
        }
        let alice = self.person("alice").account.id;
        for (token, allowed_ips) in ALICES {
            let expires =
                allowed_ips.is_empty().then(|| self.house.accounts.now().plus(Duration::from_secs(1)));
            let ours = self.key(alice, "prepared", allowed_ips, expires);
            self.replace_token(token, &ours);
        }
        self.house.later(1);
    }

    fn replace_token(&mut self, recorded: &str, ours: &str) {
        self.replaced.push((recorded.to_owned(), ours.to_owned()));
        self.replaced.push((format!("/{}", &recorded[..16]), format!("/{}", &ours[..16])));
    }

    fn register(&self, name: &str, first: &str, last: &str) -> account_core::id::AccountId {
        let user = NewUser {
            username: Username::parse(name).unwrap(),
            email: Email::parse(&format!("{name}@example.com")).unwrap(),
            first_name: PersonName::parse(first).ok(),
            last_name: PersonName::parse(last).ok(),
            language: Language::default(),
            admin: name == "admin",
            email_verified: false,
            password: InitialPassword::Chosen(new_password(&password_of(name))),
        };
        self.house.block_on(self.house.accounts.admin().register(user)).unwrap().id
    }

    fn key(
        &self,
        id: account_core::id::AccountId,
        description: &str,
        allowed_ips: &[&str],
        expires_at: Option<account_core::time::Timestamp>,
    ) -> String {
        let wanted = NewApiKey {
            description: Description::parse(description).unwrap(),
            allowed_ips: AllowedIps::parse(allowed_ips).unwrap(),
            expires_at,
        };
        let made = self.house.block_on(self.house.accounts.admin().create_api_key(id, &wanted)).unwrap();
        made.token.joined().to_string()
    }

    /// The cookie of somebody who signed in.
    pub(crate) fn session(&self, name: &str) -> String {
        let browser = self.house.browser();
        let answer = browser.login(name, &password_of(name));
        assert_eq!(answer.status, 200, "{answer:?}");
        browser.cookie().unwrap()
    }

    pub(crate) fn person(&self, name: &str) -> Person<'_> {
        let (_, _, _, recorded) = PEOPLE.iter().find(|person| person.0 == name).unwrap();
        let login = account_core::profile::Login::parse(name).unwrap();
        let account = self.house.block_on(self.house.accounts.admin().by_login(&login)).unwrap();
        let token = self.translated(recorded);
        Person::new(&self.house, account, token)
    }

    fn happen(&mut self, section: &str, given: &Given) {
        let name = match (section, given) {
            ("twofactor", _) => "carol",
            ("activity", _) => "bob",
            (_, Keys(_)) => "erin",
            _ => "alice",
        };
        match given {
            EmailIs(email) => {
                change(&self.person(name), "email", &json!({"email": email, "password": password_of(name)}));
            }
            PasswordIs(new) => {
                let id = self.person(name).account.id;
                self.house
                    .block_on(self.house.accounts.admin().set_password(id, &new_password(new)))
                    .unwrap();
            }
            Keys(count) => {
                let id = self.person(name).account.id;
                (1..*count).for_each(|_| drop(self.key(id, "k", &[], None)));
            }
            Key(allowed_ips, recorded) => {
                let ours = self.key(self.person(name).account.id, "new", allowed_ips, None);
                self.replace_token(recorded, &ours);
            }
            SshKey => {
                let body = json!({"name": "ed25519", "public_key": ED25519});
                let answer = self.person(name).post("/api/client/account/ssh-keys", &body);
                assert_eq!(answer.status, 200, "{answer:?}");
            }
            Pending(recorded, steps) => {
                let secret = self.person(name).set_up();
                self.replaced.push(((*recorded).to_owned(), self.house.code(&secret, *steps)));
            }
            TwoFactor => drop(self.enable_two_factor(name)),
            TwoFactorOff => {
                let (secret, _) = self.enable_two_factor(name);
                let body = json!({"password": password_of(name)});
                let answer = self.person(name).post("/api/client/account/two-factor/disable", &body);
                assert_eq!(answer.status, 204, "{answer:?}");
                self.house.later(30);
                self.replaced.push(("782103".to_owned(), self.house.code(&secret, 0)));
            }
            History => self.make_history(name),
            Nothing => {}
        }
    }

    pub(crate) fn enable_two_factor(&self, name: &str) -> (TotpSecret, Vec<String>) {
        let person = self.person(name);
        let secret = person.set_up();
        let body = json!({"code": self.house.code(&secret, 0), "password": password_of(name)});
        let answer = person.post("/api/client/account/two-factor", &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        (secret, serde_json::from_value(answer.json()["attributes"]["tokens"].clone()).unwrap())
    }

    fn make_history(&mut self, name: &str) {
        let person = self.person(name);
        for number in 0..2 {
            let email = format!("{name}{number}@example.com");
            change(&person, "email", &json!({"email": email, "password": password_of(name)}));
        }
        for number in 0..3 {
            let answer = person.post("/api/client/account/api-keys", &json!({"description": "x"}));
            let identifier = answer.json()["attributes"]["identifier"].as_str().unwrap().to_owned();
            if number > 0 {
                let answer = person.delete(&format!("/api/client/account/api-keys/{identifier}"));
                assert_eq!(answer.status, 204, "{answer:?}");
            }
        }
        self.same_history = name == "bob";
    }
}

fn change(person: &Person<'_>, what: &str, body: &Value) {
    let answer = person.put(&format!("/api/client/account/{what}"), body);
    assert_eq!(answer.status, 204, "{answer:?}");
}

/// What the recording's accounts signed in with: `AlicePass123!`.
pub(crate) fn password_of(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}Pass123!", first.to_uppercase())
}

fn new_password(text: &str) -> NewPassword {
    NewPassword::parse(text, &Policy::default().passwords, &[]).unwrap()
}
