//! What each change ends, and what it leaves alone (contract 10).

use serde_json::{Value, json};

use crate::house::{House, ORIGIN, PASSWORD};
use crate::person::{Browser, Person};
use crate::store_kind::{Kind, on_every_store};

const NEW: &str = "another horse battery";

/// A second factor, a session, a pending sign-in, a reset token and a key, all of them good.
struct Everything<'a> {
    alice: Person<'a>,
    session: Browser<'a>,
    pending: Value,
    reset: String,
    codes: Vec<String>,
}

impl<'a> Everything<'a> {
    fn of(house: &'a House) -> Self {
        let alice = house.person("alice");
        let session = house.signed_in(&alice.account);
        let (_, codes) = alice.enable_two_factor();
        let pending = house.browser().confirmation_token(&alice.account);
        house.mails();
        let reset = requested(house, "alice@example.com");
        Self { alice, session, pending, reset, codes }
    }

    /// Which of them are still good: the session, the pending sign-in, the reset token, the key.
    fn left(&self, house: &House) -> [bool; 4] {
        let confirmed = json!({"confirmation_token": self.pending, "recovery_token": self.codes[0]});
        let confirmed = house.browser().post("/auth/login/checkpoint", &confirmed).status;
        let key = self.alice.get("/api/client/account").status;
        [self.session.is_in(), confirmed == 200, resets(house, &self.reset), key == 200]
    }
}

fn requested(house: &House, email: &str) -> String {
    assert_eq!(house.browser().post("/auth/password", &json!({"email": email})).status, 200);
    let mail = house.mails().pop().expect("a mail");
    let after = mail.text.split(&format!("{ORIGIN}/auth/password/reset/")).nth(1).expect("a link").to_owned();
    after.chars().take_while(|c| *c != '?').collect()
}

/// Whether a token still resets: with it, the answer tells of the new password and not of the token.
fn resets(house: &House, token: &str) -> bool {
    let body = json!({"token": token, "email": "alice@example.com",
        "password": "yet another horse", "password_confirmation": "yet another horse"});
    house.browser().post("/auth/password/reset", &body).status == 200
}

fn a_new_password_by_key_ends_all_but_keys_and_the_second_factor(kind: Kind) {
    let house = House::new(kind);
    let all = Everything::of(&house);
    let body = json!({"current_password": PASSWORD, "password": NEW, "password_confirmation": NEW});
    assert_eq!(all.alice.put("/api/client/account/password", &body).status, 204);
    assert_eq!(all.left(&house), [false, false, false, true]);
    assert_eq!(house.browser().login("alice", NEW).json()["data"]["complete"], false);
}

fn a_new_password_by_session_keeps_that_session_under_another_token(kind: Kind) {
    let house = House::new(kind);
    let all = Everything::of(&house);
    let other = all.session.with_cookie(&all.session.cookie().expect("a cookie"));
    let body = json!({"current_password": PASSWORD, "password": NEW, "password_confirmation": NEW});
    assert_eq!(all.session.put("/api/client/account/password", &body).status, 204);
    assert_eq!(all.left(&house), [true, false, false, true]);
    assert!(!other.is_in(), "the old token of the session is dead");
}

fn a_reset_ends_sessions_pending_sign_ins_and_the_token(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    let all = Everything::of(&house);
    let second = requested(&house, "alice@example.com");
    let body =
        json!({"token": second, "email": "alice@example.com", "password": NEW, "password_confirmation": NEW});
    let answer = house.browser().post("/auth/password/reset", &body);
    assert_eq!(answer.json(), json!({"success": true, "redirect_to": "/", "send_to_login": true}));
    assert_eq!(answer.header("set-cookie"), None, "the second factor is not passed over");
    assert_eq!(all.left(&house), [false, false, false, true]);
    assert!(!resets(&house, &second));
    assert_eq!(house.browser().login("alice", NEW).json()["data"]["complete"], false);
}

fn a_new_address_ends_reset_tokens_alone(kind: Kind) {
    let house = House::new(kind);
    let all = Everything::of(&house);
    let body = json!({"email": "new@example.com", "password": PASSWORD});
    assert_eq!(all.alice.put("/api/client/account/email", &body).status, 204);
    assert_eq!(all.left(&house), [true, true, false, true]);
}

