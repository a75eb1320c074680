//! Rows that are written as parts of another.

use crate::testing::{Shop, member};

const CREATE: &str = "library.v1.OrderService/CreateOrder";
const UPDATE: &str = "library.v1.OrderService/UpdateOrder";

/// An order of two lines, and its answer.
fn order(shop: &Shop) -> (String, String) {
    let answer = shop.ok(
        CREATE,
        r#"{"order":{"customer":"Ada","lines":[{"product":"pen","pieces":2},{"product":"ink"}],"address":{"id":"h","city":"Rome"}}}"#,
    );
    (member(&answer, "id").to_owned(), answer)
}

/// The order without the ids that nobody chose.
fn get(shop: &Shop, id: &str) -> String {
    let request = format!(
        "{{\"id\":\"{id}\",\"include\":\"lines,address\",\"read_mask\":\"customer,lines.id,lines.product,address.city\"}}"
    );
    shop.ok("library.v1.OrderService/GetOrder", &request)
}

fn lines(shop: &Shop) -> String {
    shop.ok("library.v1.LineService/CountLines", "{}")
}

#[test]
fn parts_are_created_with_their_whole() {
    let shop = Shop::new();
    let (id, answer) = order(&shop);
    assert_eq!(
        answer,
        format!(
            "{{\"id\":\"{id}\",\"customer\":\"Ada\",\"lines\":[{{\"id\":\"1\",\"order_id\":\"{id}\",\"product\":\"pen\",\"pieces\":2}},\
             {{\"id\":\"2\",\"order_id\":\"{id}\",\"product\":\"ink\"}}],\"address\":{{\"id\":\"h\",\"order_id\":\"{id}\",\"city\":\"Rome\"}}}}"
        )
    );
    assert_eq!(
        get(&shop, &id),
        r#"{"customer":"Ada","lines":[{"id":"1","product":"pen"},{"id":"2","product":"ink"}],"address":{"city":"Rome"}}"#
    );
}

