//! One caller at a time.

use std::sync::Arc;
use std::time::Duration;

use account_core::ports::throttle::{Budget, Refill, Throttle, Verdict};
use account_core::time::Timestamp;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::sample::subsequence;
use proptest::test_runner::TestCaseError;

use crate::adapter::Adapter;
use crate::broken::{Broken, Proven, promise, same};
use crate::effort;
use crate::memory_store::Budgets;
use crate::sample::{NOON, at, throttle_key};

const REFILLS: [Refill; 2] = [Refill::Gradual, Refill::AllAtOnce];
const DRAWN: u32 = 64;

pub(crate) fn budget(key: u64, limit: u32, refill: Refill) -> Budget {
    Budget { key: throttle_key(key), limit, per: Duration::from_secs(60), refill }
}

fn run<F>(adapter: &Adapter<dyn Throttle>, case: impl FnOnce(Arc<dyn Throttle>) -> F) -> Proven
where
    F: Future<Output = Proven> + Send,
{
    let fresh = adapter.fresh()?;
    let proven = fresh.store().and_then(|throttle| adapter.prove(case(throttle)));
    adapter.close(fresh)?;
    proven
}

/// How many can be taken at `now` until one must wait, at most `most`.
async fn taken(
    throttle: &Arc<dyn Throttle>,
    budget: &Budget,
    now: Timestamp,
    most: usize,
) -> Result<usize, Broken> {
    for count in 0..most {
        if throttle.take(std::slice::from_ref(budget), now).await? != Verdict::Taken {
            return Ok(count);
        }
    }
    Ok(most)
}

pub(crate) fn a_budget_lets_its_limit_pass_and_no_more(adapter: &Adapter<dyn Throttle>) -> Proven {
    run(adapter, |throttle| async move {
        for (refill, key) in REFILLS.into_iter().zip(1..) {
            let passed = taken(&throttle, &budget(key, 5, refill), NOON, 9).await?;
            same!(passed, 5, "a budget of five lets five pass at once, and no more ({refill:?})");
        }
        Ok(())
    })
}

pub(crate) fn waiting_as_long_as_told_is_enough(adapter: &Adapter<dyn Throttle>) -> Proven {
    run(adapter, |throttle| async move {
        for (refill, key) in REFILLS.into_iter().zip(1..) {
            let budget = budget(key, 3, refill);
            taken(&throttle, &budget, NOON, 9).await?;
            let Verdict::Wait(wait) = throttle.take(&[budget], NOON).await? else {
                return Err(Broken::new("a used budget must tell how long to wait"));
            };
            promise!(
                wait <= budget.per && !wait.is_zero(),
                "the time to wait is more than none, and no more than the budget's"
            );
            let later = NOON.plus(wait);
            let early = throttle.take(&[budget], Timestamp::from_millis(later.as_millis() - 1)).await?;
            promise!(early != Verdict::Taken, "before the time told is over, nothing passes ({refill:?})");
            same!(
                throttle.take(&[budget], later).await?,
                Verdict::Taken,
                "after the time told, one passes ({refill:?})"
            );
        }
        Ok(())
    })
}

pub(crate) fn taking_is_from_all_budgets_or_from_none(adapter: &Adapter<dyn Throttle>) -> Proven {
    run(adapter, |throttle| async move {
        let (wide, narrow) = (budget(1, 10, Refill::AllAtOnce), budget(2, 1, Refill::AllAtOnce));
        same!(throttle.take(&[wide, narrow], NOON).await?, Verdict::Taken, "both budgets have one");
        for _ in 0..3 {
            let refused = throttle.take(&[wide, narrow], NOON).await?;
            promise!(refused != Verdict::Taken, "one budget is used up");
        }
        let passed = taken(&throttle, &wide, NOON, 20).await?;
        same!(passed, 9, "where one budget is used up, nothing is taken from the others");
        same!(throttle.take(&[], NOON).await?, Verdict::Taken, "no budgets let everything pass");
        Ok(())
    })
}

pub(crate) fn the_time_told_is_that_of_the_last_budget_to_come_back(
    adapter: &Adapter<dyn Throttle>,
) -> Proven {
    run(adapter, |throttle| async move {
        let soon = budget(1, 10, Refill::Gradual);
        let late = Budget { per: Duration::from_secs(3600), ..budget(2, 10, Refill::AllAtOnce) };
        for both in [[soon, late], [late, soon]] {
            while throttle.take(&both, NOON).await? == Verdict::Taken {}
            same!(
                throttle.take(&both, NOON).await?,
                Verdict::Wait(late.per),
                "where two budgets are used up, the time told is the longer one"
            );
        }
        Ok(())
    })
}

