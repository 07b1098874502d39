//! The arithmetic of a budget: two numbers, moved forwards by taking and backwards by giving back.

use std::time::Duration;

use crate::malformed::Malformed;
use crate::time::Timestamp;

/// What a budget is counted under: a keyed digest, so that the table tells nobody's name or address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThrottleKey([u8; 32]);

impl ThrottleKey {
    /// A key computed by the core.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The stored bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From stored bytes.
    ///
    /// # Errors
    /// [`Malformed`] unless there are thirty-two.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, Malformed> {
        bytes.try_into().map(Self).map_err(|_| Malformed("throttle key"))
    }
}

/// How far apart the clocks may be that callers read: nodes' clocks differ, and a caller reads the clock
/// before it waits for its turn.
const SKEW: Duration = Duration::from_secs(5);

/// How a used budget comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refill {
    /// One by one: `limit` at once at most, then one every `per / limit`.
    Gradual,
    /// All at once, `per` after the first was taken: never more than `limit` in such a window.
    AllAtOnce,
}

/// At most `limit` in `per`, counted under `key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// What it is counted under.
    pub key: ThrottleKey,
    /// How many; zero lets nothing pass.
    pub limit: u32,
    /// In what time.
    pub per: Duration,
    /// How it comes back.
    pub refill: Refill,
}

/// How much of a budget is used: the state an implementation remembers. An absent level is unused.
///
/// ```
/// use account_core::ports::throttle::{Budget, Level, Refill, ThrottleKey};
/// use account_core::time::Timestamp;
/// use std::time::Duration;
/// let key = ThrottleKey::from_bytes([0; 32]);
/// let budget = Budget { key, limit: 1, per: Duration::from_secs(60), refill: Refill::AllAtOnce };
/// let now = Timestamp::from_millis(0);
/// let used = Level::take(None, &budget, now).unwrap();
/// assert_eq!(Level::take(Some(used), &budget, now), Err(Duration::from_secs(60)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Gradual: when the budget is whole again. All at once: when the window began.
    pub mark: Timestamp,
    /// All at once: how many were taken in the window. Gradual: unused, zero.
    pub count: u32,
    /// When the level says no more than an absent one would.
    pub expires_at: Timestamp,
}

impl Level {
    /// The level after taking one, or how long to wait.
    ///
    /// # Errors
    /// The time after which the budget has one again.
    pub fn take(level: Option<Self>, budget: &Budget, now: Timestamp) -> Result<Self, Duration> {
        if budget.limit == 0 {
            return Err(budget.per.max(Duration::from_millis(1)));
        }
        match budget.refill {
            Refill::Gradual => {
                let whole_at = Self::whole_at(level, budget, now).plus(budget.interval());
                let over = whole_at.since(now).saturating_sub(budget.per);
                if over.is_zero() {
                    Ok(Self { mark: whole_at, count: 0, expires_at: whole_at })
                } else {
                    Err(over)
                }
            }
            Refill::AllAtOnce => {
                let (began, count) = Self::window(level, budget, now);
                let ends = began.plus(budget.per);
                if count < budget.limit {
                    Ok(Self { mark: began, count: count.saturating_add(1), expires_at: ends })
                } else {
                    Err(ends.since(now).max(Duration::from_millis(1)))
                }
            }
        }
    }

    /// The levels after taking one from every budget, or how long to wait: until the last of those that
    /// are used up has one again.
    ///
    /// # Errors
    /// The time after which all of them have one, if nobody else takes it.
    pub fn take_all<'b>(
        budgets: impl IntoIterator<Item = (Option<Self>, &'b Budget)>,
        now: Timestamp,
    ) -> Result<Vec<(ThrottleKey, Self)>, Duration> {
        let (mut taken, mut longest) = (Vec::new(), Duration::ZERO);
        for (level, budget) in budgets {
            match Self::take(level, budget, now) {
                Ok(level) => taken.push((budget.key, level)),
                Err(wait) => longest = longest.max(wait),
            }
        }
        if longest.is_zero() { Ok(taken) } else { Err(longest) }
    }

