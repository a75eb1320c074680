//! The rows of `docs/reference/data-api.md`, each a named test on each connector: requests go over REST or as gRPC calls
//! into the standard engine, without a socket between.

#![allow(
    clippy::unwrap_used,
    reason = "a fixture that does not hold is a failed test"
)]

mod annotations;
mod api;
mod asking;
mod connectors;
mod elements;
mod keys;
mod page;
mod requests;
mod rules;
mod violations;

/// A test per row and connector, over the models of a file.
macro_rules! rows {
    ($name:ident, $proto:literal: $($module:ident::$row:ident),* $(,)?) => {
        mod $name {
            const PROTO: &str = include_str!($proto);
            rows!(@on memory, $($module::$row),*);
            rows!(@on sqlite, $($module::$row),*);
            rows!(@on postgres, $($module::$row),*);
            rows!(@on mariadb, $($module::$row),*);

            /// The rows that are tested.
            #[allow(dead_code, reason = "only the page has a list of its rows")]
            pub(crate) const ROWS: &[&str] = &[$(stringify!($row)),*];
        }
    };
    (@on $connector:ident, $($module:ident::$row:ident),*) => {
        mod $connector {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $row() {
                    crate::connectors::$connector(async |connector| {
                        let api = crate::api::Api::over(super::PROTO, connector).await;
                        crate::$module::$row(&api).await;
                    })
                    .await;
                }
            )*
        }
    };
}

rows![
    rows, "shop.proto":
    annotations::a1_ids_come_from_where_the_model_says,
    annotations::a2_a_unique_value_is_taken_once,
    annotations::a3_a_relation_is_no_column,
    annotations::a4_the_server_fills_times_and_etags,
    annotations::a5_hidden_fields_do_not_exist,
    requests::r1_create,
    requests::r2_get,
    requests::r3_list,
    requests::r4_update,
    requests::r5_replace,
    requests::r6_delete,
    requests::r7_count,
    requests::r8_batches,
    requests::r9_purge_and_bulk_update,
    requests::r10_children_and_links,
    requests::r11_batch_write,
    requests::r12_filter_objects,
    requests::r13_functions_of_filters,
    requests::r14_include,
    rules::s1_what_is_unknown_is_named_with_its_place,
    rules::s2_all_operators_of_a_property_apply,
    rules::s3_values_are_never_coerced,
    rules::s4_null,
    rules::s5_patterns,
    rules::s6_paths_and_lists,
    rules::s7_masks_and_inclusions,
    rules::s8_hidden_fields,
    rules::s9_limit_and_skip,
    rules::s10_unique_values_and_references,
    rules::s11_children,
    rules::s12_what_a_write_may_not_hold,
    rules::s13_inclusions_of_nothing,
    rules::s14_scopes_count_per_parent,
    rules::s15_etags,
    rules::s16_batches_and_exact_values,
    rules::s17_bounds,
    rules::s18_patch,
];

rows![
    paths, "shop.proto":
    elements::s6_elements,
    elements::s6_distances,
];

rows![
    references, "keys.proto":
    keys::lists_of_keys_refer_to_rows,
    keys::a_row_in_a_list_stays_or_is_taken_out,
    keys::polymorphic_keys_refer_to_rows_of_what_they_name,
    keys::rows_go_or_stay_with_what_their_polymorphic_key_names,
    keys::what_goes_with_a_foreign_key_takes_its_own_along,
    keys::conditions_and_orders_look_at_the_discriminator,
    keys::changes_of_many_keep_keys_true,
    keys::keys_stay_within_a_tenant,
    keys::lists_stay_within_a_tenant,
    keys::no_key_dangles_after_a_race,
    keys::a_link_is_made_once,
];

rows![
    refused, "shop.proto":
    violations::each_kind_names_its_fields,
];
