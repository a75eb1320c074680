//! Purge and BulkUpdate.

use super::{As, Life};

fn lines(life: &As<'_>, count: u32) {
    for line in 0..count {
        let request = format!(
            "{{\"order_line\":{{\"order_id\":\"o\",\"line\":{line},\"quantity\":{}}}}}",
            line % 2
        );
        life.ok("OrderLineService/CreateOrderLine", &request);
    }
}

#[test]
fn a_purge_counts_shows_and_removes() {
    let life = Life::new();
    let life = life.nobody();
    lines(&life, 5);
    let tried = r#"{"filter":"quantity = 1"}"#;
    assert_eq!(
        life.ok("OrderLineService/PurgeOrderLines", tried),
        r#"{"purge_count":"2","purge_sample":["o/1","o/3"]}"#
    );
    let done = r#"{"filter":"quantity = 1","force":true}"#;
    assert_eq!(
        life.ok("OrderLineService/PurgeOrderLines", done),
        r#"{"purge_count":"2"}"#
    );
    assert_eq!(life.ok("OrderLineService/PurgeOrderLines", done), "{}");
    let rest = life.ok("OrderLineService/CountOrderLines", "{}");
    assert_eq!(rest, r#"{"count":"3"}"#);
    let all = r#"{"filter":"*","force":true}"#;
    assert_eq!(
        life.ok("OrderLineService/PurgeOrderLines", all),
        r#"{"purge_count":"3"}"#
    );
}

#[test]
fn what_acts_on_many_rows_names_them() {
    let life = Life::new();
    let life = life.nobody();
    lines(&life, 2);
    let refused = [
        (
            "PurgeOrderLines",
            r#"{"force":true}"#,
            "filter: is required; `*` selects every row",
        ),
        (
            "PurgeOrderLines",
            r#"{"filter":"  ","force":true}"#,
            "filter: is required; `*` selects every row",
        ),
        (
            "BulkUpdateOrderLines",
            r#"{"order_line":{"quantity":3}}"#,
            "filter: is required; `*` selects every row",
        ),
        (
            "BulkUpdateOrderLines",
            r#"{"filter":"*"}"#,
            "order_line: is required",
        ),
        (
            "BulkUpdateOrderLines",
            r#"{"filter":"*","order_line":{"quantity":3},"update_mask":"*"}"#,
            "update_mask: names single fields; `*` would replace the rows by one",
        ),
    ];
    for (method, request, due) in refused {
        let error = life.err(&format!("OrderLineService/{method}"), request);
        assert_eq!(error, format!("INVALID_ARGUMENT: {due}"));
    }
    let unknown = r#"{"filter":"nothing = 1","force":true}"#;
    let error = life.err("OrderLineService/PurgeOrderLines", unknown);
    assert!(error.starts_with("INVALID_ARGUMENT: filter"), "{error}");
    let rest = life.ok("OrderLineService/CountOrderLines", "{}");
    assert_eq!(rest, r#"{"count":"2"}"#);
}

#[test]
fn a_bulk_update_changes_what_the_mask_names() {
    let life = Life::new();
    let life = life.nobody();
    lines(&life, 1_500);
    let change = r#"{"filter":"quantity = 1","order_line":{"quantity":9,"line":7}}"#;
    let tried = change.replace("{\"filter\"", "{\"validate_only\":true,\"filter\"");
    for request in [&*tried, change] {
        assert_eq!(
            life.ok("OrderLineService/BulkUpdateOrderLines", request),
            r#"{"update_count":"750"}"#
        );
    }
    let count = |filter: &str| {
        life.ok(
            "OrderLineService/CountOrderLines",
            &format!("{{\"filter\":\"{filter}\"}}"),
        )
    };
    assert_eq!(count("quantity = 9"), r#"{"count":"750"}"#);
    assert_eq!(count("line = 7"), r#"{"count":"1"}"#);
    let cleared = r#"{"filter":"*","order_line":{},"update_mask":"quantity"}"#;
    life.ok("OrderLineService/BulkUpdateOrderLines", cleared);
    assert_eq!(count("quantity = 0"), r#"{"count":"1500"}"#);
}

#[test]
fn a_bulk_update_leaves_marked_rows_and_other_tenants_alone() {
    let life = Life::new();
    let (seven, eight) = (life.of("7"), life.of("8"));
    for caller in [&seven, &eight] {
        caller.ok("PageService/CreatePage", r#"{"page":{"title":"t"}}"#);
    }
    let change = r#"{"filter":"*","page":{"title":"x"}}"#;
    let done = r#"{"update_count":"1"}"#;
    assert_eq!(seven.ok("PageService/BulkUpdatePages", change), done);
    assert!(eight.ok("PageService/ListPages", "{}").contains("\"t\""));
    let page = eight.ok("PageService/ListPages", "{}");
    let id = crate::testing::member(&page, "id").to_owned();
    eight.ok("PageService/DeletePage", &format!("{{\"id\":\"{id}\"}}"));
    assert_eq!(eight.ok("PageService/BulkUpdatePages", change), "{}");
}
