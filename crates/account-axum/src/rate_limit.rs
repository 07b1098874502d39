//! How many requests an account may make in a minute (contract 1.6): a fixed window of 60 seconds
//! that begins with the first request, held in this process's memory.
//!
//! The limit is one a node: nodes share nothing here, so *n* nodes admit up to *n* times as much.
//! Budgets of guesses, mails and changes are not kept here; those are stored.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use account_core::time::Timestamp;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::error_body::ApiError;

/// How long a window lasts.
pub const WINDOW: Duration = Duration::from_secs(60);

const SHARDS: usize = 32;
/// 32 × 8192 windows are about 15 MB, the most this ever holds.
const MAX_IN_SHARD: usize = 8192;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");

/// Who shares a window: all keys and sessions of an account, or a client that is nobody yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Requester {
    /// An account, by its number.
    Account(i64),
    /// A client that is nobody yet, by its address or its IPv6 /64.
    Client(IpAddr),
}

impl Requester {
    /// Whoever asks from here. One subscriber has a whole IPv6 /64, and counts once.
    pub fn client(address: IpAddr) -> Self {
        Self::Client(match address.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
            v4 => v4,
        })
    }
}

/// The counters of one node. Cheap to ask: one lock of thirty-two, one look-up, no allocation for
/// who is known.
///
/// ```
/// use account_axum::rate_limit::{RateLimit, Requester};
/// use account_core::time::Timestamp;
/// let limit = RateLimit::per_minute(2.try_into().unwrap());
/// let (who, now) = (Requester::Account(1), Timestamp::from_millis(0));
/// assert!(limit.charge(who, now).is_admitted());
/// assert!(limit.charge(who, now).is_admitted());
/// assert!(!limit.charge(who, now).is_admitted());
/// ```
#[derive(Debug)]
pub struct RateLimit {
    limit: NonZeroU32,
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Shard {
    windows: HashMap<Requester, Window>,
    swept: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began: Timestamp,
    used: u32,
}

/// What became of one request, for its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    limit: u32,
    remaining: u32,
    /// When and how long until it opens again, if the request is refused.
    refused: Option<(Timestamp, Duration)>,
}

impl RateLimit {
    /// At most `limit` requests in a window.
    pub fn per_minute(limit: NonZeroU32) -> Self {
        Self { limit, shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }

    /// Counts one request at the time `now`. A refused one does not count.
    pub fn charge(&self, who: Requester, now: Timestamp) -> Charge {
        let limit = self.limit.get();
        // A poisoned shard holds counters that are as right as before.
        let mut shard = self.shard(who).lock().unwrap_or_else(PoisonError::into_inner);
        let window = shard.window(who, now);
        if window.used >= limit {
            let wait = window.began.plus(WINDOW).since(now);
            return Charge { limit, remaining: 0, refused: Some((now, wait)) };
        }
        window.used = window.used.saturating_add(1);
        Charge { limit, remaining: limit.saturating_sub(window.used), refused: None }
    }

    /// What is left at the time `now`; counts nothing.
    pub fn standing(&self, who: Requester, now: Timestamp) -> Charge {
        let limit = self.limit.get();
        let shard = self.shard(who).lock().unwrap_or_else(PoisonError::into_inner);
        let window = shard.windows.get(&who).filter(|window| !window.is_over(now));
        Charge {
            limit,
            remaining: window.map_or(limit, |window| limit.saturating_sub(window.used)),
            refused: None,
        }
    }

    /// Takes a request's count back, where it turned out to be none that counts.
    pub fn give_back(&self, who: Requester, charge: Charge) -> Charge {
        let mut shard = self.shard(who).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = shard.windows.get_mut(&who) {
            window.used = window.used.saturating_sub(1);
        }
        Charge { remaining: charge.remaining.saturating_add(1).min(charge.limit), ..charge }
    }

    fn shard(&self, who: Requester) -> &Mutex<Shard> {
        let [first, ..] = &self.shards;
        let hash = usize::try_from(self.hasher.hash_one(who) >> 32).unwrap_or(0);
        self.shards.get(hash % SHARDS).unwrap_or(first)
    }
}

impl Shard {
    fn window(&mut self, who: Requester, now: Timestamp) -> &mut Window {
        if !self.windows.contains_key(&who) {
            self.make_room(now);
        }
        let fresh = Window { began: now, used: 0 };
        let window = self.windows.entry(who).or_insert(fresh);
        if window.is_over(now) {
            *window = fresh;
        }
        window
    }

    /// Forgets what is over, once a window at most; a shard that is still full forgets anybody.
    fn make_room(&mut self, now: Timestamp) {
        let swept = *self.swept.get_or_insert(now);
        if (Window { began: swept, used: 0 }).is_over(now) {
            self.windows.retain(|_, window| !window.is_over(now));
            self.swept = Some(now);
        }
        if self.windows.len() >= MAX_IN_SHARD
            && let Some(anybody) = self.windows.keys().next().copied()
        {
            self.windows.remove(&anybody);
        }
    }
}

impl Window {
    /// Also over when the clock stepped back before its beginning: no window outlives a wrong clock.
    fn is_over(&self, now: Timestamp) -> bool {
        now < self.began || now.since(self.began) >= WINDOW
    }
}

impl Charge {
    /// Whether the request may go on.
    pub fn is_admitted(&self) -> bool {
        self.refused.is_none()
    }

