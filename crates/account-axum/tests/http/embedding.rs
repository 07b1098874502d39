//! What an embedder builds upon: the extractors on routes of its own, the router nested or merged
//! beside others, and the upkeep.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use account_axum::{ClientIp, Gate, Options, Principal, router, upkeep};
use account_core::Accounts;
use account_core::mail::Message;
use account_core::policy::TwoFactorRequired;
use account_core::ports::mailer::{Mailer, MailerError};
use axum::Router;
use axum::routing::get;
use serde_json::json;

use crate::house::{House, PASSWORD};
use crate::raw_client::Ask;
use crate::store_kind::{Kind, on_every_store};

async fn greet(who: Principal, ClientIp(from): ClientIp) -> String {
    format!("{} from {}", who.account().username.as_str(), from.unwrap())
}

fn greetings(accounts: &Accounts, options: &Options) -> Router {
    Router::new().route("/greeting", get(greet).post(greet)).with_state(Gate::new(accounts.clone(), options))
}

fn an_embedders_own_route_is_behind_the_same_gate(kind: Kind) {
    let house = House::with(kind, |plan| plan.beside = Some(Box::new(greetings)));
    let alice = house.person("alice");
    assert_eq!(alice.get("/greeting").text(), "alice from 127.0.0.1");
    assert_eq!(house.signed_in(&alice.account).get("/greeting").text(), "alice from 127.0.0.1");
    let nobody = house.send(&Ask::new("GET", "/greeting"));
    assert_eq!((nobody.status, nobody.code().as_str()), (401, "AuthenticationException"));
    let blocked = alice.with_key(&house.key(&alice.account, &["10.0.0.1"]));
    assert_eq!(blocked.get("/greeting").status, 403);
    let browser = house.signed_in(&alice.account);
    let cross = browser.ask("POST", "/greeting").header("Sec-Fetch-Site", "cross-site");
    assert_eq!(house.send(&cross).status, 419);
}

fn policy_holds_on_an_embedders_own_route(kind: Kind) {
    let house = House::with(kind, |plan| {
        plan.policy.two_factor_required = TwoFactorRequired::Everybody;
        plan.beside = Some(Box::new(greetings));
    });
    assert_eq!(house.person("alice").get("/greeting").code(), "TwoFactorAuthRequiredException");
}

fn the_router_nests_and_leaves_the_client_area_to_who_owns_it(kind: Kind) {
    let house = House::with(kind, |plan| {
        plan.options.owns_client_area = false;
        plan.beside = Some(Box::new(|accounts, options| {
            let nested = router(accounts.clone(), options.clone());
            let own = get(async || "my servers");
            Router::new()
                .nest("/nested", nested)
                .route("/api/client", own.clone())
                .route("/api/client/servers", own)
        }));
    });
    let alice = house.person("alice");
    assert_eq!(alice.get("/nested/api/client/account").status, 200);
    let unknown = alice.get("/nested/api/client/account/nope");
    assert_eq!(unknown.error().1, "The route nested/api/client/account/nope could not be found.");
    let page = alice.get("/nested/api/client/account/activity?per_page=1").json();
    let next = "https://account.test/nested/api/client/account/activity?per_page=1&page=2";
    assert_eq!(page["meta"]["pagination"]["links"], json!({"next": next}));
    let next = next.strip_prefix("https://account.test").unwrap();
    assert_eq!(alice.get(next).json()["meta"]["pagination"]["current_page"], 2);
    assert_eq!(alice.get("/api/client").text(), "my servers");
    assert_eq!(alice.get("/api/client/servers").text(), "my servers");
    assert_eq!(alice.get("/api/client/account").status, 200);
}

#[derive(Default)]
struct Kept(Mutex<Vec<String>>);

#[async_trait::async_trait]
impl Mailer for Kept {
    async fn deliver(&self, message: &Message) -> Result<(), MailerError> {
        self.0.lock().unwrap().push(message.to.clone());
        Ok(())
    }
}

/// Asks until the answer is there.
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    #[expect(clippy::disallowed_methods, reason = "a test that waits for a timer of the system")]
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(5), "{what}");
        std::thread::yield_now();
    }
}

fn upkeep_writes_last_uses_and_delivers_mail_within_seconds_and_once_more_at_the_end(kind: Kind) {
    let house = House::with(kind, |plan| plan.options.requests_per_minute = None);
    let alice = house.person("alice");
    let mailer = Arc::new(Kept::default());
    let running = house.block_on(async { upkeep(house.accounts.clone(), Some(mailer.clone())) });
    let last_used = |index: usize| {
        alice.get("/api/client/account/api-keys").json()["data"][index]["attributes"]["last_used_at"].clone()
    };
    eventually("a first use shows", || last_used(0).is_string());
    let change = json!({"email": "new@example.com", "password": PASSWORD});
    assert_eq!(alice.put("/api/client/account/email", &change).status, 204);
    eventually("both addresses are told", || mailer.0.lock().unwrap().len() >= 3);
    let other = alice.with_key(&house.key(&alice.account, &[]));
    assert_eq!(other.get("/api/client/account").status, 200);
    house.block_on(running.stop());
    assert!(last_used(1).is_string(), "written at the stop");
}

on_every_store!(
    an_embedders_own_route_is_behind_the_same_gate,
    policy_holds_on_an_embedders_own_route,
    the_router_nests_and_leaves_the_client_area_to_who_owns_it,
    upkeep_writes_last_uses_and_delivers_mail_within_seconds_and_once_more_at_the_end,
);
