mod batch;
mod batch_write;
mod filter;
mod include;
mod owned;
mod related;
mod request_id;
mod update;

use crate::{
    StandardEngine,
    testing::{Shop, member, tables},
};

/// A book's id, made with these fields.
fn book(shop: &Shop, fields: &str) -> String {
    let answer = shop.ok(
        "BookService/CreateBook",
        &format!("{{\"book\":{{{fields}}}}}"),
    );
    member(&answer, "id").to_owned()
}

#[test]
fn a_create_fills_what_the_server_fills() {
    let shop = Shop::new();
    let answer = shop.ok(
        "BookService/CreateBook",
        r#"{"book":{"title":"Emma","sold":7,"password":"p","etag":"x","create_time":"2000-01-01T00:00:00Z",
            "cover":{"color":"red","views":3}}}"#,
    );
    assert_eq!(member(&answer, "id").len(), 36);
    assert_eq!(
        member(&answer, "create_time"),
        member(&answer, "update_time")
    );
    assert!(!member(&answer, "create_time").starts_with("2000"));
    assert!(member(&answer, "etag").starts_with("\\\""), "{answer}");
    for ignored in ["sold", "views", "password"] {
        assert!(!answer.contains(ignored), "{answer}");
    }
    let id = member(&answer, "id");
    assert_eq!(
        shop.ok("BookService/GetBook", &format!("{{\"id\":\"{id}\"}}")),
        answer
    );
}

