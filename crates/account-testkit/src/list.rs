//! The one list of all cases: it makes the table that [`examine`](crate::examine) goes through, and
//! the named tests of [`conformance!`](crate::conformance).

/// Hands the list of all cases to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __cases {
    ($then:ident $($with:tt)*) => {
        $crate::$then! {
            [$($with)*]
            cases {
                registration {
                    a_registered_account_is_read_back_whole
                    changes_given_with_a_registration_are_applied
                    a_number_is_never_given_twice
                    an_address_is_taken_in_any_case
                    a_username_is_taken
                    an_account_uid_is_taken
                    a_refused_registration_leaves_nothing
                    a_change_that_is_taken_refuses_the_registration
                    names_of_a_deleted_account_are_free
                    similar_addresses_are_different
                }
                accounts {
                    what_is_not_there_is_none_and_no_error
                    an_account_is_found_by_address_in_any_case
                    an_account_is_found_by_username
                    accounts_are_listed_by_number
                    a_listed_account_is_whole
                    an_address_is_kept_as_typed
                    an_address_that_is_taken_cannot_be_set
                    ones_own_address_and_username_can_be_set_again
                    a_profile_is_set_whole_and_cleared
                    a_username_that_is_taken_cannot_be_set
                    rights_and_disabling_are_set_and_taken_back
                    epochs_are_set_each_on_its_own
                    times_keep_their_milliseconds
                    the_store_is_ready
                }
                commits {
                    a_commit_raises_the_revision_by_one
                    a_commit_without_changes_raises_the_revision
                    a_commit_at_an_older_revision_is_stale
                    a_commit_at_a_later_revision_is_stale
                    a_commit_under_another_uid_is_stale
                    a_commit_to_no_account_is_stale
                    a_stale_commit_leaves_no_entry_and_no_mail
                    a_commit_that_is_taken_leaves_nothing
                    an_account_can_be_committed_to_after_a_refusal
                    what_is_stale_is_stale_even_if_it_is_taken_too
                    what_is_taken_is_not_reported_as_stale
                    every_question_sees_a_commit_at_once
                    a_large_commit_is_one_commit
                }
                changes {
                    changes_are_applied_in_order
                    what_is_removed_can_be_added_in_one_commit
                    no_change_implies_another
                    a_password_change_ends_sessions_in_the_same_commit
                    a_commit_changes_no_other_account
                    rows_of_another_account_cannot_be_named
                    a_change_of_what_is_not_there_changes_nothing
                }
                two_factor {
                    a_pending_secret_never_touches_the_active_one
                    whether_a_factor_is_on_shows_in_every_read
                    a_pending_factor_is_not_on
                    a_step_moves_the_step_alone
                    a_step_without_a_factor_turns_none_on
                    recovery_codes_come_by_position
                    new_recovery_codes_replace_all_old_ones
                    spending_a_code_takes_that_one_alone
                }
                api_keys {
                    an_api_key_is_read_back_whole
                    an_identifier_is_compared_exactly
                    api_keys_come_oldest_first
                    a_removed_api_key_is_gone_at_once
                    an_identifier_has_one_owner
                    a_removed_identifier_is_free
                    an_allow_list_is_kept_as_written
                    a_new_mac_replaces_the_mac_alone
                    a_key_outlives_the_key_that_made_it
                    several_keys_may_have_been_made_under_one_name
                }
                ssh_keys {
                    an_ssh_key_is_read_back_whole
                    ssh_keys_come_oldest_first
                    an_ssh_key_is_unique_within_its_account_alone
                    a_removed_ssh_key_is_gone_and_can_come_back
                }
                sessions {
                    a_session_is_read_back_whole
                    an_expired_session_is_still_there
                    a_session_of_an_older_epoch_is_still_there
                    sessions_come_oldest_first
                    an_ended_session_is_gone_at_once
                    all_sessions_but_one_are_ended
                    handle_and_token_of_a_session_are_unique
                    a_session_gets_a_new_mac_and_nothing_else
                    a_pending_sign_in_leads_to_its_account
                    tries_of_a_pending_sign_in_are_set
                    pending_sign_ins_come_oldest_first_and_end
                    a_pending_sign_in_has_one_owner
                }
                mail {
                    a_mailed_token_leads_to_its_account
                    mailed_tokens_come_oldest_first_and_go
                    a_mailed_token_has_one_owner
                    queued_mail_is_read_back_whole
                    mail_is_given_when_it_is_due_and_not_before
                    mail_is_given_earliest_first_and_at_most_so_many
                    claimed_mail_is_leased
                    delivered_mail_is_gone
                    postponed_mail_is_due_later
                    mail_is_withdrawn_with_its_token
                    one_mail_is_taken_away_in_a_commit
                    mail_of_nobody_is_kept
                }
                deletion {
                    a_deleted_account_is_gone_with_all_that_hangs_on_it
                    nothing_of_a_deleted_account_comes_back_with_its_names
                    names_freed_by_deletion_serve_another_account
                    the_audit_trail_outlives_its_account
                    queued_mail_goes_with_its_account
                    after_its_deletion_an_account_cannot_be_changed
                    an_observation_brings_nothing_back
                }
                activity {
                    an_entry_is_read_back_whole
                    entries_come_in_either_order
                    entries_of_one_commit_keep_their_order
                    entries_are_filtered_by_event
                    a_page_has_its_offset_and_limit_and_the_total_of_all
                    only_entries_about_the_account_are_given
                    a_property_may_hold_any_character
                    recording_raises_no_revision
                    a_known_entry_is_passed_over_and_the_others_are_written
                    the_trail_is_found_whatever_the_account_is_called_now
                }
                keyring {
                    keys_are_added_and_read_back
                    a_key_that_is_there_is_left_as_it_is
                    a_keyring_that_lacks_a_key_adds_none
                    a_retired_key_is_taken_away
                }
                observations {
                    the_use_of_a_key_moves_forwards_only
                    the_use_of_a_session_moves_forwards_only
                    an_expired_session_is_not_revived
                    one_bad_item_does_not_fail_the_batch
                    an_observation_counts_for_its_owner_alone
                    observing_raises_no_revision
                    an_observation_makes_no_row
                    a_large_batch_is_noted_whole
                }
                purging {
                    idle_sessions_go_and_those_at_the_cut_stay
                    old_sessions_go_however_lately_used
                    old_pending_sign_ins_go
                    an_old_pending_factor_goes_and_the_active_one_stays
                    old_mailed_tokens_go_each_purpose_by_its_own_cut
                    old_mail_goes
                    old_audit_entries_go
                    a_sweep_is_bounded_and_goes_on
                    a_sweep_raises_no_revision_and_takes_no_live_row
                    a_swept_token_is_free
                }
            }
            layers {
                sequences {
                    drawn_sequences_answer_as_the_model_does
                }
                races {
                    drawn_races_have_an_order
                }
                stampedes {
                    one_recovery_code_has_one_spender
                    forty_keys_at_a_limit_of_twenty_five_make_twenty_five
                    no_session_outlives_a_password_change
                    one_address_goes_to_one_account
                    one_address_is_set_on_one_account
                    one_identifier_goes_to_one_account
                    one_step_is_accepted_once
                    an_empty_store_takes_one_of_many_keyrings
                    two_factor_is_enabled_once
                    no_update_is_lost
                    a_key_added_and_removed_at_once_is_there_or_not
                    a_mail_goes_to_one_worker
                    entries_written_at_once_are_all_kept
                    the_latest_use_stands
                    numbers_given_at_once_are_different
                    nobody_sees_half_a_commit
                    who_comes_after_a_commit_sees_it_whoever_asks_beside
                    nothing_is_added_to_an_account_that_is_being_deleted
                }
                cancellation {
                    a_dropped_commit_is_done_or_not
                    a_dropped_registration_is_done_or_not
                    a_dropped_call_leaves_nothing_locked
                }
            }
        }
    };
}
