//! The throttle port's promises: exact under any number of callers, all budgets or none.

pub(crate) mod alone;
pub(crate) mod at_once;

use account_core::ports::throttle::Throttle;

use crate::adapter::Adapter;
use crate::broken::{Broken, Proven};
use crate::examination::Finding;

/// Hands the list of all cases to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __throttle_cases {
    ($then:ident $($with:tt)*) => {
        $crate::$then! {
            [$($with)*]
            a_budget_lets_its_limit_pass_and_no_more
            waiting_as_long_as_told_is_enough
            taking_is_from_all_budgets_or_from_none
            the_time_told_is_that_of_the_last_budget_to_come_back
            what_is_given_back_can_be_taken_again
            an_unused_budget_gains_nothing_by_giving_back
            budgets_of_different_keys_are_apart
            nothing_passes_a_budget_of_zero
            a_sweep_takes_no_level_that_still_counts
            a_budget_heals_after_the_clock_stepped_back
            a_clock_that_is_a_little_behind_counts_in_the_same_window
            a_key_is_remembered_until_its_time
            a_later_time_wins
            drawn_calls_answer_as_the_model_does
            forty_takers_at_a_limit_of_ten_take_ten
            budgets_named_in_different_orders_do_not_block_each_other
            what_many_take_and_give_back_adds_up
            a_dropped_taker_took_or_not
        }
    };
}

/// A case: its name, and how it is proven.
type Case = (&'static str, fn(&Adapter<dyn Throttle>) -> Proven);

#[doc(hidden)]
#[macro_export]
macro_rules! __throttle_table {
    ([] $($case:ident)*) => {
        const CASES: &[Case] = &[$((stringify!($case), cases::$case)),*];
    };
}

mod cases {
    pub(super) use super::alone::*;
    pub(super) use super::at_once::*;
}

crate::__throttle_cases! { __throttle_table }

/// Runs all cases against a throttle, and reports what it did not pass.
///
/// ```
/// use account_core::ports::throttle::{InMemoryThrottle, Throttle};
/// use account_testkit::{Adapter, examine_throttle};
/// let adapter: Adapter<dyn Throttle> = Adapter::new(|| async { InMemoryThrottle::new().into() });
/// assert_eq!(examine_throttle(&adapter), []);
/// ```
pub fn examine_throttle(adapter: &Adapter<dyn Throttle>) -> Vec<Finding> {
    let finding = |(name, prove): &Case| prove(adapter).err().map(|broken| Finding { case: name, broken });
    CASES.iter().filter_map(finding).collect()
}

/// What a test of [`throttle_conformance!`](crate::throttle_conformance) does.
///
/// # Panics
/// If the throttle does not pass the case: that fails the test.
#[doc(hidden)]
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub fn assert_throttle_case(adapter: &Adapter<dyn Throttle>, name: &str) {
    let case = CASES.iter().find(|(case, _)| *case == name);
    let proven = match case {
        Some((_, prove)) => prove(adapter),
        None => Err(Broken::new(format!("the kit has no case named {name}"))),
    };
    if let Err(broken) = proven {
        panic!("\n{broken}\n");
    }
}
