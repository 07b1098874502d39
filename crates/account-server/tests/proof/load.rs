//! Writers that keep a server busy from several connections, each with an account and a ledger of its own,
//! while something happens to the server or to its database.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::api_client::{Answer, Ask, Client, Lost};
use crate::both_databases::Database;
use crate::ledger::{Handle, Ledger, Row, Settled};
use crate::people::{Person, text};
use crate::rounds::Dice;

/// As many of one kind as a writer keeps; the account may have more.
const KEPT: usize = 12;
/// As many as may be there, with those in doubt.
const MOST: usize = 22;

/// One account that is written to without pause.
pub(crate) struct Writer {
    pub(crate) person: Person,
    api_keys: Ledger,
    ssh_keys: Ledger,
    dice: Dice,
    next: u64,
}

/// How one request ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) took: Duration,
    pub(crate) how: Result<Answer, Lost>,
}

impl Writer {
    pub(crate) fn of(person: Person, seed: u64) -> Self {
        let (api_keys, ssh_keys) = (Ledger::new(Row::ApiKey), Ledger::new(Row::SshKey));
        Self { person, api_keys, ssh_keys, dice: Dice::new(seed), next: 0 }
    }

    /// Writers with accounts of their own.
    pub(crate) fn crew<const N: usize>(database: &Database, names: [&str; N]) -> Vec<Self> {
        database.people(names).into_iter().zip(1..).map(|(person, seed)| Self::of(person, seed)).collect()
    }

    /// One request, usually a write, and a note of what came of it.
    pub(crate) fn step(&mut self, client: &mut Client) -> Result<Answer, Lost> {
        let row = if self.dice.roll(2) == 0 { Row::ApiKey } else { Row::SshKey };
        let full = self.ledger(row).standing.len() >= KEPT;
        match self.dice.roll(8) {
            0 => client.try_send(&self.person.get("")),
            1..=4 if !full && self.ledger(row).most() < MOST => self.make(row, client),
            _ => self.remove(row, client),
        }
    }

    /// Compares the ledgers with what the server has now.
    pub(crate) fn settle(&mut self, client: &mut Client) -> Settled {
        let api_keys = self.api_keys.settle(client, &self.person);
        let ssh_keys = self.ssh_keys.settle(client, &self.person);
        Settled {
            acknowledged: api_keys.acknowledged + ssh_keys.acknowledged,
            in_doubt: api_keys.in_doubt + ssh_keys.in_doubt,
            happened: api_keys.happened + ssh_keys.happened,
        }
    }

    fn ledger(&mut self, row: Row) -> &mut Ledger {
        match row {
            Row::ApiKey => &mut self.api_keys,
            Row::SshKey => &mut self.ssh_keys,
        }
    }

    fn make(&mut self, row: Row, client: &mut Client) -> Result<Answer, Lost> {
        self.next += 1;
        let name = format!("{} {}", self.person.name, self.next);
        let ask = match row {
            Row::ApiKey => self.person.post("/api-keys", &json!({"description": name})),
            Row::SshKey => self.person.post(
                "/ssh-keys",
                &json!({"name": name, "public_key": ssh_key(&self.person.name, self.next)}),
            ),
        };
        let ended = client.try_send(&ask);
        match &ended {
            Ok(answer) if answer.status == 200 => {
                let handle = handle(row, answer);
                self.ledger(row).made(name, handle);
            }
            Err(Lost::NotConnected(_)) => {}
            _ => self.ledger(row).doubt(name),
        }
        ended
    }

    fn remove(&mut self, row: Row, client: &mut Client) -> Result<Answer, Lost> {
        let count = self.ledger(row).standing.len();
        if count == 0 {
            return client.try_send(&self.person.get(""));
        }
        let which = usize::try_from(self.dice.roll(count as u64)).unwrap();
        let (name, handle) = self.ledger(row).standing.iter().nth(which).unwrap();
        let (name, id) = (name.clone(), handle.id.clone());
        let ask = match row {
            Row::ApiKey => {
                Ask::new("DELETE", format!("/api/client/account/api-keys/{id}")).bearer(&self.person.token)
            }
            Row::SshKey => self.person.post("/ssh-keys/remove", &json!({"fingerprint": id})),
        };
        let ended = client.try_send(&ask);
        match &ended {
            Ok(answer) if answer.status == 204 => self.ledger(row).removed(name),
            Err(Lost::NotConnected(_)) => {}
            _ => self.ledger(row).doubt(name),
        }
        ended
    }
}

fn handle(row: Row, answer: &Answer) -> Handle {
    let body = answer.json();
    match row {
        Row::ApiKey => {
            let id = text(&body["attributes"]["identifier"]);
            let token = Some(format!("{id}{}", text(&body["meta"]["secret_token"])));
            Handle { id, token }
        }
        Row::SshKey => Handle { id: text(&body["attributes"]["fingerprint"]), token: None },
    }
}

/// A key of its own for each owner and number, as `ssh-keygen -t ed25519` writes them (RFC 8709).
pub(crate) fn ssh_key(owner: &str, number: u64) -> String {
    let mut seed = [0; 32];
    let name = format!("{number}{owner}");
    seed.iter_mut().zip(name.bytes()).for_each(|(to, byte)| *to = byte);
    let point = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let mut blob = Vec::new();
    for part in [&b"ssh-ed25519"[..], &point] {
        blob.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
        blob.extend(part);
    }
    format!("ssh-ed25519 {} proof@example.com", data_encoding::BASE64.encode(&blob))
}

/// How far the writers are.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    answers: AtomicU64,
    over: AtomicBool,
}

impl Progress {
    /// Waits until so many more requests are answered: on a busy machine that takes its time.
    pub(crate) fn wait_for(&self, more: u64) {
        let (begun, wanted) = (Instant::now(), self.answers.load(Ordering::Relaxed) + more);
        while self.answers.load(Ordering::Relaxed) < wanted {
            assert!(begun.elapsed() < Duration::from_secs(30), "hardly anything is answered");
            sleep(Duration::from_micros(200));
        }
    }
}

/// Lets the writers write while `event` happens, and until it is over. A writer whose server is gone
/// stops; one that is told to come back later waits a little.
pub(crate) fn under_load<R>(
    writers: &mut [Writer],
    nodes: &[SocketAddr],
    event: impl FnOnce(&Progress) -> R,
) -> (R, Vec<Ended>) {
    let progress = Progress::default();
    scope(|scope| {
        let progress = &progress;
        let working: Vec<_> = writers
            .iter_mut()
            .zip(nodes.iter().cycle())
            .map(|(writer, node)| scope.spawn(move || work(writer, *node, progress)))
            .collect();
        let result = event(progress);
        progress.over.store(true, Ordering::Relaxed);
        let ended = working.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        (result, ended)
    })
}

fn work(writer: &mut Writer, node: SocketAddr, progress: &Progress) -> Vec<Ended> {
    let mut client = Client::new(node);
    let mut all = Vec::new();
    while !progress.over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let how = writer.step(&mut client);
        let (lost, busy) = (how.is_err(), how.as_ref().is_ok_and(|answer| answer.status == 503));
        progress.answers.fetch_add(u64::from(!lost), Ordering::Relaxed);
        all.push(Ended { took: begun.elapsed(), how });
        if lost {
            break;
        }
        if busy {
            sleep(Duration::from_millis(50));
        }
    }
    all
}
