//! Look-ups of single rows, which is what the hot path is made of. A few statements are on their way at once.
//! What comes beyond them waits until one of those is back, and then all that waits is asked in one statement:
//! the busier the store, the fewer round trips does each look-up take. Where statements are slow, as they are
//! when pages come from the disk one after the other, nobody waits long before more are sent. No look-up joins a
//! statement that was sent before it came, so it sees whatever was committed before.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgHasArrayType, PgRow, Postgres};
use sqlx::{Decode, Encode, Row as _, Type};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use crate::connections::Connections;
use crate::failure::Failure;
use crate::statement::Draft;
use crate::transaction::ask;

/// So many statements are on their way before look-ups wait for each other. More would make each of them smaller.
const USUALLY_AT_ONCE: usize = 4;
/// The most rows that one statement looks up: it answers when it has found them all.
const TOGETHER: usize = 64;
/// Statements that take longer than this are slow, and are not waited for.
const LONG_WAIT: Duration = Duration::from_millis(2);

/// What rows are looked up by: bytes or a text.
pub(crate) trait Key:
    PgHasArrayType
    + Type<Postgres>
    + for<'q> Encode<'q, Postgres>
    + for<'r> Decode<'r, Postgres>
    + PartialEq
    + Send
    + Sync
    + 'static
{
}

impl Key for String {}
impl Key for Vec<u8> {}

/// What is asked: for the row with the key $1, or for the rows with the keys in the array $1.
pub(crate) struct Question {
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
    /// Where the row has its key.
    pub(crate) key: usize,
}

/// Look-ups in one table.
pub(crate) struct LookUps<K> {
    connections: Arc<Connections>,
    question: Question,
    /// As many as there are connections.
    most_turns: usize,
    /// Where statements for those who wait run, whoever goes away.
    runtime: Handle,
    queue: Mutex<Queue<K>>,
}

struct Queue<K> {
    /// Statements on their way, or about to be, but for those of askers who were told to ask alone.
    turns: usize,
    /// Ascending in their numbers.
    waiting: VecDeque<Waiting<K>>,
    next_number: u64,
}

struct Waiting<K> {
    number: u64,
    since: Instant,
    key: K,
    reply: oneshot::Sender<Reply<K>>,
}

type Answer = Result<Option<Arc<PgRow>>, Failure>;

/// What comes of waiting.
enum Reply<K> {
    Answer(Answer),
    /// The statement for all failed, perhaps because of the row of one of them.
    AskAlone(K),
}

/// What a look-up gets when it comes.
enum Place<K: Key> {
    Turn(Turn<K>, K),
    Wait(Ticket<K>, oneshot::Receiver<Reply<K>>),
}

impl<K: Key> LookUps<K> {
    /// Inside the runtime that is to ask.
    pub(crate) fn new(connections: &Arc<Connections>, question: Question) -> Arc<Self> {
        Arc::new(Self {
            connections: Arc::clone(connections),
            question,
            most_turns: connections.most(),
            runtime: Handle::current(),
            queue: Mutex::new(Queue { turns: 0, waiting: VecDeque::new(), next_number: 0 }),
        })
    }

    /// The row with this key.
    pub(crate) async fn find(self: &Arc<Self>, key: K) -> Answer {
        match self.enter(key) {
            Place::Turn(_turn, key) => self.ask_for_one(key).await,
            Place::Wait(ticket, replied) => ticket.wait(replied).await,
        }
    }

    fn enter(self: &Arc<Self>, key: K) -> Place<K> {
        let mut queue = self.lock();
        if queue.turns < USUALLY_AT_ONCE.min(self.most_turns) {
            queue.turns = queue.turns.saturating_add(1);
            return Place::Turn(Turn { of: Arc::clone(self) }, key);
        }
        let (reply, replied) = oneshot::channel();
        let number = queue.next_number;
        queue.next_number = number.wrapping_add(1);
        queue.waiting.push_back(Waiting { number, since: Instant::now(), key, reply });
        Place::Wait(Ticket { of: Arc::clone(self), number }, replied)
    }

    /// Takes one turn more for those who wait.
    fn hurry(self: &Arc<Self>) {
        let mut queue = self.lock();
        if queue.turns < self.most_turns && !queue.waiting.is_empty() {
            queue.turns = queue.turns.saturating_add(1);
            self.ask_for_next(queue);
        }
    }

    /// Those who wait have a turn.
    fn ask_for_next(self: &Arc<Self>, mut queue: MutexGuard<'_, Queue<K>>) {
        let most = queue.waiting.len().min(TOGETHER);
        let waiting: Vec<_> = queue.waiting.drain(..most).collect();
        drop(queue);
        let of = Arc::clone(self);
        self.runtime.spawn(async move {
            // Made here, so that a task that a runtime drops unbegun, as it shuts down, passes nothing on.
            let turn = Turn { of };
            turn.of.answer(waiting).await;
        });
    }

