//! Sequences: drawn operations, one after the other, on the candidate and on the model. Every answer
//! and all that can be read in the end must be equal. What fails is shrunk.

use std::cell::{Cell, RefCell};

use account_core::store::{Change, Expired};
use proptest::test_runner::{TestCaseError, TestError};

use crate::adapter::{Adapter, Fresh, Store};
use crate::broken::{Broken, Proven};
use crate::cases::given::FOREVER;
use crate::effort;
use crate::memory_store::Model;
use crate::operations::{
    Book, Operation, Outcome, listed, of_model, of_store, play_on_model, play_on_store, sequence,
};

const SEQUENCES: u32 = 96;

/// Both sides of a comparison.
#[derive(Default)]
pub(crate) struct Sides {
    pub(crate) model: Model,
    pub(crate) of_model: Book,
    pub(crate) of_store: Book,
}

impl Sides {
    /// Plays one operation on both sides, and compares the answers.
    pub(crate) async fn play(&mut self, store: &Store, operation: &Operation) -> Proven {
        let read = self.model.clone();
        let expected = play_on_model(&mut self.model, &read, &mut self.of_model, operation);
        // Whether a store takes two mails of one name is not said: names are random.
        if matches!((operation, &expected), (Operation::QueueMail(_), Outcome::Taken(_))) {
            return Ok(());
        }
        let answered = play_on_store(store, &mut self.of_store, operation).await?;
        if !expected.admits(&answered) {
            return Err(Broken::new(format!("{operation:?}\n    {}", expected.against(&answered))));
        }
        if let Operation::Commit { who, .. } | Operation::Register { who, .. } = operation {
            let expected = Outcome::state(&self.of_model, self.model.state(self.of_model.id(*who)));
            let state = store.state(self.of_store.id(*who)).await?;
            let answered = Outcome::state(&self.of_store, state);
            if expected != answered {
                let words = expected.against(&answered);
                return Err(Broken::new(format!(
                    "the account is not as it should be after:\n  {operation:?}\n    {words}"
                )));
            }
        }
        Ok(())
    }

    /// Compares all that can be read.
    pub(crate) async fn compare(&mut self, store: &Store) -> Proven {
        let answered = of_store(store, &self.of_store).await?;
        let expected = of_model(&mut self.model, &self.of_model);
        match expected.against(&answered) {
            None => Ok(()),
            Some(words) => Err(Broken::new(format!("all that can be read differs in {words}"))),
        }
    }
}

/// Takes everything away, so that the store can be used again.
pub(crate) async fn clear(store: &Store) -> Proven {
    for account in store.accounts(None, 1000).await? {
        if let Some(state) = store.state(account.id).await? {
            store.commit(&state.commit(vec![Change::DeleteAccount])).await?;
        }
    }
    let everything = Expired {
        sessions_seen_before: FOREVER,
        sessions_created_before: FOREVER,
        pending_sign_ins_before: FOREVER,
        pending_two_factor_before: FOREVER,
        reset_tokens_before: FOREVER,
        verification_tokens_before: FOREVER,
        mail_before: FOREVER,
        activity_before: FOREVER,
    };
    store.purge(&everything, 100_000).await?;
    for check in store.key_checks().await? {
        store.remove_key_check(&check.name).await?;
    }
    Ok(())
}

/// A store that is used for many runs, and thrown away after one that failed.
pub(crate) struct Bench<'a> {
    adapter: &'a Adapter,
    fresh: RefCell<Option<Fresh>>,
    pub(crate) failed: Cell<bool>,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(adapter: &'a Adapter) -> Self {
        Self { adapter, fresh: RefCell::new(None), failed: Cell::new(false) }
    }

    /// One run on an empty store.
    pub(crate) fn run(&self, run: impl FnOnce(&Fresh) -> Proven) -> Proven {
        let used = self.fresh.borrow_mut().take();
        let fresh = match used {
            Some(fresh) => fresh,
            None => self.adapter.fresh()?,
        };
        let store = fresh.store()?;
        let proven = self.adapter.prove(clear(&store)).and_then(|()| run(&fresh));
        drop(store);
        if proven.is_ok() {
            self.fresh.replace(Some(fresh));
        } else {
            self.failed.set(true);
            self.adapter.close(fresh)?;
        }
        proven
    }

    pub(crate) fn close(self) -> Proven {
        self.fresh.into_inner().map_or(Ok(()), |fresh| self.adapter.close(fresh))
    }
}

pub(crate) fn drawn_sequences_answer_as_the_model_does(adapter: &Adapter) -> Proven {
    let bench = Bench::new(adapter);
    let result = effort::runner(SEQUENCES).run(&sequence(), |operations| {
        let played = bench.run(|fresh| {
            let store = fresh.store()?;
            adapter.prove(play(&store, &operations))
        });
        played.map_err(|broken| TestCaseError::fail(broken.to_string()))
    });
    bench.close()?;
    report(result, |operations| listed(operations))
}

async fn play(store: &Store, operations: &[Operation]) -> Proven {
    let mut sides = Sides::default();
    for operation in operations {
        sides.play(store, operation).await?;
    }
    sides.compare(store).await
}

/// The smallest failing case that was found, in words.
pub(crate) fn report<T>(result: Result<(), TestError<T>>, list: impl Fn(&T) -> String) -> Proven {
    match result {
        Ok(()) => Ok(()),
        Err(TestError::Abort(reason)) => Err(Broken::new(format!("the run was given up: {reason}"))),
        Err(TestError::Fail(reason, smallest)) => Err(Broken::new(format!(
            "a store and the model part ways at: {reason}\n  after:{}\n  (ACCOUNT_TEST_SEED={})",
            list(&smallest),
            effort::seed()
        ))),
    }
}
