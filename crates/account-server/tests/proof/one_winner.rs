//! Two servers over one database, and requests that reach them at one moment.

use std::net::SocketAddr;
use std::sync::{Barrier, RwLockReadGuard};
use std::thread::scope;

use crate::api_client::{Answer, Ask, Client};
use crate::both_databases::{Database, Kind};
use crate::people::ACCOUNT;
use crate::program::Server;
use crate::turns::beside_others;

/// So many requests in a race, unless a test says otherwise.
pub(crate) const RACERS: usize = 20;

/// Two servers over one database.
pub(crate) struct TwoNodes {
    pub(crate) first: Server,
    pub(crate) second: Server,
    // After the servers, whose logs lie in its folder.
    pub(crate) database: Database,
    _turn: RwLockReadGuard<'static, ()>,
}

impl TwoNodes {
    pub(crate) fn over(kind: Kind) -> Self {
        Self::with(kind, &[("ACCOUNT_LIMITS", "off")])
    }

    pub(crate) fn with(kind: Kind, settings: &[(&str, &str)]) -> Self {
        let turn = beside_others();
        let database = kind.empty();
        let (first, second) = (database.serve_with(settings), database.serve_with(settings));
        Self { first, second, database, _turn: turn }
    }

    pub(crate) fn node(&self, number: usize) -> SocketAddr {
        [self.first.address, self.second.address][number % 2]
    }

    /// Sends all of them at once, in turn to one node and the other.
    pub(crate) fn race(&self, asks: &[Ask]) -> Vec<Answer> {
        let start = Barrier::new(asks.len());
        scope(|scope| {
            let racing: Vec<_> = asks
                .iter()
                .enumerate()
                .map(|(number, ask)| {
                    let (start, node) = (&start, self.node(number));
                    scope.spawn(move || {
                        let mut client = Client::new(node);
                        // The connection is open before the race begins.
                        client.send(&Ask::get("/health/live"));
                        start.wait();
                        client.send(ask)
                    })
                })
                .collect();
            racing.into_iter().map(|racer| racer.join().unwrap()).collect()
        })
    }
}

/// What came of a race: which of the requests won.
#[track_caller]
pub(crate) fn winner(answers: &[Answer], won: u16, lost: &[u16]) -> usize {
    let winners = winners(answers, won, lost);
    assert_eq!(winners.len(), 1, "{} winners among {answers:?}", winners.len());
    winners[0]
}

/// All that won; every other must have been refused as a loser is. Who had to wait too long for a
/// password to be hashed, and was told so, lost as well.
#[track_caller]
pub(crate) fn winners(answers: &[Answer], won: u16, lost: &[u16]) -> Vec<usize> {
    for answer in answers {
        let expected = answer.status == won || lost.contains(&answer.status) || answer.is_not_now();
        assert!(expected, "{answer:?}");
    }
    (0..answers.len()).filter(|number| answers[*number].status == won).collect()
}

/// How many answers were "not now".
pub(crate) fn not_now(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status == 503).count()
}

/// Whether a key or, with `cookie`, a session opens the account at this node.
#[track_caller]
pub(crate) fn opens(node: SocketAddr, ask: &Ask) -> bool {
    match crate::api_client::send(node, ask) {
        answer if answer.status == 200 => true,
        answer if answer.status == 401 => false,
        answer => panic!("{answer:?}"),
    }
}

pub(crate) fn by_key(token: &str) -> Ask {
    Ask::get(ACCOUNT).bearer(token)
}
