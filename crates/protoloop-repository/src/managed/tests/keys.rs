//! Ids of several fields.

use super::Life;

#[test]
fn a_row_is_found_by_all_parts_of_its_id() {
    let life = Life::new();
    let life = life.nobody();
    let make = |order: &str, line: i32| {
        let request = format!("{{\"order_line\":{{\"order_id\":\"{order}\",\"line\":{line}}}}}");
        life.call("OrderLineService/CreateOrderLine", &request)
    };
    for (order, line) in [("a", 1), ("a", 2), ("b", 1), ("b", 0)] {
        make(order, line).unwrap();
    }
    assert_eq!(
        make("a", 1).unwrap_err().to_string(),
        "ALREADY_EXISTS: another order_line has the same order_id, line"
    );
    assert_eq!(
        make("", 1).unwrap_err().to_string(),
        "INVALID_ARGUMENT: order_line.order_id: is required"
    );
    assert_eq!(
        life.ok(
            "OrderLineService/GetOrderLine",
            r#"{"order_id":"b","line":1}"#
        ),
        r#"{"order_id":"b","line":1}"#
    );
    // Zero is a number like others.
    life.ok("OrderLineService/GetOrderLine", r#"{"order_id":"b"}"#);
    assert_eq!(
        life.err(
            "OrderLineService/GetOrderLine",
            r#"{"order_id":"b","line":2}"#
        ),
        "NOT_FOUND: order_line `b/2` was not found"
    );
    assert_eq!(
        life.err("OrderLineService/GetOrderLine", r#"{"line":2}"#),
        "INVALID_ARGUMENT: order_id: is required"
    );
    let update = r#"{"order_line":{"order_id":"a","line":2,"quantity":5}}"#;
    assert_eq!(
        life.ok("OrderLineService/UpdateOrderLine", update),
        r#"{"order_id":"a","line":2,"quantity":5}"#
    );
    life.ok(
        "OrderLineService/DeleteOrderLine",
        r#"{"order_id":"a","line":1}"#,
    );
    assert_eq!(
        life.ok(
            "OrderLineService/ListOrderLines",
            r#"{"order_by":"line desc"}"#
        ),
        r#"{"order_lines":[{"order_id":"a","line":2,"quantity":5},{"order_id":"b","line":1},{"order_id":"b"}]}"#
    );
}

#[test]
fn batches_name_all_parts_of_ids() {
    let life = Life::new();
    let life = life.nobody();
    life.ok(
        "OrderLineService/BatchCreateOrderLines",
        r#"{"requests":[{"order_line":{"order_id":"a","line":1}},{"order_line":{"order_id":"a","line":2}}]}"#,
    );
    let both = r#"{"requests":[{"order_id":"a","line":2},{"order_id":"a","line":1}]}"#;
    assert_eq!(
        life.ok("OrderLineService/BatchGetOrderLines", both),
        r#"{"order_lines":[{"order_id":"a","line":2},{"order_id":"a","line":1}]}"#
    );
    let missing = r#"{"requests":[{"order_id":"a","line":2},{"order_id":"b"}]}"#;
    assert_eq!(
        life.err("OrderLineService/BatchGetOrderLines", missing),
        "NOT_FOUND: requests[1]: order_line `b/0` was not found"
    );
    let page = life.ok("OrderLineService/ListOrderLines", r#"{"page_size":1}"#);
    let token = crate::testing::member(&page, "next_page_token").to_owned();
    let next = format!("{{\"page_size\":1,\"page_token\":\"{token}\"}}");
    assert_eq!(
        life.ok("OrderLineService/ListOrderLines", &next),
        r#"{"order_lines":[{"order_id":"a","line":2}]}"#
    );
    life.ok("OrderLineService/BatchDeleteOrderLines", both);
    assert_eq!(life.ok("OrderLineService/CountOrderLines", "{}"), "{}");
}
