//! Mail, over SMTP to a real server: what arrives is what it should be; a server that is down, frozen or
//! refuses loses nothing, not even with a killed account server in between, and disturbs nobody; nothing is
//! sent for a change that did not stand (invariant 7).

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api_client::{Ask, send};
use crate::both_databases::{Kind, over_both_databases};
use crate::mail_server::{Arrived, MailServer, Manner};
use crate::people::{PASSWORD, Person, new_password};
use crate::program::Server;
use crate::rounds::proven;
use crate::second_factor_races::token_in;
use crate::turns::beside_others;

over_both_databases![
    a_mail_server_that_is_down_loses_no_mail_and_nothing_is_sent_for_a_change_that_did_not_stand,
];

const FROM: (&str, &str) = ("ACCOUNT_MAIL_FROM", "Accounts <account@example.com>");
/// A mail that nothing stands in the way of comes within this time, on a busy machine too.
const SOON: Duration = Duration::from_secs(30);
/// A second try comes after half a minute, a third after another whole one.
const AFTER_RETRIES: Duration = Duration::from_secs(150);

fn told(person: &Person, subject: &str) -> (String, String) {
    (person.email.clone(), format!("Account: {subject}"))
}

fn of(mail: &Arrived) -> (String, String) {
    (mail.recipient.clone(), mail.header("Subject"))
}

fn ask_for_reset(server: &Server, email: &str) {
    server.send(&Ask::post("/auth/password", &json!({"email": email}))).expect(200);
}

fn make_key(person: &Person, description: &str) -> Ask {
    person.post("/api-keys", &json!({"description": description, "allowed_ips": []}))
}

fn change_email(person: &Person, email: &str, password: &str) -> Ask {
    person.ask("PUT", "/email", &json!({"email": email, "password": password}))
}

fn change_password(person: &Person, old: &str) -> Ask {
    person.ask("PUT", "/password", &new_password(old, "a new long password"))
}

#[test]
fn a_reset_and_a_notice_arrive_with_the_headers_and_the_words_they_should_have() {
    let _turn = beside_others();
    let (database, mails) = (Kind::Sqlite.empty(), MailServer::start());
    let ada = database.person("ada");
    let server = database.serve_with(&[("ACCOUNT_MAIL_URL", &mails.url()), FROM]);
    ask_for_reset(&server, "ADA@example.com");
    let reset = mails.wait_for(SOON, "the reset", |mail| mail.text.contains("choose a new password"));
    assert_eq!(of(&reset), told(&ada, "choose a new password"), "the stored spelling, not the asked one");
    for (header, value) in [
        ("Return-path", "<account@example.com>"),
        ("From", "Accounts <account@example.com>"),
        ("To", "ada@example.com"),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
    ] {
        assert_eq!(reset.header(header).replace('"', ""), value, "{header}");
    }
    assert!(reset.header("Message-ID").ends_with("@example.com>") && reset.header("Date").ends_with("+0000"));
    let token = token_in(&reset.body()).unwrap();
    let link = format!("http://{}/auth/password/reset/{token}?email=ada%40example.com", server.address);
    assert!(reset.body().lines().any(|line| line == link), "{link}: {}", reset.text);
    let chosen = "chosen by mail, and long";
    let body =
        json!({"token": token, "email": ada.email, "password": chosen, "password_confirmation": chosen});
    server.send(&Ask::post("/auth/password/reset", &body)).expect(200);
    let notice = mails.wait_for(SOON, "the notice", |mail| of(mail) == told(&ada, "password changed"));
    assert!(notice.body().starts_with("The password of your account was changed."), "{}", notice.text);
    assert_ne!(notice.header("Message-ID"), reset.header("Message-ID"));
    proven("a reset and a notice over SMTP to Exim", "headers, words and link as they should be");
}