pub(crate) fn what_is_given_back_can_be_taken_again(adapter: &Adapter<dyn Throttle>) -> Proven {
    run(adapter, |throttle| async move {
        for (refill, key) in REFILLS.into_iter().zip(1..) {
            let budget = budget(key, 4, refill);
            taken(&throttle, &budget, NOON, 9).await?;
            throttle.give_back(&[budget], NOON).await?;
            same!(
                taken(&throttle, &budget, NOON, 9).await?,
                1,
                "what is given back can be taken again, once ({refill:?})"
            );
        }
        Ok(())
    })
}

pub(crate) fn an_unused_budget_gains_nothing_by_giving_back(adapter: &Adapter<dyn Throttle>) -> Proven {
    run(adapter, |throttle| async move {
        for (refill, key) in REFILLS.into_iter().zip(1..) {
            let budget = budget(key, 4, refill);
            throttle.give_back(&[budget], NOON).await?;
            throttle.take(&[budget], NOON).await?;
            for _ in 0..3 {
                throttle.give_back(&[budget], NOON).await?;
            }
            same!(
                taken(&throttle, &budget, NOON, 9).await?,
                4,
                "giving back never makes a budget more than whole ({refill:?})"
            );
        }
        Ok(())
    })
}

pub(crate) fn budgets_of_different_keys_are_apart(adapter: &Adapter<dyn Throttle>) -> Proven {
    run(adapter, |throttle| async move {
        taken(&throttle, &budget(1, 2, Refill::AllAtOnce), NOON, 9).await?;
        let passed = taken(&throttle, &budget(2, 2, Refill::AllAtOnce), NOON, 9).await?;
        same!(passed, 2, "what one key uses is not missing to another");
        Ok(())
    })
}

pub(crate) fn nothing_passes_a_budget_of_zero(adapter: &Adapter<dyn Throttle>) -> Proven {
    run(adapter, |throttle| async move {
        for (refill, key) in REFILLS.into_iter().zip(1..) {
            same!(
                taken(&throttle, &budget(key, 0, refill), NOON, 2).await?,
                0,
                "a limit of zero lets nothing pass"
            );
        }
        Ok(())
    })
}

pub(crate) fn a_sweep_takes_no_level_that_still_counts(adapter: &Adapter<dyn Throttle>) -> Proven {
    run(adapter, |throttle| async move {
        let budget = budget(1, 2, Refill::AllAtOnce);
        taken(&throttle, &budget, NOON, 9).await?;
        same!(throttle.sweep(at(59_999), 100).await?, 0, "a level that still counts is not swept away");
        same!(taken(&throttle, &budget, at(59_999), 9).await?, 0, "a sweep must not open a budget again");
        for _ in 0..3 {
            let gone = throttle.sweep(at(60_000), 1).await?;
            promise!(gone <= 1, "a sweep takes at most `limit` levels: {gone}");
        }
        same!(taken(&throttle, &budget, at(60_000), 9).await?, 2, "after its time a budget is whole");
        Ok(())
    })
}

pub(crate) fn a_budget_heals_after_the_clock_stepped_back(adapter: &Adapter<dyn Throttle>) -> Proven {
    run(adapter, |throttle| async move {
        for (refill, key) in REFILLS.into_iter().zip(1..) {
            let budget = budget(key, 2, refill);
            let ahead = NOON.plus(Duration::from_secs(86_400));
            taken(&throttle, &budget, ahead, 9).await?;
            let passed = taken(&throttle, &budget, NOON, 9).await?;
            same!(
                passed,
                2,
                "a level of a clock that ran a day ahead must not lock anybody out ({refill:?})"
            );
        }
        Ok(())
    })
}

pub(crate) fn a_clock_that_is_a_little_behind_counts_in_the_same_window(
    adapter: &Adapter<dyn Throttle>,
) -> Proven {
    run(adapter, |throttle| async move {
        let budget = budget(1, 4, Refill::AllAtOnce);
        let behind = Timestamp::from_millis(NOON.as_millis() - 2000);
        same!(taken(&throttle, &budget, NOON, 2).await?, 2, "a budget of four lets two pass");
        let passed = taken(&throttle, &budget, behind, 9).await?;
        same!(
            passed,
            2,
            "by a clock two seconds behind, as another node's may be, two more pass and no third"
        );
        let passed = taken(&throttle, &budget, NOON, 9).await?;
        same!(passed, 0, "and by the first clock none");
        Ok(())
    })
}