    #[cfg(test)]
    pub(crate) fn is_at_rest(&self) -> bool {
        let queue = self.lock();
        queue.turns == 0 && queue.waiting.is_empty()
    }

    async fn ask_for_one(&self, key: K) -> Answer {
        let rows = ask(&self.connections, Draft::of(self.question.one).with(key)).await?;
        Ok(rows.into_iter().next().map(Arc::new))
    }

    async fn answer(&self, mut waiting: Vec<Waiting<K>>) {
        if waiting.len() == 1
            && let Some(only) = waiting.pop()
        {
            reply(only.reply, Reply::Answer(self.ask_for_one(only.key).await));
            return;
        }
        let (keys, replies): (Vec<K>, Vec<_>) = waiting.into_iter().map(|one| (one.key, one.reply)).unzip();
        let rows = self.ask_for_many(&keys).await;
        for (key, to) in keys.into_iter().zip(replies) {
            let what = match &rows {
                Ok(rows) => {
                    let found = rows.iter().find(|(of, _)| *of == key);
                    Reply::Answer(Ok(found.map(|(_, row)| Arc::clone(row))))
                }
                Err(failure) if failure.may_be_about_one_row() => Reply::AskAlone(key),
                Err(failure) => Reply::Answer(Err(failure.for_another())),
            };
            reply(to, what);
        }
    }

    async fn ask_for_many(&self, keys: &[K]) -> Result<Vec<(K, Arc<PgRow>)>, Failure> {
        let rows = ask(&self.connections, Draft::of(self.question.many).with(keys)).await?;
        let with_key = |row: PgRow| Ok((row.try_get(self.question.key)?, Arc::new(row)));
        rows.into_iter().map(with_key).collect()
    }

    // A panic while the lock was held leaves a whole queue: each change is complete before the next call.
    fn lock(&self) -> MutexGuard<'_, Queue<K>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to have a statement on its way. It passes to those who wait when its holder is done, or has gone
/// away.
struct Turn<K: Key> {
    of: Arc<LookUps<K>>,
}

impl<K: Key> Drop for Turn<K> {
    fn drop(&mut self) {
        let mut queue = self.of.lock();
        if queue.wants_the_turn() {
            self.of.ask_for_next(queue);
        } else {
            queue.turns = queue.turns.saturating_sub(1);
        }
    }
}

impl<K> Queue<K> {
    /// A turn beyond the usual ones is for those who have waited long.
    fn wants_the_turn(&self) -> bool {
        let Some(first) = self.waiting.front() else { return false };
        self.turns <= USUALLY_AT_ONCE || first.since.elapsed() >= LONG_WAIT
    }
}

/// Who went away wants none.
fn reply<K>(to: oneshot::Sender<Reply<K>>, what: Reply<K>) {
    drop(to.send(what));
}

/// A place in the queue, which is given up with this value.
struct Ticket<K: Key> {
    of: Arc<LookUps<K>>,
    number: u64,
}

impl<K: Key> Ticket<K> {
    /// Nobody waits for a turn longer than for a connection (REL-05).
    async fn wait(self, mut replied: oneshot::Receiver<Reply<K>>) -> Answer {
        let mut left = self.of.connections.acquire_timeout();
        let mut pause = LONG_WAIT;
        let reply = loop {
            if let Ok(reply) = timeout(pause.min(left), &mut replied).await {
                break reply;
            }
            self.of.hurry();
            left = left.saturating_sub(pause);
            pause = pause.saturating_mul(2);
            if left.is_zero() {
                if self.withdraw() {
                    return Err(Failure::no_connection_came_free());
                }
                break replied.await;
            }
        };
        match reply {
            Ok(Reply::Answer(answer)) => answer,
            Ok(Reply::AskAlone(key)) => self.of.ask_for_one(key).await,
            // Nobody is left to reply, as when the runtime shuts down.
            Err(_) => Err(Failure::unavailable("the look-up was given up")),
        }
    }

    /// Whether it was still waiting.
    fn withdraw(&self) -> bool {
        let mut queue = self.of.lock();
        let place = queue.waiting.binary_search_by_key(&self.number, |one| one.number);
        let withdrawn = place.ok().and_then(|place| queue.waiting.remove(place));
        // Before what was withdrawn: it wakes its asker.
        drop(queue);
        withdrawn.is_some()
    }
}

impl<K: Key> Drop for Ticket<K> {
    fn drop(&mut self) {
        self.withdraw();
    }
}