#[test]
fn names_and_addresses_that_are_not_ascii_arrive() {
    let _turn = beside_others();
    let (database, mails) = (Kind::Sqlite.empty(), MailServer::start());
    for (name, email) in [("jane", "Jane@Bücher.example"), ("joerg", "jörg@bücher.example")] {
        database.person_at(name, email);
    }
    let named = ("ACCOUNT_APP_NAME", "Bücher & Söhne");
    let server = database.serve_with(&[("ACCOUNT_MAIL_URL", &mails.url()), FROM, named]);
    for (asked, recipient) in [
        ("jane@bücher.example", "Jane@xn--bcher-kva.example"),
        ("jörg@xn--bcher-kva.example", "jörg@xn--bcher-kva.example"),
    ] {
        ask_for_reset(&server, asked);
        let mail = mails.wait_for(SOON, recipient, |mail| mail.recipient == recipient);
        assert_eq!(mail.header("To"), recipient);
        assert!(mail.header("Subject").starts_with("=?utf-8?"), "encoded (RFC 2047): {}", mail.text);
        assert!(mail.body().contains("your account at Bücher & Söhne."), "{}", mail.text);
    }
}

#[test]
fn mail_goes_encrypted_and_signed_in_where_that_is_asked_for_and_else_waits() {
    let _turn = beside_others();
    let database = Kind::Sqlite.empty();
    let (mails, authority) = MailServer::start_encrypted();
    let authority = authority.display().to_string();
    mails.be(Manner::Closed);
    let ada = database.person("ada");
    let serve = |password: &str, authority: Option<&str>| {
        let url = mails.closed_url(password);
        let mut settings = vec![("ACCOUNT_MAIL_URL", url.as_str()), FROM];
        settings.extend(authority.map(|file| ("ACCOUNT_MAIL_CA", file)));
        let server = database.serve_with(&settings);
        server.send(&make_key(&ada, "with a notice")).expect(200);
        server
    };
    // A certificate that nobody vouches for, and a password that is wrong: the mail waits, and no word of
    // the password is logged.
    for (password, authority) in [("secret", None), ("a wrong secret", Some(authority.as_str()))] {
        let server = serve(password, authority);
        wait_until_tried(&server);
        assert!(!server.log().contains(password), "{}", server.log());
        assert!(mails.arrived().is_empty(), "{}", mails.log());
    }
    let _server = serve("secret", Some(&authority));
    let mail = mails.wait_for(SOON, "the notice", |mail| of(mail) == told(&ada, "new API key"));
    assert!(mail.header("Received").contains("with esmtpsa"), "encrypted and signed in: {}", mail.text);
    let begun = Instant::now();
    while mails.arrived().len() < 3 {
        assert!(begun.elapsed() < AFTER_RETRIES, "what waited did not come: {}", mails.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    proven("SMTP with STARTTLS and a password, to Exim", "a wrong password or certificate loses nothing");
}

/// Waits for the first try that failed.
fn wait_until_tried(server: &Server) {
    let begun = Instant::now();
    while tries(server) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(40), "no try: {}", server.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// How often a mail was not taken.
fn tries(server: &Server) -> usize {
    server.log().matches("it is tried again").count()
}

fn a_mail_server_that_is_down_loses_no_mail_and_nothing_is_sent_for_a_change_that_did_not_stand(kind: Kind) {
    let _turn = beside_others();
    let (database, mut mails) = (kind.empty(), MailServer::start());
    let [ada, bob] = database.people(["ada", "bob"]);
    let url = mails.url();
    let serve = || database.serve_with(&[("ACCOUNT_MAIL_URL", &url), FROM]);
    mails.end();
    let mut server = serve();
    // None of these stands, so none is told of.
    server.send(&change_password(&bob, "a wrong password")).expect(400);
    server.send(&change_email(&bob, "ada@example.com", PASSWORD)).expect(422);
    server.send(&bob.post("/api-keys", &json!({"description": Value::Null}))).expect(422);
    // All of these do.
    ask_for_reset(&server, &bob.email);
    let key = server.send(&make_key(&ada, "before the first kill")).expect(200).json();
    wait_until_tried(&server);
    server.kill();
    server = serve();
    server.send(&change_email(&ada, "ada@new.example", PASSWORD)).expect(204);
    server.kill();
    server = serve();
    server.send(&change_password(&ada, PASSWORD)).expect(204);
    let unchanged = ada.ask(
        "DELETE",
        &format!("/api-keys/{}", key["attributes"]["identifier"].as_str().unwrap()),
        &json!({}),
    );
    server.send(&unchanged).expect(204);
    wait_until_tried(&server);
    server.kill();
    mails.run();
    let server = serve();
    let moved = Person { email: "ada@new.example".to_owned(), ..ada.clone() };
    let expected = BTreeSet::from([
        told(&bob, "choose a new password"),
        told(&ada, "new API key"),
        told(&ada, "e-mail address changed"),
        told(&moved, "e-mail address changed"),
        told(&moved, "password changed"),
    ]);
    let all = || mails.arrived().iter().map(of).collect::<BTreeSet<_>>();
    let begun = Instant::now();
    while !all().is_superset(&expected) {
        assert!(
            begun.elapsed() < AFTER_RETRIES,
            "lost: {:#?}\n{}",
            expected.difference(&all()),
            server.log()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    // Time for what should not come.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(all(), expected);
    let names: BTreeSet<String> = mails.arrived().iter().map(|mail| mail.header("Message-ID")).collect();
    assert_eq!(names.len(), expected.len(), "copies of one mail have one name");
    proven(
        &format!("mail server down, three kill -9 of the account server, {}", kind.name()),
        &format!("{} mails, {} came, all in {:.0?}", expected.len(), names.len(), begun.elapsed()),
    );
}

#[test]
fn a_mail_server_that_refuses_or_is_frozen_is_asked_seldom_and_disturbs_no_request() {
    let _turn = beside_others();
    let (database, mails) = (Kind::Sqlite.empty(), MailServer::start());
    let [ada, bob, cleo, dan] = database.people(["ada", "bob", "cleo", "dan"]);
    let server = database.serve_with(&[("ACCOUNT_MAIL_URL", &mails.url()), FROM]);
    let refused_by = |person: &Person, text: &str| {
        server.send(&make_key(person, "with a notice")).expect(200);
        let begun = Instant::now();
        while !server.log().contains(text) {
            assert!(begun.elapsed() < SOON, "{text}: {}", server.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    mails.be(Manner::NotNow);
    refused_by(&ada, "try again later");
    mails.be_no_longer(Manner::NotNow);
    mails.be(Manner::NoneAtAll);
    refused_by(&bob, "we want none of it");
    mails.be_no_longer(Manner::NoneAtAll);
    mails.be(Manner::NoSuchMailbox);
    refused_by(&cleo, "no such mailbox");
    mails.be_no_longer(Manner::NoSuchMailbox);
    // From here on it is frozen, and requests are answered as ever.
    mails.freeze();
    server.send(&make_key(&dan, "while the mail server is frozen")).expect(200);
    let (begun, mut slowest) = (Instant::now(), Duration::ZERO);
    while begun.elapsed() < Duration::from_secs(6) {
        let asked = Instant::now();
        server.send(&dan.get("")).expect(200);
        ask_for_reset_quietly(&server, begun.elapsed());
        slowest = slowest.max(asked.elapsed());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
    assert!(tries(&server) <= 3, "a loop: {}", server.log());
    mails.thaw();
    for person in [&ada, &bob, &dan] {
        mails.wait_for(AFTER_RETRIES, &person.email, |mail| of(mail) == told(person, "new API key"));
    }
    assert!(mails.arrived().iter().all(|mail| mail.recipient != cleo.email), "nobody can have that address");
    proven(
        "a mail server that answers 451, 554, 550 or nothing",
        &format!("{} failed tries, slowest request meanwhile {slowest:.0?}, nothing lost", tries(&server)),
    );
}

/// Whatever the limits say to it.
fn ask_for_reset_quietly(server: &Server, since: Duration) {
    let email = format!("nobody{}@example.com", since.as_millis());
    let answer = send(server.address, &Ask::post("/auth/password", &json!({"email": email})));
    assert!(matches!(answer.status, 200 | 429), "{answer:?}");
}
