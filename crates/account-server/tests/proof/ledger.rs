//! What a writer knows of its keys: which the server said are there, which it said are gone, and which it
//! gave no answer about. After a crash the server's lists must agree with it, and its activity with them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::api_client::{Ask, Client};
use crate::people::{ACCOUNT, Person, text};

/// The two kinds of rows that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    ApiKey,
    SshKey,
}

impl Row {
    fn list(self) -> &'static str {
        match self {
            Self::ApiKey => "/api-keys",
            Self::SshKey => "/ssh-keys",
        }
    }

    /// The attribute that the writer chose, the one that the server chose, and the events about it.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ApiKey => ("description", "identifier", "user:api-key"),
            Self::SshKey => ("name", "fingerprint", "user:ssh-key"),
        }
    }
}

/// A row as the server names it, and the token that opens it if it is an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Handle {
    pub(crate) id: String,
    pub(crate) token: Option<String>,
}

/// One kind of rows of one account, by the names that the writer gave them.
#[derive(Debug)]
pub(crate) struct Ledger {
    row: Row,
    /// Acknowledged, or found after a crash.
    pub(crate) standing: BTreeMap<String, Handle>,
    /// Acknowledged as removed.
    gone: BTreeMap<String, Handle>,
    /// Asked for, and not answered: either is right.
    pub(crate) in_doubt: BTreeMap<String, Option<Handle>>,
    events: Events,
}

/// What the activity says, read once each.
#[derive(Debug, Default)]
struct Events {
    seen: BTreeSet<String>,
    made: BTreeMap<String, u32>,
    removed: BTreeMap<String, u32>,
}

/// What a comparison went over.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Settled {
    pub(crate) acknowledged: usize,
    pub(crate) in_doubt: usize,
    /// So many of those in doubt took effect.
    pub(crate) happened: usize,
}

impl Ledger {
    pub(crate) fn new(row: Row) -> Self {
        Self {
            row,
            standing: BTreeMap::new(),
            gone: BTreeMap::new(),
            in_doubt: BTreeMap::new(),
            events: Events::default(),
        }
    }

    /// Rows that may be there.
    pub(crate) fn most(&self) -> usize {
        self.standing.len() + self.in_doubt.len()
    }

    pub(crate) fn made(&mut self, name: String, handle: Handle) {
        self.standing.insert(name, handle);
    }

    pub(crate) fn removed(&mut self, name: String) {
        let handle = self.standing.remove(&name).unwrap();
        self.gone.insert(name, handle);
    }

    /// No answer came, or one that says nothing about the outcome.
    pub(crate) fn doubt(&mut self, name: String) {
        let handle = self.standing.remove(&name);
        self.in_doubt.insert(name, handle);
    }

    /// Compares with what the server has now; afterwards nothing is in doubt.
    pub(crate) fn settle(&mut self, client: &mut Client, person: &Person) -> Settled {
        let found = self.found(client, person);
        for (name, handle) in &self.standing {
            let there = found.get(name);
            assert_eq!(there, Some(&handle.id), "{:?} {name} was acknowledged and is lost", self.row);
        }
        for name in self.gone.keys() {
            assert!(!found.contains_key(name), "{:?} {name} was removed and is back", self.row);
        }
        let (acknowledged, in_doubt) = (self.standing.len() + self.gone.len(), self.in_doubt.len());
        let happened = self.resolve(&found);
        self.check_tokens(client);
        self.check_events(client, person, &found);
        self.gone.clear();
        Settled { acknowledged, in_doubt, happened }
    }

    /// The server's rows, by name.
    fn found(&self, client: &mut Client, person: &Person) -> BTreeMap<String, String> {
        let (name, id, _) = self.row.words();
        let list = client.send(&person.get(self.row.list())).expect(200).json();
        let rows = list["data"].as_array().unwrap().iter().map(|row| &row["attributes"]);
        rows.map(|row| (text(&row[name]), text(&row[id]))).collect()
    }

    /// Finds out what became of that which is in doubt; answers how much of it took effect.
    fn resolve(&mut self, found: &BTreeMap<String, String>) -> usize {
        let mut happened = 0;
        for (name, handle) in std::mem::take(&mut self.in_doubt) {
            // Known before, it was to be removed; unknown, to be made.
            happened += usize::from(found.contains_key(&name) != handle.is_some());
            match (found.get(&name), handle) {
                (Some(id), known) => {
                    let token = known.and_then(|known| known.token);
                    self.standing.insert(name, Handle { id: id.clone(), token });
                }
                (None, Some(handle)) => {
                    self.gone.insert(name, handle);
                }
                (None, None) => {}
            }
        }
        let strange: Vec<&String> =
            found.keys().filter(|name| !self.standing.contains_key(*name) && *name != "made first").collect();
        assert!(strange.is_empty(), "{:?} {strange:?}: nobody asked for these", self.row);
        happened
    }

    /// A key that is there opens the account, one that is gone does not.
    fn check_tokens(&self, client: &mut Client) {
        for (handles, status) in [(&self.standing, 200), (&self.gone, 401)] {
            let tokens = handles.values().filter_map(|handle| handle.token.as_deref());
            for token in tokens.take(3) {
                client.send(&Ask::get(ACCOUNT).bearer(token)).expect(status);
            }
        }
    }

    /// A row and its entry in the activity come and go together: nothing is half done.
    fn check_events(&mut self, client: &mut Client, person: &Person, found: &BTreeMap<String, String>) {
        self.events.read(self.row, client, person);
        let there: BTreeSet<&String> = found.values().collect();
        for (id, made) in &self.events.made {
            let removed = self.events.removed.get(id).copied().unwrap_or_default();
            assert_eq!(*made, 1, "{id} was made once");
            assert_eq!(removed, u32::from(!there.contains(id)), "{id}: the activity says otherwise");
        }
        for (name, id) in found.iter().filter(|(name, _)| *name != "made first") {
            assert!(self.events.made.contains_key(id), "{name} is there without an entry of its making");
        }
    }
}

impl Events {
    /// Reads what is new, newest first.
    fn read(&mut self, row: Row, client: &mut Client, person: &Person) {
        let (_, id, event) = row.words();
        for page in 1.. {
            let path = format!("/activity?per_page=100&page={page}&filter[event]={event}");
            let entries = client.send(&person.get(&path)).expect(200).json();
            let entries = entries["data"].as_array().unwrap();
            let fresh: Vec<&Value> = entries
                .iter()
                .map(|entry| &entry["attributes"])
                .filter(|entry| self.seen.insert(text(&entry["id"])))
                .collect();
            for entry in &fresh {
                let id = text(&entry["properties"][id]);
                let counts = match entry["event"].as_str().unwrap().rsplit('.').next() {
                    Some("create") => &mut self.made,
                    _ => &mut self.removed,
                };
                *counts.entry(id).or_default() += 1;
            }
            if fresh.len() < 100 {
                return;
            }
        }
    }
}
