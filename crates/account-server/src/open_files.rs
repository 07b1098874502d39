//! Each connection takes a file descriptor, and a process usually begins with few. This raises the limit as
//! far as the system lets anybody, and says how many connections then fit.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything but connections: the database, its readers, standard streams, the log.
const OTHERS: u64 = 128;

/// Raises the limit for `wanted` connections; answers how many fit, at least one.
pub(crate) fn make_room(wanted: u32) -> usize {
    let need = u64::from(wanted).saturating_add(OTHERS);
    let limit = getrlimit(Resource::Nofile);
    let mut current = limit.current.unwrap_or(u64::MAX);
    if current < need {
        let raised = need.min(limit.maximum.unwrap_or(u64::MAX));
        if setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum }).is_ok() {
            current = raised;
        }
    }
    let room = current.saturating_sub(OTHERS).clamp(1, u64::from(wanted));
    if room < u64::from(wanted) {
        tracing::warn!(wanted, room, "the system allows fewer open files than connections are wanted");
    }
    usize::try_from(room).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_some_and_never_for_more_than_wanted() {
        assert_eq!(make_room(1), 1);
        assert!((1..=64).contains(&make_room(64)));
    }
}