#[test]
fn a_wrong_part_refuses_the_whole() {
    let shop = Shop::new();
    order(&shop);
    for (request, told) in [
        (
            r#"{"order":{"lines":[{"product":"a"},{}]}}"#,
            "INVALID_ARGUMENT: order.lines[1].product: is required",
        ),
        (
            r#"{"order":{"lines":[{"product":"a","id":"7"}]}}"#,
            "INVALID_ARGUMENT: order.lines[0].id: is made by the server; leave it out",
        ),
        (
            r#"{"order":{"lines":[{"product":"a","order_id":"other"}]}}"#,
            "INVALID_ARGUMENT: order.lines[0].order_id: differs from order",
        ),
        (
            r#"{"order":{"lines":[{"product":"a","secret":"s"}]}}"#,
            "INVALID_ARGUMENT: order.lines[0].secret: cannot be written",
        ),
        (
            r#"{"order":{"address":{"city":"x"}}}"#,
            "INVALID_ARGUMENT: order.address.id: is required",
        ),
        (
            r#"{"order":{"address":{"id":"h"}}}"#,
            "ALREADY_EXISTS: order.address: another address has the same id",
        ),
    ] {
        assert_eq!(shop.err(CREATE, request), told, "{request}");
    }
    let orders = shop.ok("library.v1.OrderService/CountOrders", "{}");
    assert_eq!(
        (orders, lines(&shop)),
        (r#"{"count":"1"}"#.to_owned(), r#"{"count":"2"}"#.to_owned())
    );
    let tried = r#"{"order":{"customer":"x","lines":[{"product":"a"}]},"validate_only":true}"#;
    assert_eq!(shop.ok(CREATE, tried), r#"{"customer":"x"}"#);
    assert_eq!(lines(&shop), r#"{"count":"2"}"#);
    // Only a Create or Update of its own writes parts.
    let batch = r#"{"requests":[{"order":{"lines":[{"product":"a"}]}}]}"#;
    assert_eq!(
        shop.err("library.v1.OrderService/BatchCreateOrders", batch),
        "INVALID_ARGUMENT: requests[0].order.lines: cannot be written"
    );
}

#[test]
fn an_update_replaces_the_parts_that_it_names() {
    let shop = Shop::new();
    let (id, _) = order(&shop);
    let update = |fields: &str, mask: &str| {
        let request = format!("{{\"order\":{{\"id\":\"{id}\"{fields}}}{mask}}}");
        shop.ok(UPDATE, &request);
        get(&shop, &id)
    };
    // One is kept, one is new, one goes; the rest of the order stays.
    assert_eq!(
        update(
            r#","customer":"Bob","lines":[{"product":"nib"},{"id":"2","product":"red ink"}]"#,
            r#","update_mask":"lines""#
        ),
        r#"{"customer":"Ada","lines":[{"id":"2","product":"red ink"},{"id":"3","product":"nib"}],"address":{"city":"Rome"}}"#
    );
    // Without a mask, what is sent.
    assert_eq!(
        update(
            r#","customer":"Bob","address":{"id":"h2","city":"Oslo"}"#,
            ""
        ),
        r#"{"customer":"Bob","lines":[{"id":"2","product":"red ink"},{"id":"3","product":"nib"}],"address":{"city":"Oslo"}}"#
    );
    // As REST makes it of a body: a path to a field stands for the rows as a whole.
    assert_eq!(
        update(
            r#","address":{"id":"h2","city":"Bonn"}"#,
            r#","update_mask":"address.city""#
        ),
        r#"{"customer":"Bob","lines":[{"id":"2","product":"red ink"},{"id":"3","product":"nib"}],"address":{"city":"Bonn"}}"#
    );
    assert_eq!(
        update("", r#","update_mask":"lines,address""#),
        r#"{"customer":"Bob"}"#
    );
    for (request, told) in [
        (
            format!(r#"{{"order":{{"id":"{id}","lines":[{{"id":"9","product":"x"}}]}}}}"#),
            "INVALID_ARGUMENT: order.lines[0].id: is made by the server; leave it out",
        ),
        (
            r#"{"order":{"id":"nothing","lines":[{"product":"x"}]}}"#.to_owned(),
            "NOT_FOUND: order `nothing` was not found",
        ),
    ] {
        assert_eq!(shop.err(UPDATE, &request), told);
    }
}

#[test]
fn parts_go_with_their_whole() {
    let shop = Shop::new();
    let (id, _) = order(&shop);
    shop.ok(
        "library.v1.OrderService/DeleteOrder",
        &format!("{{\"id\":\"{id}\"}}"),
    );
    assert_eq!(lines(&shop), "{}");
}

#[test]
fn the_id_of_a_part_may_begin_with_that_of_its_whole() {
    let shop = Shop::new();
    let (id, _) = order(&shop);
    let stop = |number: i32, place: &str| {
        format!("{{\"order_id\":\"{id}\",\"number\":{number},\"place\":\"{place}\"}}")
    };
    let below = "library.v1.OrderService/CreateStopOfOrder";
    let create = |stop: &str| format!("{{\"order\":\"{id}\",\"stop\":{stop}}}");
    assert_eq!(
        shop.ok(below, &create(r#"{"number":1,"place":"Rome"}"#)),
        stop(1, "Rome")
    );
    let other = shop.err(below, &create(r#"{"order_id":"x","number":2}"#));
    assert_eq!(other, "INVALID_ARGUMENT: stop.order_id: differs from order");
    // A number is a value also where it is zero, a text that is empty is none.
    let nowhere = shop.err(
        "library.v1.StopService/CreateStop",
        r#"{"stop":{"number":0}}"#,
    );
    assert_eq!(nowhere, "INVALID_ARGUMENT: stop.order_id: is required");
    let again = shop.err(below, &create(r#"{"number":1}"#));
    assert!(again.starts_with("ALREADY_EXISTS: "), "{again}");

    let update = |stops: &str| {
        let request = format!(
            "{{\"order\":{{\"id\":\"{id}\",\"stops\":{stops}}},\"update_mask\":\"stops\"}}"
        );
        shop.ok(UPDATE, &request)
    };
    update(r#"[{"number":1,"place":"Bari"},{"number":2,"place":"Pisa"}]"#);
    let found = shop.ok(
        "library.v1.OrderService/GetOrder",
        &format!("{{\"id\":\"{id}\",\"include\":\"stops.order\",\"read_mask\":\"stops.number,stops.place,stops.order.customer\"}}"),
    );
    assert_eq!(
        found,
        r#"{"stops":[{"number":1,"place":"Bari","order":{"customer":"Ada"}},{"number":2,"place":"Pisa","order":{"customer":"Ada"}}]}"#
    );
    let listed = shop.ok(
        "library.v1.StopService/ListStops",
        r#"{"filter":"order.customer = Ada AND number > 1","read_mask":"place"}"#,
    );
    assert!(
        listed.contains("Pisa") && !listed.contains("Bari"),
        "{listed}"
    );
    update("[]");
    let count = shop.ok("library.v1.StopService/CountStops", "{}");
    assert_eq!(count, "{}");
}
