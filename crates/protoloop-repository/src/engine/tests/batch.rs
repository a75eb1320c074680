//! BatchGet, BatchCreate, BatchUpdate, BatchDelete.

use super::book;
use crate::testing::Shop;

#[test]
fn batches_are_atomic() {
    let shop = Shop::new();
    let a = book(&shop, r#""title":"a","code":"a""#);
    let count = || shop.ok("BookService/CountBooks", "{}");
    let error = shop.err(
        "BookService/BatchCreateBooks",
        r#"{"requests":[{"book":{"title":"x","code":"x"}},{"book":{"title":"y","code":"a"}}]}"#,
    );
    assert_eq!(
        error,
        "ALREADY_EXISTS: requests[1]: another book has the same code"
    );
    let error = shop.err(
        "BookService/BatchDeleteBooks",
        &format!(r#"{{"ids":["{a}","x"]}}"#),
    );
    assert_eq!(error, "NOT_FOUND: ids[1]: book `x` was not found");
    assert_eq!(count(), r#"{"count":"1"}"#);
    let made = shop.ok(
        "BookService/BatchCreateBooks",
        r#"{"requests":[{"book":{"title":"x"}},{"book":{"title":"y"}}]}"#,
    );
    assert!(
        made.contains(r#""title":"x""#) && made.contains(r#""title":"y""#),
        "{made}"
    );
    let changed = shop.ok(
        "BookService/BatchUpdateBooks",
        &format!(r#"{{"requests":[{{"book":{{"id":"{a}","pages":3}}}},{{"book":{{"id":"{a}","title":"z"}},"update_mask":"title"}}]}}"#),
    );
    assert!(changed.contains(r#""title":"z""#), "{changed}");
    let found = shop.ok(
        "BookService/BatchGetBooks",
        &format!(r#"{{"ids":["{a}"]}}"#),
    );
    assert!(
        found.contains(r#""title":"z""#) && found.contains(r#""pages":3"#),
        "{found}"
    );
    shop.ok(
        "BookService/BatchDeleteBooks",
        &format!(r#"{{"ids":["{a}"]}}"#),
    );
    assert_eq!(count(), r#"{"count":"2"}"#);
    assert_eq!(shop.ok("BookService/BatchCreateBooks", "{}"), "{}");
}

#[test]
fn a_batch_is_bounded() {
    let shop = Shop::new();
    let request = format!("{{\"requests\":[{}]}}", vec!["{}"; 1001].join(","));
    let error = shop.err("TagService/BatchUpdateTags", &request);
    assert_eq!(error, "INVALID_ARGUMENT: requests[0].tag: is required");
    let ids = vec!["\"a\""; 1001].join(",");
    let error = shop.err("TagService/BatchGetTags", &format!("{{\"ids\":[{ids}]}}"));
    assert_eq!(error, "INVALID_ARGUMENT: ids: has more than 1000 ids");
}