fn sec_28_turning_the_second_factor_off_erases_it_and_ends_pending_sign_ins(kind: Kind) {
    let house = House::new(kind);
    let all = Everything::of(&house);
    let off = json!({"password": PASSWORD});
    assert_eq!(all.alice.post("/api/client/account/two-factor/disable", &json!({})).status, 400);
    assert_eq!(all.alice.post("/api/client/account/two-factor/disable", &off).status, 204);
    assert_eq!(house.browser().login("alice", PASSWORD).json()["data"]["complete"], true);
    house.later(60);
    // Enrolled anew, neither an old ticket nor an old code is good for anything.
    let (_, codes) = all.alice.enable_two_factor();
    let (answer, _) = house.signed_in_with(&all.alice.account, &json!({"recovery_token": all.codes[1]}));
    assert_eq!(answer.status, 400);
    let old = json!({"confirmation_token": all.pending, "recovery_token": codes[0]});
    assert_eq!(house.browser().post("/auth/login/checkpoint", &old).status, 400);
    assert_eq!(all.left(&house), [true, false, true, true], "sessions, reset tokens and keys stay");
}

fn turning_the_second_factor_on_ends_nothing(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let session = house.signed_in(&alice.account);
    house.mails();
    let reset = requested(&house, "alice@example.com");
    alice.enable_two_factor();
    assert!(session.is_in());
    assert!(resets(&house, &reset));
}

fn a_policy_may_end_other_sessions_with_the_second_factor(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.end_sessions_on_two_factor_change = true);
    let alice = house.person("alice");
    let session = house.signed_in(&alice.account);
    alice.enable_two_factor();
    assert!(!session.is_in());
}

fn a_policy_may_end_keys_with_the_password(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.revoke_api_keys_on_password_change = true);
    let alice = house.person("alice");
    let session = house.signed_in(&alice.account);
    let body = json!({"current_password": PASSWORD, "password": NEW, "password_confirmation": NEW});
    assert_eq!(session.put("/api/client/account/password", &body).status, 204);
    assert!(session.is_in());
    assert_eq!(alice.get("/api/client/account").status, 401);
}

fn sessions_end_when_policy_says(kind: Kind) {
    let house = House::with(kind, |plan| {
        plan.policy.sessions.idle = std::time::Duration::from_secs(600);
        plan.policy.sessions.absolute = std::time::Duration::from_secs(1500);
    });
    let alice = house.person("alice");
    let (idle, busy) = (house.signed_in(&alice.account), house.signed_in(&alice.account));
    for _ in 0..2 {
        house.later(500);
        assert!(busy.is_in());
        house.flush();
    }
    assert!(!idle.is_in(), "idle for longer than ten minutes");
    house.later(499);
    assert!(busy.is_in());
    house.flush();
    house.later(1);
    assert!(!busy.is_in(), "as old as a session may be");
}

fn a_deleted_user_leaves_nothing_that_opens_anything(kind: Kind) {
    let house = House::new(kind);
    let all = Everything::of(&house);
    house.block_on(house.accounts.admin().delete(all.alice.account.id)).unwrap();
    assert_eq!(all.left(&house), [false; 4]);
    assert_eq!(house.browser().login("alice", PASSWORD).status, 400);
    // The name is free, and its next owner inherits nothing.
    let next = house.person("alice");
    assert_eq!(next.get("/api/client/account/sessions").json()["data"], json!([]));
    assert_eq!(next.get("/api/client/account/ssh-keys").json()["data"], json!([]));
    assert_eq!(house.browser().login("alice", PASSWORD).json()["data"]["complete"], true);
}

fn logging_out_ends_that_session_alone(kind: Kind) {
    let house = House::new(kind);
    let all = Everything::of(&house);
    let (answer, other) = house.signed_in_with(&all.alice.account, &json!({"recovery_token": all.codes[1]}));
    assert_eq!(answer.status, 200);
    assert_eq!(other.post("/auth/logout", &json!({})).status, 204);
    assert!(!other.is_in());
    assert_eq!(all.left(&house), [true, true, true, true]);
}

on_every_store!(
    a_new_password_by_key_ends_all_but_keys_and_the_second_factor,
    a_new_password_by_session_keeps_that_session_under_another_token,
    a_reset_ends_sessions_pending_sign_ins_and_the_token,
    a_new_address_ends_reset_tokens_alone,
    sec_28_turning_the_second_factor_off_erases_it_and_ends_pending_sign_ins,
    turning_the_second_factor_on_ends_nothing,
    a_policy_may_end_other_sessions_with_the_second_factor,
    a_policy_may_end_keys_with_the_password,
    sessions_end_when_policy_says,
    a_deleted_user_leaves_nothing_that_opens_anything,
    logging_out_ends_that_session_alone,
);
