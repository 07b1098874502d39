//! Many callers at once.

use std::time::Duration;

use account_core::ports::throttle::{Refill, Throttle, Verdict};

use super::alone::budget;
use crate::adapter::{Adapter, Fresh};
use crate::broken::{Broken, Proven, promise, same};
use crate::cancellation::at_most;
use crate::crowd::at_once;
use crate::sample::{NOON, at};

fn on_a_fresh_one(
    adapter: &Adapter<dyn Throttle>,
    stampede: impl FnOnce(&Fresh<dyn Throttle>) -> Proven,
) -> Proven {
    let fresh = adapter.fresh()?;
    let proven = stampede(&fresh);
    adapter.close(fresh)?;
    proven
}

pub(crate) fn forty_takers_at_a_limit_of_ten_take_ten(adapter: &Adapter<dyn Throttle>) -> Proven {
    on_a_fresh_one(adapter, |fresh| {
        for (refill, key) in [(Refill::AllAtOnce, 1), (Refill::Gradual, 2)] {
            let verdicts = at_once(adapter, fresh, 40, |_, throttle| async move {
                Ok(throttle.take(&[budget(key, 10, refill)], NOON).await?)
            })?;
            let taken = verdicts.iter().filter(|verdict| **verdict == Verdict::Taken).count();
            same!(
                taken,
                10,
                "of forty who take from a budget of ten at once, ten pass: guesses are counted exactly ({refill:?})"
            );
        }
        Ok(())
    })
}

pub(crate) fn budgets_named_in_different_orders_do_not_block_each_other(
    adapter: &Adapter<dyn Throttle>,
) -> Proven {
    on_a_fresh_one(adapter, |fresh| {
        let verdicts = at_once(adapter, fresh, 16, |actor, throttle| async move {
            let mut budgets = [1, 2, 3].map(|key| budget(key, 40, Refill::AllAtOnce));
            if actor.is_multiple_of(2) {
                budgets.reverse();
            }
            let mut taken = 0;
            for _ in 0..5 {
                taken += usize::from(throttle.take(&budgets, NOON).await? == Verdict::Taken);
            }
            Ok(taken)
        })?;
        let taken: usize = verdicts.into_iter().sum();
        same!(taken, 40, "three budgets of forty, taken from in different orders at once, let forty pass");
        Ok(())
    })
}

pub(crate) fn what_many_take_and_give_back_adds_up(adapter: &Adapter<dyn Throttle>) -> Proven {
    on_a_fresh_one(adapter, |fresh| {
        let budget = budget(1, 30, Refill::AllAtOnce);
        at_once(adapter, fresh, 10, |_, throttle| async move {
            for _ in 0..6 {
                if throttle.take(&[budget], NOON).await? == Verdict::Taken {
                    throttle.give_back(&[budget], NOON).await?;
                }
            }
            throttle.take(&[budget], NOON).await?;
            Ok(())
        })?;
        let throttle = fresh.store()?;
        let left = adapter.prove(async {
            let mut left = 0;
            while throttle.take(&[budget], NOON).await? == Verdict::Taken && left < 40 {
                left += 1;
            }
            Ok(left)
        })?;
        same!(
            left,
            20,
            "of thirty, ten that kept theirs leave twenty: what is taken and given back at once adds up"
        );
        Ok(())
    })
}

pub(crate) fn a_dropped_taker_took_or_not(adapter: &Adapter<dyn Throttle>) -> Proven {
    on_a_fresh_one(adapter, |fresh| {
        let throttle = fresh.store()?;
        adapter.prove(async {
            for polls in 1..=40u64 {
                let budgets = [1, 2].map(|key| budget(polls * 10 + key, 3, Refill::AllAtOnce));
                let most = usize::try_from(polls).unwrap_or(1);
                let finished = at_most(most, throttle.take(&budgets, NOON)).await;
                // Another call comes to its end after the dropped one, if that is still running.
                throttle.take(&[budget(polls * 10 + 3, 1, Refill::AllAtOnce)], at(1)).await?;
                let mut left = [0, 0];
                for (count, budget) in left.iter_mut().zip(&budgets) {
                    while throttle.take(std::slice::from_ref(budget), NOON.plus(Duration::from_millis(1))).await?
                        == Verdict::Taken
                    {
                        *count += 1;
                        promise!(*count < 9, "a budget of three let nine pass");
                    }
                }
                let [one, other] = left;
                promise!(
                    one == other && (one == 2 || one == 3),
                    "a taker who left after {polls} polls took from one budget and not from the other: {one} and {other} of three are left"
                );
                if let Some(verdict) = finished {
                    verdict.map_err(Broken::from)?;
                    return Ok(());
                }
            }
            Ok(())
        })
    })
}
