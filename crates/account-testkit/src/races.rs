//! Races: a beginning, then two to four operations at once, each on a thread of its own. The store
//! is right if some order, one after the other, gives the same answers and leaves the same behind.

use std::sync::Barrier;

use account_core::id::AccountId;
use proptest::test_runner::TestCaseError;

use crate::adapter::{Adapter, Fresh, Store};
use crate::broken::{Broken, Proven};
use crate::effort;
use crate::memory_store::Model;
use crate::operations::{
    ACCOUNTS, Book, Operation, Outcome, Prepared, listed, number, of_model, of_store, play, play_on_model,
    prepare, race,
};
use crate::sample;
use crate::sequences::{Bench, Sides, report};

const RACES: u32 = 96;
/// A race that was lost once is not lost each time: while shrinking, it is run again so often.
const AGAIN: usize = 12;

pub(crate) fn drawn_races_have_an_order(adapter: &Adapter) -> Proven {
    let bench = Bench::new(adapter);
    let result = effort::runner(RACES).run(&race(), |(beginning, together)| {
        let times = if bench.failed.get() { AGAIN } else { 1 };
        for _ in 0..times {
            bench
                .run(|fresh| one_race(adapter, fresh, &beginning, &together))
                .map_err(|broken| TestCaseError::fail(broken.to_string()))?;
        }
        Ok(())
    });
    bench.close()?;
    report(result, |(beginning, together)| {
        format!("{}\n   then at once:{}", listed(beginning), listed(together))
    })
}

fn one_race(adapter: &Adapter, fresh: &Fresh, beginning: &[Operation], together: &[Operation]) -> Proven {
    let store = fresh.store()?;
    let mut sides = Sides::default();
    let prepared = adapter.prove(async {
        for operation in beginning {
            sides.play(&store, operation).await?;
        }
        let mut prepared = Vec::new();
        for operation in together {
            prepared.push(prepare(&store, &sides.of_store, operation).await?);
        }
        Ok(prepared)
    })?;
    let answers = at_once(adapter, fresh, &sides.of_store, &prepared)?;
    let left = adapter.prove(async {
        let book = book_of_store(&store).await?;
        of_store(&store, &book).await
    })?;
    let mut reasons = Vec::new();
    for order in orders(together.len()) {
        match follows(&sides, together, &answers, &order) {
            Err(reason) => reasons.push(format!("order {}: {reason}", names(&order))),
            Ok(mut model) => {
                let book = book_of_model(&model);
                match of_model(&mut model, &book).against(&left) {
                    None => return Ok(()),
                    Some(words) => reasons.push(format!("order {}: then {words}", names(&order))),
                }
            }
        }
    }
    let answers: String =
        answers.iter().zip(1..).map(|(answer, n)| format!("\n    {n} answered {answer}")).collect();
    Err(Broken::new(format!(
        "operations at once must be as if one came after the other: no order gives these answers and this end.{answers}\n    {}",
        reasons.join("\n    ")
    )))
}

/// Plays each operation on its own thread, as nearly at once as can be.
fn at_once(
    adapter: &Adapter,
    fresh: &Fresh,
    book: &Book,
    prepared: &[Prepared],
) -> Result<Vec<Outcome>, Broken> {
    let barrier = Barrier::new(prepared.len());
    let answers = std::thread::scope(|scope| {
        let threads: Vec<_> = prepared
            .iter()
            .enumerate()
            .map(|(actor, prepared)| {
                let (barrier, store) = (&barrier, fresh.opening(actor));
                scope.spawn(move || {
                    barrier.wait();
                    let store = store?;
                    adapter.wait(async { play(&store, book, prepared).await.0 })
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
    });
    answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(|_| Err(Broken::new("an operation panicked"))))
        .collect()
}

/// The model after the operations in this order, if it would answer what the store answered.
fn follows(
    sides: &Sides,
    together: &[Operation],
    answers: &[Outcome],
    order: &[usize],
) -> Result<Model, String> {
    let mut model = sides.model.clone();
    for place in order {
        let (Some(operation), Some(answered)) = (together.get(*place), answers.get(*place)) else { continue };
        let mut book = sides.of_model.clone();
        let expected = play_on_model(&mut model, &sides.model, &mut book, operation);
        if !expected.admits(answered) {
            return Err(format!("{} would have: {}", place + 1, expected.against(answered)));
        }
    }
    Ok(model)
}

/// All orders of so many.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else { return vec![Vec::new()] };
    orders(last)
        .into_iter()
        .flat_map(|shorter| {
            (0..=shorter.len()).map(move |place| {
                let mut longer = shorter.clone();
                longer.insert(place, last);
                longer
            })
        })
        .collect()
}

fn names(order: &[usize]) -> String {
    order.iter().map(|place| (place + 1).to_string()).collect::<Vec<_>>().join(", ")
}

/// An account may have been deleted and registered again during the race: the uid tells which it is.
fn place_of(uid: account_core::id::AccountUid) -> Option<usize> {
    (0..ACCOUNTS).find(|who| sample::uid(number(*who)) == uid)
}

fn book(accounts: impl Iterator<Item = (account_core::id::AccountUid, AccountId)>) -> Book {
    let mut book = Book::default();
    for (uid, id) in accounts {
        if let Some(who) = place_of(uid) {
            book.note(who, id);
        }
    }
    book
}

async fn book_of_store(store: &Store) -> Result<Book, Broken> {
    Ok(book(store.accounts(None, 100).await?.into_iter().map(|account| (account.uid, account.id))))
}

fn book_of_model(model: &Model) -> Book {
    book(model.states().map(|state| (state.account.uid, state.account.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_tried_once() {
        for (count, number) in [(0, 1), (1, 1), (2, 2), (3, 6), (4, 24)] {
            let mut all = orders(count);
            all.sort();
            all.dedup();
            assert_eq!(all.len(), number);
        }
    }
}
