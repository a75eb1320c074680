//! The laws: what every connector must do, as tests that any of them runs.
//!
//! A connector's test compiles [`PROTO`], gives [`run`] fresh connectors, and expects an empty list of broken laws.

mod accessors;
mod alter;
mod at_once;
mod atomic;
mod bulk;
mod crud;
mod filters;
mod groups;
mod key_values;
mod lab;
mod operators;
mod orders;
mod paging;
pub mod random;
mod references;
mod related;
mod round_trip;
mod transactions;
mod unique;

use std::{future::Future, sync::Arc};

use protoloop_core::BoxFuture;
use protoloop_wire::Tables;

use crate::Connector;
pub use lab::{Broken, Lab};

/// The models that the laws use, as the text of a file `laws.proto`. It imports `protoloop/v1/annotations.proto`.
pub const PROTO: &str = include_str!("laws.proto");

/// A law: its name and what tries it.
type Law = (
    &'static str,
    for<'a> fn(&'a Lab) -> BoxFuture<'a, Result<(), Broken>>,
);

macro_rules! laws {
    ($($module:ident::$name:ident),* $(,)?) => {
        &[$((
            concat!(stringify!($module), "::", stringify!($name)),
            |lab| Box::pin($module::$name(lab)),
        )),*]
    };
}

const LAWS: &[Law] = laws![
    crud::a_row_is_found_as_it_was_stored,
    crud::rows_are_found_in_the_order_of_the_ids,
    crud::an_edit_sees_the_row_and_replaces_it,
    crud::a_delete_answers_the_row,
    crud::a_sequence_counts_up,
    crud::columns_that_are_asked_for_are_filled,
    unique::a_key_is_taken_once,
    unique::a_unique_value_is_taken_once,
    unique::a_unique_index_counts_its_fields_together,
    unique::rows_without_a_value_do_not_meet,
    unique::zero_is_a_value_of_a_number,
    atomic::a_failed_write_undoes_the_ones_before,
    atomic::a_write_sees_the_ones_before,
    atomic::edits_do_not_lose_each_other,
    atomic::an_edit_cannot_change_the_key,
    alter::an_alteration_keeps_replaces_or_removes,
    alter::a_row_outside_the_condition_is_absent,
    alter::unique_values_are_taken_by_rows_that_are_not_marked,
    alter::tenants_meet_their_own_rows_only,
    alter::an_id_of_several_fields_is_one,
    at_once::reads_are_answered_as_alone,
    at_once::fields_are_set_where_a_condition_holds,
    at_once::sets_lose_nothing,
    filters::filters_select_what_they_say,
    filters::letters_fold_one_by_one,
    operators::every_operator_selects_what_it_says,
    related::conditions_reach_related_rows,
    related::orders_reach_related_rows,
    related::what_may_not_be_seen_counts_as_absent,
    related::values_of_any_type_keep_theirs,
    related::rows_with_an_id_of_several_fields_are_related,
    related::lists_of_large_keys_are_followed,
    related::a_key_is_of_the_model_that_the_row_names,
    orders::orders_are_total,
    groups::rows_are_found_by_the_keys_they_belong_to,
    groups::what_is_asked_of_a_group_counts_per_key,
    groups::linked_rows_are_found_by_the_keys_they_are_linked_to,
    references::a_key_refers_to_a_row_or_to_none,
    references::a_row_that_others_refer_to_stays,
    references::keys_are_cleared_and_rows_go_with_what_they_refer_to,
    references::links_go_with_either_end,
    references::a_row_has_one_of_those_it_has_once,
    references::a_tree_falls_with_its_root,
    references::a_refused_delete_changes_nothing,
    references::a_key_that_refers_to_nothing_is_found_as_its_default,
    accessors::a_row_has_rows_of_its_own_only,
    accessors::rows_are_linked_and_unlinked,
    accessors::a_row_leads_to_one,
    paging::pages_join_to_the_whole,
    paging::skip_and_limit_count_behind_the_cursor,
    round_trip::every_type_comes_back,
    round_trip::what_cannot_be_stored_is_refused,
    round_trip::zero_keeps_its_sign_or_loses_it_at_once,
    round_trip::zeros_within_keep_their_sign,
    round_trip::what_cannot_be_stored_is_no_key,
    bulk::an_update_of_many_changes_what_a_filter_selects,
    bulk::an_update_of_many_that_is_refused_changes_nothing,
    bulk::a_delete_of_many_removes_what_a_filter_selects,
    bulk::changes_of_many_work_in_transactions,
    bulk::streams_give_every_row_in_order,
    bulk::a_stream_may_be_left,
    bulk::everyday_methods_do_what_they_say,
    bulk::two_at_once_make_one_row,
    key_values::values_are_kept_by_store_and_key,
    key_values::values_expire_at_their_time,
    key_values::a_value_is_added_once,
    key_values::keys_are_found_by_glob,
    key_values::values_take_part_in_transactions,
    transactions::changes_of_several_models_are_committed_together,
    transactions::what_is_rolled_back_or_dropped_was_never_there,
    transactions::a_refused_write_undoes_itself_only,
    transactions::savepoints_take_back_what_is_behind_them,
    transactions::a_timeout_rolls_back,
    transactions::a_transaction_of_another_datasource_is_refused,
    transactions::one_that_only_reads_reads_one_state,
    transactions::serial_transactions_lose_nothing,
    transactions::writes_beside_a_transaction_are_done,
    transactions::calls_of_one_transaction_may_come_at_once,
];

/// Tries every law on a connector of its own, empty and not prepared yet, and answers those that are broken.
///
/// `tables` are those of a schema that has [`PROTO`] in it.
pub async fn run<F>(tables: &Arc<Tables>, mut fresh: impl FnMut() -> F) -> Vec<Broken>
where
    F: Future<Output = Arc<dyn Connector>>,
{
    let mut broken = Vec::new();
    for (name, law) in LAWS {
        let outcome = match Lab::new(tables, fresh().await).await {
            Ok(lab) => law(&lab).await,
            Err(reason) => Err(reason),
        };
        if let Err(mut reason) = outcome {
            reason.law = name;
            broken.push(reason);
        }
    }
    broken
}