    /// The level after giving one back.
    #[must_use]
    pub fn give_back(self, budget: &Budget, taken_at: Timestamp) -> Self {
        match budget.refill {
            // What was taken longer ago than that has come back by itself.
            Refill::Gradual if self.mark <= taken_at.plus(budget.per).plus(budget.per) => {
                // A mark that lies before the taking is another clock's, and holds nothing of it.
                let floor = self.mark.min(taken_at);
                let mark = self.mark.minus(budget.interval()).max(floor);
                Self { mark, count: 0, expires_at: mark }
            }
            Refill::AllAtOnce if self.may_hold(budget, taken_at) => {
                Self { count: self.count.saturating_sub(1), ..self }
            }
            // What was taken from an earlier window is not in this one.
            Refill::Gradual | Refill::AllAtOnce => self,
        }
    }

    /// A clock that stepped back must not lock anybody out: a level that lies further ahead than a
    /// wholly used budget would is from another time, and counts as unused (REL-13).
    fn whole_at(level: Option<Self>, budget: &Budget, now: Timestamp) -> Timestamp {
        level
            .map(|level| level.mark)
            .filter(|mark| *mark <= now.plus(budget.per))
            .map_or(now, |mark| mark.max(now))
    }

    /// A window that began a little ahead of `now` is the present one, not one from another time: else
    /// whoever reads an older clock would begin it anew, with nothing counted.
    fn window(level: Option<Self>, budget: &Budget, now: Timestamp) -> (Timestamp, u32) {
        match level {
            Some(level) if level.may_hold(budget, now) => (level.mark, level.count),
            _ => (now, 0),
        }
    }

    /// Whether this window counts what is taken at this time.
    fn may_hold(&self, budget: &Budget, at: Timestamp) -> bool {
        self.mark <= at.plus(SKEW.min(budget.per)) && at < self.mark.plus(budget.per)
    }
}

