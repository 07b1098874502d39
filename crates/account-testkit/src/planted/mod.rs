//! The kit's own worth: adapters that are the memory store but for one planted fault, each of a kind
//! that real adapters have. The kit must catch every one, and say what was broken.

mod reads;
mod store;
mod throttle;
mod writes;

use crate::adapter::{Adapter, Fresh};
use crate::examination::{Finding, case_names, examine_case};
use store::Planted;

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $fault:ident $test:ident,)*) => {
        /// What is wrong with an adapter.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Fault {
            $($(#[doc = $doc])+ $fault,)*
        }

        $(
            #[test]
            fn $test() {
                caught(Fault::$fault, concat!($($doc),+));
            }
        )*
    };
}

faults! {
    /// Reads the account, compares, and writes back what it computed, without a lock.
    LostUpdate a_lost_update_is_caught,
    /// Compares the revision, lets others pass, then writes.
    GuardBeforeLock a_guard_that_is_checked_too_early_is_caught,
    /// Does not compare the revision.
    NoGuard a_missing_guard_is_caught,
    /// Compares the revision with "at most", not "equal".
    GuardIsBelow a_guard_that_takes_later_revisions_is_caught,
    /// Does not compare the uid.
    UidUnchecked an_unchecked_uid_is_caught,
    /// Leaves the revision as it was.
    RevisionNotRaised a_revision_that_is_not_raised_is_caught,
    /// Does not raise the revision for an empty commit.
    EmptyCommitIgnored an_ignored_empty_commit_is_caught,
    /// Answers the revision before the commit.
    OldRevisionAnswered an_old_revision_as_answer_is_caught,
    /// Keeps the changes before the one that was taken.
    HalfApplied changes_applied_halfway_are_caught,
    /// Applies removals before additions.
    Reordered reordered_changes_are_caught,
    /// Writes the audit entries before it compares the revision.
    AuditBeforeGuard an_entry_of_a_refused_commit_is_caught,
    /// Queues mail although the commit is refused.
    MailBeforeGuard mail_of_a_refused_commit_is_caught,
    /// Reports a taken value as stale.
    TakenAsStale taken_reported_as_stale_is_caught,
    /// Looks for taken values before it compares the revision.
    TakenBeforeStale taken_before_stale_is_caught,
    /// Two spellings of one address are two addresses.
    CaseSensitiveAddress case_sensitive_uniqueness_is_caught,
    /// Asks whether an address is free, then inserts, without a constraint.
    AddressCheckedBefore an_address_that_is_checked_before_is_caught,
    /// Gives the number of a deleted account again.
    NumberReused a_reused_number_is_caught,
    /// Keeps a session when the password changes.
    SessionSurvives a_session_that_survives_a_password_change_is_caught,
    /// Cuts times to seconds.
    TimesTruncated truncated_times_are_caught,
    /// Keys of one millisecond come in any order.
    OrderUnstable an_unstable_order_is_caught,
    /// Sessions come by another column than their time.
    OrderByColumn an_order_by_another_column_is_caught,
    /// Finds an API key by its identifier in another case.
    IdentifierWithoutCase an_identifier_without_case_is_caught,
    /// Forgets the name of the request that made an API key.
    ApiKeyNameLost a_lost_name_of_an_api_key_s_request_is_caught,
    /// Forgets the name of the request that added an SSH key.
    SshKeyNameLost a_lost_name_of_an_ssh_key_s_request_is_caught,
    /// Removes an API key of any account.
    OwnerIgnored an_ignored_owner_is_caught,
    /// A last use revives a session that has expired.
    ObserveRevives an_observation_that_revives_is_caught,
    /// A last use moves backwards.
    ObserveBackwards an_observation_that_moves_backwards_is_caught,
    /// A last use raises the revision.
    ObserveRaises an_observation_that_raises_the_revision_is_caught,
    /// An unknown item fails the batch of last uses.
    ObserveFailsBatch an_observation_that_fails_its_batch_is_caught,
    /// Sweeps rows at the cut-off too.
    PurgeAtBoundary a_sweep_at_the_boundary_is_caught,
    /// Sweeps all that has expired, whatever the limit.
    PurgeUnbounded an_unbounded_sweep_is_caught,
    /// Leaves the sessions of a deleted account.
    DeleteLeavesSessions sessions_of_a_deleted_account_are_caught,
    /// Takes the audit trail with the account.
    AuditLostOnDelete an_audit_trail_lost_on_deletion_is_caught,
    /// An audit entry outside of a commit raises the revision.
    RecordRaises a_record_that_raises_the_revision_is_caught,
    /// An audit entry of a known name replaces the first.
    RecordOverwrites a_record_that_overwrites_is_caught,
    /// An audit entry of a known name fails the batch.
    RecordFailsBatch a_record_that_fails_its_batch_is_caught,
    /// Reads what is due, then marks it.
    MailToTwoWorkers a_mail_for_two_workers_is_caught,
    /// Gives mail that is not due yet.
    MailTooEarly mail_that_comes_too_early_is_caught,
    /// Makes half of a commit visible before the rest.
    DirtyRead a_dirty_read_is_caught,
    /// Reads the account and its rows at different times.
    TornState a_torn_state_is_caught,
    /// The hot path gives the account as it was when it was first asked for.
    CachedAccount a_cached_account_is_caught,
    /// A look-up is answered by one that was on its way before it came.
    JoinsEarlierLookUp a_look_up_that_joins_an_earlier_one_is_caught,
    /// Counts the entries of the page, not all.
    TotalOfPage a_total_of_the_page_is_caught,
    /// Newest first, but oldest first within a millisecond.
    NewestFirstIsUnstable an_unstable_newest_first_is_caught,
    /// No events asked for means all events.
    NoEventsAreAll no_events_taken_for_all_are_caught,
    /// Overwrites the check value of a key.
    KeyCheckOverwritten an_overwritten_key_check_is_caught,
    /// Adds a key whatever other keyring is there.
    KeyringsBesideEachOther a_keyring_beside_another_is_caught,
    /// Looks whether another keyring is there, lets others pass, then adds.
    KeyringLookedAtBefore a_keyring_that_was_looked_for_too_early_is_caught,
    /// A caller that leaves during a registration leaves an account without its rows.
    RegistrationInTwo a_registration_in_two_steps_is_caught,
    /// A caller that leaves during a commit leaves the account locked.
    LockLeftBehind a_lock_left_behind_is_caught,
}

fn adapter(fault: Fault) -> Adapter {
    Adapter::new(move || async move { Fresh::from(Planted::new(fault)) })
}

/// Runs the kit until it has found enough to print a report.
fn caught(fault: Fault, what: &str) {
    const ENOUGH: usize = 3;
    let adapter = adapter(fault);
    let findings: Vec<Finding> = case_names()
        .filter_map(|case| examine_case(&adapter, case).err().map(|broken| Finding { case, broken }))
        .take(ENOUGH)
        .collect();
    assert!(!findings.is_empty(), "{fault:?} was not caught: {what}");
    let report: String = findings.iter().map(|finding| format!("\n{finding}")).collect();
    println!("\n{fault:?}:{what}{report}\n");
    assert!(report.len() > 80, "the report says what was broken: {report}");
}
