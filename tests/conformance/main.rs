//! Every operation and every query feature on every backend, with the expected answers written once.
//!
//! A test is a function of a [`fixture::Fixture`]: a store over empty tables, and what that store is
//! able to do. `suite!` lists the functions and makes a test of each for each backend, such as
//! `sqlite_file::patches::what_is_not_named_is_left_alone`.
#![cfg(any(feature = "sqlite", feature = "postgrest"))]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

#[cfg(feature = "postgrest")]
mod access;
mod aggregates;
mod batches;
mod bytes;
mod conditions;
mod deletes;
mod errors;
mod expected;
mod finders;
mod fixture;
mod inserts;
mod json;
mod keys;
mod kinds;
mod long_lists;
mod made;
mod names;
mod oracle;
mod order;
mod pages;
mod patches;
mod properties;
mod raw;
mod reads;
mod relatives;
mod sample;
mod selects;
mod soft_deletes;
mod states;
mod store;
mod tables;
mod texts;
mod three_valued;
mod timestamps;
mod transactions;
mod unique_columns;
mod upserts;
mod wares;
mod watches;

macro_rules! backend {
    ($(#[$attribute:meta])* $backend:ident = $fixture:path; $($module:ident { $($test:ident)* })*) => {
        $(#[$attribute])*
        mod $backend {
            $(mod $module {
                $(#[tokio::test]
                async fn $test() {
                    let fixture = $fixture().await;
                    crate::$module::$test(&fixture).await;
                    fixture.finish().await;
                })*
            })*
        }
    };
}

macro_rules! suite {
    ($($tests:tt)*) => {
        backend! { #[cfg(feature = "sqlite")] sqlite_file = crate::fixture::sqlite::file; $($tests)* }
        backend! { #[cfg(feature = "sqlite")] sqlite_memory = crate::fixture::sqlite::memory; $($tests)* }
        backend! { #[cfg(feature = "sqlite")] sqlite_seaorm = crate::fixture::sqlite::seaorm; $($tests)* }
        backend! { #[cfg(feature = "postgrest")] postgrest = crate::fixture::postgrest::direct; $($tests)* }
        backend! { #[cfg(feature = "postgrest")] supabase = crate::fixture::postgrest::supabase; $($tests)* }
        backend! { #[cfg(all(feature = "sqlite", feature = "postgrest"))] failover_healthy = crate::fixture::failover::healthy; $($tests)* }
        backend! { #[cfg(all(feature = "sqlite", feature = "postgrest"))] failover_degraded = crate::fixture::failover::degraded; $($tests)* }
        backend! { #[cfg(all(feature = "sqlite", feature = "postgrest"))] failover_switching = crate::fixture::failover::switching; $($tests)* }
    };
}

suite! {
    inserts {
        what_insert_returns_is_what_get_returns
        a_key_may_be_given
        a_missing_row_is_none
        insert_many_gives_the_keys_in_the_order_of_the_rows
        no_rows_are_stored_without_asking
        a_small_batch_is_stored_whole_or_not_at_all
        a_row_that_is_there_stays_as_it_is
        absence_of_the_key_is_not_absence_of_other_values
        a_table_of_keys_alone
        required_columns_by_their_names
    }
    upserts {
        a_row_is_stored_or_replaced_whole
        new_and_known_rows_in_one
        of_several_rows_with_one_key_the_last_counts
        another_unique_value_is_no_key
        children_survive_the_upsert_of_their_parent
    }
    unique_columns {
        a_row_is_stored_or_takes_the_values
        the_row_that_is_there_stays_as_it_is
        columns_that_are_unique_together
        text_that_sorts_by_its_bytes
        what_the_new_row_lacks_stays
        other_unique_values_and_keys_are_refused
        columns_that_are_not_unique_are_refused
        values_that_tell_nothing_are_refused
    }
    patches {
        what_is_not_named_is_left_alone
        the_last_word_on_a_column_counts
        forms_hold_options
        no_row_is_no_error
        an_empty_patch_changes_nothing
        many_rows_are_counted
        a_filter_of_everything_asks_for_update_all
        a_key_never_changes
        a_filter_sees_the_values_before_the_patch
    }
    states {
        an_update_gives_the_stored_row_back
        no_row_is_given_back_where_there_is_none
        what_the_database_makes_of_an_update_comes_back
        saving_sends_what_differs
        saving_no_difference_asks_nothing
        what_cannot_be_saved
        between_two_states_is_what_is_stored_otherwise
    }
    transactions {
        writes_of_several_tables_are_made_together
        what_is_refused_takes_all_back
        an_update_has_to_find_its_row
        the_closure_decides
        columns_are_added_to
    }
    deletes {
        rows_are_counted
        a_filter_of_everything_asks_for_delete_all
        only_what_matches_for_certain_is_deleted
        children_go_with_their_parent
    }
    soft_deletes {
        a_delete_hides_a_row
        a_deleted_row_comes_back_or_goes
        deletes_by_a_condition
        updates_leave_deleted_rows_alone
        inserts_beside_deleted_rows
        several_writes_together
        related_rows_that_are_deleted
        conditions_on_related_rows_that_are_deleted
        pages_and_some_columns
    }
    timestamps {
        an_insert_fills_them
        what_the_caller_gives_wins
        an_update_fills_updated_at
        an_upsert_fills_both
    }
    reads {
        an_empty_table
        the_ways_to_run_a_query
        several_filters_must_all_match
        filters_of_everything_and_of_nothing
        limit_and_offset_cut_rows_and_counts
        list_is_newest_first
        a_query_that_is_not_bound_runs_too
    }
    selects {
        some_columns_of_each_row
        pages_of_some_columns
        some_columns_of_long_lists
        some_columns_below_a_key_of_several
    }
    relatives {
        rows_come_with_related_ones
        many_rows_with_related_ones
        conditions_on_related_rows
        an_offset_counts_rows_and_not_related_ones
        writes_take_no_condition_on_related_rows
    }
    aggregates {
        of_all_rows
        of_no_rows
        group_by_group
        of_exact_numbers
        at_the_ends_of_their_types
        of_keys
        more_groups_than_one_answer_holds
        over_long_lists
        beside_related_rows
        of_some_rows_are_refused
    }
    finders {
        by_a_unique_column
        children_of_a_parent_and_of_many
        children_whose_parent_may_be_missing
    }
    texts {
        come_back_as_they_were
        equal
        not_equal
        in_a_list
        contained
        at_the_start
        at_the_end
        in_any_case
        letters_of_all_scripts_in_any_case
        as_keys
        very_long_texts
        a_nul_is_refused
        keys_longer_than_a_url_are_refused
    }
    three_valued {
        each_condition_and_its_negation
        joined_by_and_and_or
        in_writes_too
    }
    conditions {
        comparisons_of_every_kind
        equality_of_every_kind
        enums_and_open_sets_are_text
        long_lists_of_every_kind
        nests_are_kept
        long_chains_and_deep_nests
        times_in_ranges
    }
    kinds {
        come_back_as_they_were
        are_set_by_upserts_and_patches
        integers_beyond_the_range_of_doubles
        reals
        what_is_no_number_is_refused
        times_are_cut_to_microseconds
        years_beyond_the_range_are_refused
    }
    wares {
        values_come_back_as_they_were
        the_ends_of_each_kind
        exact_numbers_are_compared_and_sorted_as_numbers
        exact_numbers_in_long_lists
        single_numbers_are_found
        times_of_day_are_sorted
        times_with_an_offset_are_instants
        arrays_of_anything
        arrays_are_asked_for_an_element
        elements_may_be_null
        elements_are_in_the_form_that_is_stored
        elements_that_cannot_be_stored_are_refused
        what_only_the_server_understands
        patches_of_each_kind
    }
    keys {
        rows_have_the_key_of_all_its_columns
        one_part_alike_is_another_row
        keys_of_many_rows
        many_keys_in_one_page_each
        upserts_go_by_the_whole_key
        absence_is_of_the_whole_key
        pages_follow_the_whole_key
        children_of_a_key_of_several_columns
        columns_unique_together
        places_are_swapped
        keys_of_any_text
    }
    made {
        what_the_database_makes_comes_back
        a_given_key_is_kept
        what_is_left_out_is_the_default
        what_the_database_makes_is_never_sent
        many_rows_at_once
        an_upsert_leaves_what_is_left_out
        an_update_of_what_the_database_keeps
    }
    json {
        documents_come_back_as_they_were
        json_null_is_null
        documents_of_a_megabyte
        values_are_compared_as_text
        numbers_without_an_exponent_have_one_text
        paths_lead_through_objects_and_arrays
        values_that_are_no_arrays_have_an_element_0
        indexes_beyond_those_of_postgres_are_refused
        odd_keys
        keys_that_no_path_can_name_are_refused
        odd_texts_behind_a_path
        documents_too_deep_to_be_read_back_are_refused
        places_beyond_every_array_are_refused
    }
    bytes {
        text_sorts_by_its_bytes
        pages_of_sorted_text
        comparisons_of_text
        the_first_and_the_last_text
        long_lists_of_sorted_text
    }
    order {
        by_several_columns_with_ties_and_nulls
        keys_of_uuids_sort_as_uuids
    }
    pages {
        of_every_size_in_every_order
        as_a_stream
        within_limit_and_offset
        after_a_cursor_everything_works
        cursors_of_other_orders_are_refused
        over_keys_of_odd_text
        rows_inserted_behind_the_place_are_seen
    }
    properties {
        random_filters
        random_numbers
        random_texts
    }
    long_lists {
        five_thousand_keys
        five_thousand_keys_in_writes
        a_list_on_the_column_that_the_patch_changes
        a_list_that_must_not_match_by_itself
        lists_of_uuids_and_of_text
        lists_of_numbers_with_a_fraction
        tables_longer_than_one_answer
        a_stream_of_some_rows
    }
    batches {
        fifty_thousand_rows
        upserts_of_new_and_known_rows
        what_is_there_is_not_counted
        a_bad_row_in_the_middle
        a_row_that_cannot_be_stored_stops_all
        rows_of_many_bytes
    }
    raw {
        rows_by_parameters
        writes_with_and_without_rows
        parameters_are_never_sql
        parameters_of_every_type
        a_name_that_two_columns_have_is_the_last_ones
        more_rows_than_one_answer_holds
        mistakes
    }
    watches {
        rows_come_again_after_each_change
        only_what_is_asked_for_is_compared
        related_rows_come_again_too
        a_closed_store_ends_them
    }
    store {
        a_store_that_serves_is_healthy
        info_tells_kind_place_and_version
        a_closed_store_is_unavailable
        many_operations_at_once
    }
    names {
        odd_names_in_every_operation
        odd_names_in_filters
        odd_names_in_orders_and_pages
    }
    errors {
        unique
        foreign_key
        not_null
        check_constraint
        a_rule_of_a_trigger
        a_key_that_the_table_does_not_have
        a_table_that_is_not_there
        a_column_that_is_not_there
        a_column_of_another_type
        what_is_not_there_is_no_error_of_the_database
        nothing_of_a_refused_write_is_stored
    }
}

#[cfg(feature = "postgrest")]
backend! { postgrest_access = crate::fixture::postgrest::direct;
    access {
        a_table_without_grants_is_denied
        a_key_may_read_what_it_is_granted
        a_wrong_key_is_unauthenticated
        without_a_key
        no_error_holds_the_key
    }
}
#[cfg(feature = "postgrest")]
backend! { supabase_access = crate::fixture::postgrest::supabase;
    access {
        a_table_without_grants_is_denied
        a_key_may_read_what_it_is_granted
        a_wrong_key_is_unauthenticated
        without_a_key
        no_error_holds_the_key
    }
}