    /// The answer to a request that may not.
    pub fn refusal(&self) -> Option<ApiError> {
        self.refused.map(|(now, wait)| ApiError::throttled(now, wait))
    }

    /// Adds `X-RateLimit-Limit` and `X-RateLimit-Remaining`. Whoever is told to wait by another limit has
    /// nothing left to use either; whoever turns out to be nobody (401) is told nothing.
    pub fn stamp<B>(&self, response: &mut Response<B>) {
        if response.status() == StatusCode::UNAUTHORIZED {
            return;
        }
        let waits = response.status() == StatusCode::TOO_MANY_REQUESTS;
        let remaining = if waits { 0 } else { self.remaining };
        let headers = response.headers_mut();
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(remaining));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    fn limit(of: u32) -> RateLimit {
        RateLimit::per_minute(of.try_into().unwrap())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    const ALICE: Requester = Requester::Account(1);

    #[test]
    fn the_request_after_the_last_is_refused_until_the_window_is_over() {
        let limit = limit(3);
        let remaining: Vec<u32> = (0..3).map(|_| limit.charge(ALICE, at(100)).remaining).collect();
        assert_eq!(remaining, [2, 1, 0]);
        let refused = limit.charge(ALICE, at(130));
        assert!(!refused.is_admitted());
        let response = refused.refusal().unwrap().into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "30");
        assert_eq!(response.headers()["x-ratelimit-reset"], "160");
        assert!(!limit.charge(ALICE, at(159)).is_admitted());
        assert_eq!(limit.charge(ALICE, at(160)).remaining, 2);
    }

    #[test]
    fn one_requester_does_not_spend_anothers_window() {
        let limit = limit(1);
        let client = |text: &str| Requester::client(text.parse().unwrap());
        for who in [ALICE, Requester::Account(2), client("192.0.2.1"), client("2001:db8::1")] {
            assert!(limit.charge(who, at(0)).is_admitted(), "{who:?}");
            assert!(!limit.charge(who, at(0)).is_admitted(), "{who:?}");
        }
    }

    #[test]
    fn one_subscriber_is_one_client() {
        let limit = limit(1);
        let admitted =
            |text: &str| limit.charge(Requester::client(text.parse().unwrap()), at(0)).is_admitted();
        assert!(admitted("2001:db8::1") && !admitted("2001:db8::ffff:1") && admitted("2001:db8:0:1::1"));
        assert!(admitted("192.0.2.1") && !admitted("::ffff:192.0.2.1") && admitted("192.0.2.2"));
    }

    #[test]
    fn what_is_given_back_can_be_used_again() {
        let limit = limit(2);
        let charge = limit.charge(ALICE, at(0));
        assert_eq!(limit.give_back(ALICE, charge).remaining, 2);
        assert_eq!([limit.charge(ALICE, at(0)), limit.charge(ALICE, at(0))].map(|c| c.remaining), [1, 0]);
        assert!(!limit.charge(ALICE, at(0)).is_admitted());
    }

    #[test]
    fn asking_how_one_stands_costs_nothing() {
        let limit = limit(2);
        assert_eq!(limit.standing(ALICE, at(0)).remaining, 2);
        limit.charge(ALICE, at(0));
        assert_eq!(
            [limit.standing(ALICE, at(59)), limit.standing(ALICE, at(59))].map(|c| c.remaining),
            [1, 1]
        );
        assert_eq!(limit.standing(ALICE, at(60)).remaining, 2);
    }

    #[test]
    fn a_401_tells_nobody_how_he_stands() {
        let charge = limit(2).charge(ALICE, at(0));
        for (status, told) in [(200, Some("1")), (429, Some("0")), (401, None)] {
            let mut response = Response::builder().status(status).body(()).unwrap();
            charge.stamp(&mut response);
            let remaining = response.headers().get(REMAINING).map(|value| value.to_str().unwrap());
            assert_eq!(remaining, told, "{status}");
        }
    }

    #[test]
    fn a_clock_that_steps_back_heals() {
        let limit = limit(1);
        assert!(limit.charge(ALICE, at(86_400)).is_admitted());
        assert!(limit.charge(ALICE, at(10)).is_admitted());
        assert!(!limit.charge(ALICE, at(11)).is_admitted());
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let limit = limit(5);
        for number in 0..10_000 {
            limit.charge(Requester::Account(number), at(0));
        }
        for number in 0..1_000 {
            limit.charge(Requester::Account(20_000 + number), at(61));
        }
        let held: usize = limit.shards.iter().map(|shard| shard.lock().unwrap().windows.len()).sum();
        assert_eq!(held, 1_000);
    }

    #[test]
    fn memory_is_bounded_whoever_comes() {
        let limit = limit(5);
        for number in 0..400_000 {
            limit.charge(Requester::Account(number), at(0));
        }
        let largest = limit.shards.iter().map(|shard| shard.lock().unwrap().windows.len()).max();
        assert_eq!(largest, Some(MAX_IN_SHARD));
    }

    #[test]
    fn many_threads_are_counted_exactly() {
        let limit = limit(1_000);
        let admitted: usize = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| (0..500).filter(|_| limit.charge(ALICE, at(0)).is_admitted()).count())
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        assert_eq!(admitted, 1_000);
    }
}
