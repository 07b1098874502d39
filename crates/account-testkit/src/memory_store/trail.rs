//! The audit trail: by subject, then by time, entries of one millisecond as they were written.

use std::collections::{BTreeMap, BTreeSet};

use account_core::activity::{Activity, ActivityPage, ActivityQuery};
use account_core::id::{AccountUid, ActivityId};
use account_core::time::Timestamp;

use super::row;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trail {
    entries: BTreeMap<Option<AccountUid>, Vec<Activity>>,
    names: BTreeSet<ActivityId>,
}

impl Trail {
    pub(crate) fn has(&self, id: ActivityId) -> bool {
        self.names.contains(&id)
    }

    /// Adds an entry, or passes over one whose name is there.
    pub(crate) fn add(&mut self, entry: &Activity) {
        if self.names.insert(entry.id) {
            row::add(self.entries.entry(entry.subject).or_default(), entry.clone(), |entry| entry.at);
        }
    }

    #[cfg(test)]
    pub(crate) fn remove(&mut self, id: ActivityId) {
        self.names.remove(&id);
        self.entries.values_mut().for_each(|entries| entries.retain(|entry| entry.id != id));
    }

    pub(crate) fn page(&self, query: &ActivityQuery) -> ActivityPage {
        let wanted =
            |entry: &&Activity| query.events.as_ref().is_none_or(|events| events.contains(&entry.event));
        let all = self.entries.get(&Some(query.subject)).map_or(&[][..], Vec::as_slice);
        let mut matching: Vec<&Activity> = all.iter().filter(wanted).collect();
        let total = u64::try_from(matching.len()).unwrap_or(u64::MAX);
        if query.newest_first {
            matching.reverse();
        }
        let (offset, limit) = (
            usize::try_from(query.offset).unwrap_or(usize::MAX),
            usize::try_from(query.limit).unwrap_or(usize::MAX),
        );
        ActivityPage { entries: matching.into_iter().skip(offset).take(limit).cloned().collect(), total }
    }

    pub(crate) fn all(&self) -> Vec<Activity> {
        self.entries.values().flatten().cloned().collect()
    }

    /// Takes away up to `limit` entries before `cut`.
    pub(crate) fn purge(&mut self, cut: Timestamp, limit: usize) -> usize {
        let mut left = limit;
        for entries in self.entries.values_mut() {
            let old = entries.partition_point(|entry| entry.at < cut).min(left);
            left = left.saturating_sub(old);
            for entry in entries.drain(..old) {
                self.names.remove(&entry.id);
            }
        }
        self.entries.retain(|_, entries| !entries.is_empty());
        limit.saturating_sub(left)
    }
}
