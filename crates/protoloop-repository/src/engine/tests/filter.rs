//! Filter objects in requests.

use crate::testing::Shop;

fn shop() -> Shop {
    let shop = Shop::new();
    for number in 1..=5 {
        let book = format!(
            r#"{{"book":{{"title":"t{number}","pages":{}}}}}"#,
            number % 3
        );
        shop.ok("BookService/CreateBook", &book);
    }
    shop
}

/// The titles of an answer, and whether another page follows.
fn titles(answer: &str) -> String {
    let titles = answer.split(r#""title":""#).skip(1);
    let titles: Vec<&str> = titles.filter_map(|rest| rest.split('"').next()).collect();
    let more = if answer.contains("next_page_token") {
        " …"
    } else {
        ""
    };
    format!("{}{more}", titles.join(" "))
}

#[test]
fn a_filter_object_says_all_that_a_list_takes() {
    let shop = shop();
    let table = [
        (r#"{"filter":"{\"where\":{\"pages\":1}}"}"#, "t1 t4"),
        (
            r#"{"filter":"{\"order\":\"title DESC\",\"limit\":2}"}"#,
            "t5 t4 …",
        ),
        (
            r#"{"filter":"{\"order\":[\"pages DESC\",\"title\"],\"skip\":1}"}"#,
            "t5 t1 t4 …",
        ),
        (r#"{"filter":"{\"offset\":3,\"limit\":5}"}"#, "t4 t5"),
        // In both places, if they agree.
        (
            r#"{"filter":"{\"order\":\"title DESC\"}","order_by":"title desc","page_size":1}"#,
            "t5 …",
        ),
        (
            r#"{"filter":"{\"limit\":1,\"skip\":2}","page_size":1,"skip":2}"#,
            "t3 …",
        ),
    ];
    for (request, due) in table {
        assert_eq!(
            titles(&shop.ok("BookService/ListBooks", request)),
            due,
            "{request}"
        );
    }
    let fields = shop.ok(
        "BookService/ListBooks",
        r#"{"filter":"{\"fields\":[\"title\"],\"limit\":1}"}"#,
    );
    assert!(
        fields.starts_with(r#"{"books":[{"title":"t1"}]"#),
        "{fields}"
    );
    let fields = r#"{"filter":"{\"fields\":{\"title\":false,\"id\":false,\"etag\":false,\"createTime\":false,\"updateTime\":false},\"limit\":1}"}"#;
    let fields = shop.ok("BookService/ListBooks", fields);
    assert!(fields.starts_with(r#"{"books":[{"pages":1}]"#), "{fields}");
    assert_eq!(
        shop.ok(
            "BookService/CountBooks",
            r#"{"filter":"{\"where\":{\"pages\":{\"gt\":0}}}"}"#
        ),
        r#"{"count":"4"}"#
    );
}

#[test]
fn the_skip_of_a_filter_object_counts_once() {
    let shop = shop();
    let filter = r#""filter":"{\"skip\":1,\"limit\":2,\"order\":\"title\"}""#;
    let first = shop.ok("BookService/ListBooks", &format!("{{{filter}}}"));
    assert_eq!(titles(&first), "t2 t3 …");
    let token = crate::testing::member(&first, "next_page_token");
    let second = format!(r#"{{{filter},"page_token":"{token}"}}"#);
    assert_eq!(titles(&shop.ok("BookService/ListBooks", &second)), "t4 t5");
}

#[test]
fn what_is_said_twice_must_agree() {
    let shop = shop();
    let table = [
        (
            r#"{"filter":"{\"limit\":2}","page_size":3}"#,
            "page_size: says something else than `limit` of the filter; say it once",
        ),
        (
            r#"{"filter":"{\"order\":\"title\"}","order_by":"pages"}"#,
            "order_by: says something else than `order` of the filter; say it once",
        ),
        (
            r#"{"filter":"{\"skip\":2}","skip":3}"#,
            "skip: says something else than `skip` of the filter; say it once",
        ),
        (
            r#"{"filter":"{\"fields\":[\"title\"]}","read_mask":"pages"}"#,
            "read_mask: says something else than `fields` of the filter; say it once",
        ),
        (
            r#"{"filter":"{\"limit\":0}"}"#,
            "filter: column 10: `limit`: a limit is at least 1",
        ),
        (
            r#"{"filter":"{\"fields\":[\"internal_note\"]}"}"#,
            "filter: column 11: `fields`: `Book` has no field `internal_note`",
        ),
        (
            r#"{"filter":"{\"where\":{\"internal_note\":\"x\"}}"}"#,
            "filter: column 11: `where.internal_note`: `Book` has no field `internal_note`",
        ),
    ];
    for (request, due) in table {
        let found = shop.err("BookService/ListBooks", request);
        assert_eq!(found, format!("INVALID_ARGUMENT: {due}"), "{request}");
    }
    let count = shop.err("BookService/CountBooks", r#"{"filter":"{\"limit\":2}"}"#);
    assert_eq!(
        count,
        "INVALID_ARGUMENT: filter: column 1: only `where` has a meaning here"
    );
}

#[test]
fn a_get_takes_what_is_shown() {
    let shop = shop();
    let list = shop.ok("BookService/ListBooks", r#"{"page_size":1}"#);
    let id = crate::testing::member(&list, "id");
    let get = |filter: &str| format!(r#"{{"id":"{id}","filter":"{filter}"}}"#);
    let found = shop.ok(
        "BookService/GetBook",
        &get(r#"{\"fields\":{\"title\":true}}"#),
    );
    assert_eq!(found, r#"{"title":"t1"}"#);
    let wrong = shop.err("BookService/GetBook", &get(r#"{\"where\":{\"pages\":1}}"#));
    let due = "INVALID_ARGUMENT: filter: of one row only `fields` and `include` can be asked";
    assert_eq!(wrong, due);
}