/// Method, request and what it is refused with; `$ID` is the id of a book.
const WRONG_ARGUMENTS: &[(&str, &str, &str)] = &[
    ("CreateBook", "{}", "book: is required"),
    ("CreateBook", r#"{"book":{}}"#, "book.title: is required"),
    (
        "CreateBook",
        r#"{"book":{"title":"x","id":"y"}}"#,
        "book.id: is made by the server; leave it out",
    ),
    (
        "CreateBook",
        r#"{"book":{"title":"x","internal_note":"y"}}"#,
        "book.internal_note: cannot be written",
    ),
    (
        "CreateBook",
        r#"{"book":{"title":"x","cover":{}}}"#,
        "book.cover.color: is required",
    ),
    (
        "CreateBook",
        r#"{"book":{"title":"x","covers":[{"color":"a"},{"color":"b","secret":"s"}]}}"#,
        "book.covers[1].secret: cannot be written",
    ),
    ("GetBook", "{}", "id: is required"),
    (
        "GetBook",
        r#"{"id":"$ID","read_mask":"nope"}"#,
        "read_mask: path `nope`: shop.v1.Book has no field `nope`",
    ),
    (
        "GetBook",
        r#"{"id":"$ID","read_mask":"internalNote"}"#,
        "read_mask: path `internal_note`: shop.v1.Book has no such field",
    ),
    (
        "GetBook",
        r#"{"id":"$ID","include":"author"}"#,
        "include: column 1: `Book` has no relation `author`",
    ),
    ("UpdateBook", "{}", "book: is required"),
    (
        "UpdateBook",
        r#"{"book":{"title":"x"}}"#,
        "book.id: is required",
    ),
    (
        "UpdateBook",
        r#"{"book":{"id":"$ID"},"update_mask":"nope"}"#,
        "update_mask: path `nope`: shop.v1.Book has no field `nope`",
    ),
    (
        "UpdateBook",
        r#"{"book":{"id":"$ID"},"update_mask":"cover.secret"}"#,
        "update_mask: path `cover.secret`: shop.v1.Book has no such field",
    ),
    (
        "UpdateBook",
        r#"{"book":{"id":"$ID"},"update_mask":"covers.color"}"#,
        "update_mask: path `covers`: is a list, which is set as a whole",
    ),
    (
        "UpdateBook",
        r#"{"book":{"id":"$ID"},"update_mask":"title"}"#,
        "book.title: is required",
    ),
    (
        "UpdateBook",
        r#"{"book":{"id":"$ID","isbn":"2"}}"#,
        "book.isbn: is set once and cannot be changed",
    ),
    (
        "ListBooks",
        r#"{"page_size":-1}"#,
        "page_size: must not be negative",
    ),
    ("ListBooks", r#"{"skip":-1}"#, "skip: must not be negative"),
    (
        "ListBooks",
        r#"{"filter":"titel = x"}"#,
        "filter: column 1: `Book` has no field `titel`; did you mean `title`?",
    ),
    (
        "ListBooks",
        r#"{"order_by":"titel"}"#,
        "order_by: column 1: `Book` has no field `titel`; did you mean `title`?",
    ),
    (
        "CountBooks",
        r#"{"filter":"pages = x"}"#,
        "filter: column 9: `x` is no 32-bit integer",
    ),
    (
        "BatchCreateBooks",
        r#"{"requests":[{"book":{"title":"x"}},{"book":{}}]}"#,
        "requests[1].book.title: is required",
    ),
    (
        "BatchUpdateBooks",
        r#"{"requests":[{"book":{"id":"$ID","isbn":"9"}}]}"#,
        "requests[0].book.isbn: is set once and cannot be changed",
    ),
    (
        "BatchCreateBooks",
        r#"{"requests":[{"book":{"title":"x"},"validate_only":true}]}"#,
        "requests[0].validate_only: is set on the batch, not on its elements",
    ),
];

#[test]
fn wrong_arguments_name_their_field() {
    let shop = Shop::new();
    let id = book(&shop, r#""title":"Emma","code":"c","isbn":"1""#);
    let with_id = |text: &str| text.replace("$ID", &id);
    for (method, request, expected) in WRONG_ARGUMENTS {
        let found = shop.err(&format!("BookService/{method}"), &with_id(request));
        assert_eq!(
            found,
            format!("INVALID_ARGUMENT: {expected}"),
            "{method} {request}"
        );
    }
    assert_eq!(shop.ok("BookService/CountBooks", "{}"), r#"{"count":"1"}"#);
}

#[test]
fn missing_rows_are_not_found() {
    let shop = Shop::new();
    let missing = "NOT_FOUND: book `x` was not found";
    let table = [
        ("GetBook", r#"{"id":"x"}"#, missing),
        ("DeleteBook", r#"{"id":"x"}"#, missing),
        ("UpdateBook", r#"{"book":{"id":"x","title":"t"}}"#, missing),
        (
            "BatchGetBooks",
            r#"{"ids":["x"]}"#,
            "NOT_FOUND: ids[0]: book `x` was not found",
        ),
    ];
    for (method, request, expected) in table {
        assert_eq!(
            shop.err(&format!("BookService/{method}"), request),
            expected
        );
    }
    shop.ok(
        "BookService/DeleteBook",
        r#"{"id":"x","allow_missing":true}"#,
    );
}

#[test]
fn pages_follow_each_other() {
    let shop = Shop::new();
    for title in ["a", "b", "b", "c", "d", "d", "e"] {
        book(&shop, &format!(r#""title":"{title}""#));
    }
    let titles = |answer: &str| -> String {
        answer
            .match_indices(r#""title":""#)
            .map(|(at, key)| &answer[at + key.len()..][..1])
            .collect()
    };
    let list = |rest: &str| {
        let request = format!(r#"{{"order_by":"title desc","filter":"title != c"{rest}}}"#);
        shop.ok("BookService/ListBooks", &request)
    };
    let first = list("");
    assert_eq!(titles(&first), "edd");
    let token = member(&first, "next_page_token");
    let second = list(&format!(
        r#","page_token":"{token}","page_size":2,"read_mask":"title""#
    ));
    assert_eq!(titles(&second), "bb");
    let last = list(&format!(
        r#","page_token":"{}""#,
        member(&second, "next_page_token")
    ));
    assert_eq!(titles(&last), "a");
    assert!(!last.contains("next_page_token"));
    assert_eq!(titles(&list(r#","page_size":100"#)), "eddbb");
    assert_eq!(titles(&list(r#","skip":4"#)), "ba");
    let error = shop.err(
        "BookService/ListBooks",
        &format!(r#"{{"page_token":"{token}"}}"#),
    );
    assert!(
        error.starts_with("INVALID_ARGUMENT: page_token: is not valid"),
        "{error}"
    );
    assert_eq!(
        shop.ok("BookService/CountBooks", r#"{"filter":"title = d"}"#),
        r#"{"count":"2"}"#
    );
}

#[test]
fn validation_alone_changes_nothing() {
    let shop = Shop::new();
    let id = book(&shop, r#""title":"a","code":"a""#);
    let tried = shop.ok(
        "BookService/CreateBook",
        r#"{"book":{"title":"b"},"validate_only":true}"#,
    );
    assert!(
        tried.contains(r#""title":"b""#) && !tried.contains(r#""id""#),
        "{tried}"
    );
    let error = shop.err(
        "BookService/CreateBook",
        r#"{"book":{"title":"b","code":"a"},"validate_only":true}"#,
    );
    assert_eq!(error, "ALREADY_EXISTS: another book has the same code");
    let request = format!(r#"{{"book":{{"id":"{id}","title":"c"}},"validate_only":true}}"#);
    assert!(
        shop.ok("BookService/UpdateBook", &request)
            .contains(r#""title":"c""#)
    );
    assert_eq!(
        shop.ok(
            "TicketService/CreateTicket",
            r#"{"ticket":{"title":"t"},"validate_only":true}"#
        ),
        r#"{"title":"t"}"#
    );
    assert!(
        shop.ok("BookService/GetBook", &format!(r#"{{"id":"{id}"}}"#))
            .contains(r#""title":"a""#)
    );
    assert_eq!(shop.ok("BookService/CountBooks", "{}"), r#"{"count":"1"}"#);
}

#[test]
fn ids_come_from_where_the_model_says() {
    let shop = Shop::new();
    let first = shop.ok("TicketService/CreateTicket", r#"{"ticket":{"title":"a"}}"#);
    assert_eq!(first, r#"{"id":"1","title":"a"}"#);
    assert_eq!(shop.ok("TicketService/GetTicket", r#"{"id":"1"}"#), first);
    assert_eq!(
        shop.err("TicketService/CreateTicket", r#"{"ticket":{"id":"9"}}"#),
        "INVALID_ARGUMENT: ticket.id: is made by the server; leave it out"
    );
    let create = |request: &str| {
        shop.call("TagService/CreateTag", request)
            .map_err(|error| error.to_string())
    };
    let taken = "ALREADY_EXISTS: another tag has the same id";
    let table = [
        (
            r#"{"tag":{"label":"x"},"tag_id":"a"}"#,
            Ok(r#"{"id":"a","label":"x"}"#),
        ),
        (r#"{"tag":{"id":"b"}}"#, Ok(r#"{"id":"b"}"#)),
        (r#"{"tag":{"id":"c"},"tag_id":"c"}"#, Ok(r#"{"id":"c"}"#)),
        (
            r#"{"tag":{"id":"c"},"tag_id":"d"}"#,
            Err("INVALID_ARGUMENT: tag.id: differs from tag_id"),
        ),
        (
            r#"{"tag":{}}"#,
            Err("INVALID_ARGUMENT: tag_id: is required"),
        ),
        (
            r#"{"tag":{},"tag_id":""}"#,
            Err("INVALID_ARGUMENT: tag_id: is required"),
        ),
        (r#"{"tag":{},"tag_id":"a"}"#, Err(taken)),
    ];
    for (request, expected) in table {
        let found = create(request);
        assert_eq!(
            found.as_deref().map_err(String::as_str),
            expected,
            "{request}"
        );
    }
}

#[test]
fn a_model_without_a_repository_is_named() {
    let error = StandardEngine::new(tables())
        .handlers()
        .err()
        .expect("nothing is served");
    assert_eq!(
        error.message(),
        "no repository serves library.v1.Address, library.v1.Author, library.v1.Book, library.v1.Category, \
         library.v1.Line, library.v1.Note, library.v1.Order, library.v1.Profile, library.v1.Stop, library.v1.Tag, shop.v1.Book, shop.v1.Tag, \
         shop.v1.Ticket"
    );
}
