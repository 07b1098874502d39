//! The requests of each load, as they go over the wire, made from a generated database's manifest.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::{Value, json};

use super::client;
use crate::dice::Dice;
use crate::failure::{Failure, Outcome};

/// Characters of a key's token that stay: the prefix, and the first that tell the time, to four hours.
const SAME_HOURS: usize = 8;
const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// So many sign in at once, when sessions are opened.
const SIGNING_IN: usize = 8;

/// An account of the manifest.
#[derive(Debug, Clone)]
pub(super) struct Usable {
    username: String,
    password: String,
    token: String,
}

/// Reads the usable accounts of a manifest.
///
/// # Errors
/// When it is not one.
pub(super) fn usable(manifest: &Path) -> Outcome<Vec<Usable>> {
    let text = fs::read_to_string(manifest).map_err(Failure::from_io(manifest.display().to_string()))?;
    let manifest: Value = serde_json::from_str(&text).map_err(|_| Failure::new("the manifest is no JSON"))?;
    let accounts = manifest.get("usable").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let text = |account: &Value, name: &str| account.get(name).and_then(Value::as_str).map(str::to_owned);
    let read = |account: &Value| {
        Some(Usable {
            username: text(account, "username")?,
            password: text(account, "password")?,
            token: text(account, "token")?,
        })
    };
    let usable: Option<Vec<Usable>> = accounts.iter().map(read).collect();
    usable.filter(|all| !all.is_empty()).ok_or_else(|| Failure::new("the manifest names no usable account"))
}

/// `GET /api/client/account` by key, for every account.
pub(super) fn by_key(accounts: &[Usable]) -> Vec<String> {
    accounts.iter().map(|one| read(&format!("Authorization: Bearer {}", one.token))).collect()
}

/// `GET /api/client/account` by keys that nobody has, so many for each account. They lie all over the time in
/// which the accounts' own keys were made, and so in pages that nobody else asks for.
pub(super) fn unknown_keys(accounts: &[Usable], each: u64) -> Vec<String> {
    let rounds = (0..each).flat_map(|_| accounts);
    let tokens = (1..).zip(rounds).map(|(number, one)| unknown(&one.token, number));
    tokens.map(|token| read(&format!("Authorization: Bearer {token}"))).collect()
}

/// A key of the same few hours; the dice fall alike in each run.
fn unknown(known: &str, number: u64) -> String {
    let mut dice = Dice::new(number);
    let drawn = known.chars().skip(SAME_HOURS).map(|_| {
        let place = usize::try_from(dice.throw() >> 33).unwrap_or_default() % ALPHANUMERIC.len();
        ALPHANUMERIC.get(place).copied().map_or('0', char::from)
    });
    known.chars().take(SAME_HOURS).chain(drawn).collect()
}

/// `GET /api/client/account` by session, for every account; the sessions are opened now.
///
/// # Errors
/// When somebody cannot sign in.
pub(super) fn by_session(address: SocketAddr, accounts: &[Usable]) -> Outcome<Vec<String>> {
    let all_of = |accounts: &[Usable]| -> Outcome<Vec<String>> {
        accounts.iter().map(|one| Ok(read(&format!("Cookie: {}", sign_in(address, one)?)))).collect()
    };
    let parts = accounts.chunks(accounts.len().div_ceil(SIGNING_IN).max(1));
    let opened: Vec<Outcome<Vec<String>>> = thread::scope(|scope| {
        let opening: Vec<_> = parts.map(|part| scope.spawn(move || all_of(part))).collect();
        let lost = |_| Err(Failure::new("a thread that signs in is lost"));
        opening.into_iter().map(|thread| thread.join().unwrap_or_else(lost)).collect()
    });
    Ok(opened.into_iter().collect::<Outcome<Vec<_>>>()?.concat())
}

/// `POST /auth/login`, for every account.
pub(super) fn sign_ins(accounts: &[Usable]) -> Vec<String> {
    accounts.iter().map(login).collect()
}

/// `POST /api/client/account/api-keys` by key, for every account.
pub(super) fn creations(accounts: &[Usable]) -> Vec<String> {
    let body = json!({ "description": "made by a load test", "allowed_ips": [] });
    let by = |one: &Usable| format!("Authorization: Bearer {}\r\n", one.token);
    accounts.iter().map(|one| post("/api/client/account/api-keys", &by(one), &body)).collect()
}

/// Writes requests down for the load generator.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(folder: &Path, name: &str, requests: &[String]) -> Outcome<PathBuf> {
    let path = folder.join(format!("{name}.requests.json"));
    fs::write(&path, Value::from(requests.to_vec()).to_string())
        .map_err(Failure::from_io(format!("cannot write {}", path.display())))?;
    Ok(path)
}

fn read(credential: &str) -> String {
    format!(
        "GET /api/client/account HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n{credential}\r\n\r\n"
    )
}

fn login(one: &Usable) -> String {
    post("/auth/login", "", &json!({ "user": one.username, "password": one.password }))
}

fn post(path: &str, credential: &str, body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n{credential}\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// The cookie of a new session, as `name=value`.
fn sign_in(address: SocketAddr, one: &Usable) -> Outcome<String> {
    let answer = client::ask(address, &login(one))?;
    let cookie = answer.header("set-cookie").and_then(|line| line.split(';').next()).map(str::to_owned);
    cookie.filter(|_| answer.status == 200).ok_or_else(|| {
        Failure::new(format!("{} cannot sign in: {} {}", one.username, answer.status, answer.body))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Usable {
        Usable { username: "u".to_owned(), password: "p\"q".to_owned(), token: "t".to_owned() }
    }

    #[test]
    fn unknown_keys_are_of_the_same_hours_all_different_and_the_same_in_each_run() {
        let known = format!("ptlc_VWo{}", "k".repeat(40));
        let accounts = vec![Usable { token: known.clone(), ..account() }; 3];
        let requests = unknown_keys(&accounts, 50);
        assert_eq!(requests, unknown_keys(&accounts, 50));
        let different: std::collections::HashSet<&String> = requests.iter().collect();
        assert_eq!(different.len(), 150);
        let token = unknown(&known, 7);
        assert!(token.starts_with("ptlc_VWo") && token.len() == known.len() && token != known, "{token}");
    }

    #[test]
    fn a_request_ends_its_head_once_and_says_how_long_its_body_is() {
        for request in
            [by_key(&[account()]), sign_ins(&[account()]), creations(&[account()])].into_iter().flatten()
        {
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            assert!(head.lines().all(|line| !line.is_empty()), "{request}");
            assert_eq!(head.contains("Content-Length"), !body.is_empty());
            if !body.is_empty() {
                assert!(head.contains(&format!("Content-Length: {}", body.len())), "{request}");
                serde_json::from_str::<Value>(body).unwrap();
            }
        }
    }
}