pub(crate) fn a_key_is_remembered_until_its_time(adapter: &Adapter<dyn Throttle>) -> Proven {
    run(adapter, |throttle| async move {
        let key = throttle_key(1);
        promise!(!throttle.remembers(&key, NOON).await?, "an unknown key is not remembered");
        throttle.remember(&key, at(100)).await?;
        promise!(throttle.remembers(&key, at(99)).await?, "a key is remembered until its time");
        promise!(!throttle.remembers(&key, at(100)).await?, "at its time a key is not remembered any more");
        promise!(!throttle.remembers(&throttle_key(2), at(1)).await?, "another key is not remembered");
        throttle.sweep(at(99), 100).await?;
        promise!(throttle.remembers(&key, at(99)).await?, "a sweep takes no key that is still remembered");
        Ok(())
    })
}

pub(crate) fn a_later_time_wins(adapter: &Adapter<dyn Throttle>) -> Proven {
    run(adapter, |throttle| async move {
        let key = throttle_key(1);
        for until in [100, 300, 200] {
            throttle.remember(&key, at(until)).await?;
        }
        promise!(throttle.remembers(&key, at(299)).await?, "of several times, the latest counts");
        promise!(
            !throttle.remembers(&key, at(300)).await?,
            "of several times, the latest counts, and no later one"
        );
        Ok(())
    })
}

#[derive(Debug, Clone)]
enum Call {
    Take(Vec<u64>),
    GiveBack(Vec<u64>),
    Remember(u64, u64),
    Remembers(u64),
    Sweep,
}

/// Each with the time that passes before it: time only goes forwards, since what has expired may be
/// forgotten.
fn calls() -> impl Strategy<Value = Vec<(u64, Call)>> {
    let keys = || subsequence(vec![1u64, 2, 3, 4], 0..3);
    let call = prop_oneof![
        6 => keys().prop_map(Call::Take),
        2 => keys().prop_map(Call::GiveBack),
        1 => (1u64..4, 0u64..90_000).prop_map(|(key, until)| Call::Remember(key, until)),
        1 => (1u64..4).prop_map(Call::Remembers),
        1 => Just(Call::Sweep),
    ];
    vec((prop_oneof![3 => Just(0u64), 1 => 1u64..40_000], call), 1..40)
}

fn budgets(keys: &[u64]) -> Vec<Budget> {
    let refill = |key: u64| if key.is_multiple_of(2) { Refill::Gradual } else { Refill::AllAtOnce };
    keys.iter().map(|key| budget(*key, u32::try_from(*key).unwrap_or(1), refill(*key))).collect()
}

pub(crate) fn drawn_calls_answer_as_the_model_does(adapter: &Adapter<dyn Throttle>) -> Proven {
    let result = effort::runner(DRAWN).run(&calls(), |calls| {
        let played = run(adapter, |throttle| async move {
            let (mut model, mut now) = (Budgets::default(), NOON);
            for (passed, call) in calls {
                now = now.plus(Duration::from_millis(passed));
                let words = format!("{call:?} at {now:?}");
                match call {
                    Call::Take(keys) => {
                        let budgets = budgets(&keys);
                        same!(throttle.take(&budgets, now).await?, model.take(&budgets, now), "{words}");
                    }
                    Call::GiveBack(keys) => {
                        throttle.give_back(&budgets(&keys), now).await?;
                        model.give_back(&budgets(&keys), now);
                    }
                    Call::Remember(key, until) => {
                        throttle.remember(&throttle_key(key), at(until)).await?;
                        model.remember(throttle_key(key), at(until));
                    }
                    Call::Remembers(key) => {
                        let key = throttle_key(key);
                        same!(throttle.remembers(&key, now).await?, model.remembers(&key, now), "{words}");
                    }
                    Call::Sweep => {
                        throttle.sweep(now, 100).await?;
                        model.sweep(now, 100);
                    }
                }
            }
            Ok(())
        });
        played.map_err(|broken| TestCaseError::fail(broken.to_string()))
    });
    crate::sequences::report(result, |calls| {
        calls.iter().map(|(passed, call)| format!("\n    {passed} ms later: {call:?}")).collect()
    })
}