impl Budget {
    fn interval(&self) -> Duration {
        self.per.checked_div(self.limit).unwrap_or(self.per).max(Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn budget(limit: u32, seconds: u64, refill: Refill) -> Budget {
        Budget { key: ThrottleKey::from_bytes([0; 32]), limit, per: Duration::from_secs(seconds), refill }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_gradual_budget_gives_its_limit_at_once_and_then_one_at_a_time() {
        let budget = budget(10, 60, Refill::Gradual);
        let mut level = None;
        for _ in 0..10 {
            level = Some(Level::take(level, &budget, at(0)).unwrap());
        }
        assert_eq!(Level::take(level, &budget, at(0)), Err(Duration::from_secs(6)));
        level = Some(Level::take(level, &budget, at(6)).unwrap());
        assert!(Level::take(level, &budget, at(6)).is_err());
    }

    #[test]
    fn what_a_clock_ahead_took_makes_no_room_once_it_is_set_right() {
        let budget = budget(10, 60, Refill::Gradual);
        let mut level = Level::take(None, &budget, at(300)).ok();
        for _ in 0..10 {
            level = Level::take(level, &budget, at(0)).ok();
        }
        let full = level.unwrap();
        assert_eq!(full.give_back(&budget, at(300)), full);
        assert!(Level::take(Some(full.give_back(&budget, at(300))), &budget, at(0)).is_err());
        assert!(Level::take(Some(full.give_back(&budget, at(0))), &budget, at(0)).is_ok());
    }

    #[test]
    fn a_windowed_budget_never_gives_more_than_its_limit_in_a_window() {
        let budget = budget(3, 86_400, Refill::AllAtOnce);
        let mut level = None;
        for second in 0..3 {
            level = Some(Level::take(level, &budget, at(second)).unwrap());
        }
        assert_eq!(Level::take(level, &budget, at(86_399)), Err(Duration::from_secs(1)));
        assert!(Level::take(level, &budget, at(86_400)).is_ok());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_no_more() {
        for refill in [Refill::Gradual, Refill::AllAtOnce] {
            let budget = budget(2, 60, refill);
            let one = Level::take(None, &budget, at(0)).unwrap();
            let two = Level::take(Some(one), &budget, at(0)).unwrap();
            let back = two.give_back(&budget, at(0));
            let again = Level::take(Some(back), &budget, at(0)).unwrap();
            assert!(Level::take(Some(again), &budget, at(0)).is_err(), "{refill:?}");
            let over = one.give_back(&budget, at(0)).give_back(&budget, at(0));
            let full =
                Level::take(Some(Level::take(Some(over), &budget, at(0)).unwrap()), &budget, at(0)).unwrap();
            assert!(
                Level::take(Some(full), &budget, at(0)).is_err(),
                "{refill:?}: an unused budget gains nothing"
            );
        }
    }

    #[test]
    fn callers_whose_clocks_differ_a_little_count_in_one_window() {
        let budget = budget(5, 300, Refill::AllAtOnce);
        let (mut level, mut passed) = (None, 0);
        for turn in 0..20 {
            // The second node's clock is two seconds behind.
            match Level::take(level, &budget, at(1000 - 2 * (turn % 2))) {
                Ok(taken) => {
                    level = Some(taken);
                    passed += 1;
                }
                Err(wait) => assert!(wait <= Duration::from_secs(302)),
            }
        }
        assert_eq!(passed, 5);
        let back = level.unwrap().give_back(&budget, at(998));
        assert_eq!(back.count, 4, "and what the one took, the other gives back");
    }

    #[test]
    fn nothing_passes_a_budget_of_zero() {
        assert!(Level::take(None, &budget(0, 60, Refill::Gradual), at(0)).is_err());
    }

    proptest! {
        /// REL-13: wherever the clock went, waiting as long as told is enough.
        #[test]
        fn rel_13_a_budget_heals_after_any_jump_of_the_clock(
            times in prop::collection::vec(any::<i64>(), 1..40),
            limit in 1u32..20,
            gradual: bool,
        ) {
            let refill = if gradual { Refill::Gradual } else { Refill::AllAtOnce };
            let budget = budget(limit, 60, refill);
            let mut level = None;
            let mut now = at(0);
            for millis in times {
                now = Timestamp::from_millis(millis.clamp(i64::MIN / 2, i64::MAX / 2));
                if let Ok(taken) = Level::take(level, &budget, now) {
                    level = Some(taken);
                }
            }
            if let Err(wait) = Level::take(level, &budget, now) {
                prop_assert!(wait <= Duration::from_secs(60) + SKEW);
                prop_assert!(Level::take(level, &budget, now.plus(wait)).is_ok());
            }
        }

        /// However the tries are spread, no window of `per` sees more than twice the limit, and a
        /// windowed budget none more than the limit from its beginning.
        #[test]
        fn a_gradual_budget_is_never_exceeded(gaps in prop::collection::vec(0u64..10, 1..200)) {
            let budget = budget(5, 50, Refill::Gradual);
            let (mut level, mut now, mut taken) = (None, at(0), Vec::new());
            for gap in gaps {
                now = now.plus(Duration::from_secs(gap));
                if let Ok(next) = Level::take(level, &budget, now) {
                    level = Some(next);
                    taken.push(now);
                }
            }
            for (index, first) in taken.iter().enumerate() {
                let within = taken[index..].iter().filter(|time| time.since(*first) < Duration::from_secs(50)).count();
                prop_assert!(within <= 10);
            }
        }
    }

    #[test]
    fn what_was_taken_from_a_window_that_is_over_is_no_more_in_the_next() {
        let budget = budget(2, 60, Refill::AllAtOnce);
        let old = Level::take(None, &budget, at(0)).unwrap();
        let ended = at(0).plus(budget.per);
        let new = Level::take(Some(old), &budget, ended).unwrap();
        assert_eq!(new.give_back(&budget, at(0)), new);
        assert_eq!(new.give_back(&budget, ended).count, 0);
        let budget = Budget { refill: Refill::Gradual, ..budget };
        let used = Level::take(None, &budget, at(86_400)).unwrap();
        assert_eq!(used.give_back(&budget, at(0)), used);
        assert!(used.give_back(&budget, at(86_390)).mark < used.mark);
    }
}
