mod batch_write;
mod filter;
mod include;
mod owned;
mod related;

use protoloop_core::CallContext;
use protoloop_wire::{Writer, json};

use crate::{
    Record, RepositoryExt as _, StandardEngine,
    testing::{Shop, member, now, tables},
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
fn an_update_sets_what_is_masked() {
    let shop = Shop::new();
    let id = book(
        &shop,
        r#""title":"Emma","pages":5,"tags":["a"],"isbn":"1","cover":{"color":"red","artist":"x"}"#,
    );
    let update = |book: &str, mask: &str| {
        let mask = if mask.is_empty() {
            String::new()
        } else {
            format!(r#","update_mask":"{mask}""#)
        };
        let request = format!(r#"{{"book":{{"id":"{id}"{book}}}{mask}}}"#);
        shop.ok("BookService/UpdateBook", &request);
        let read = r#""read_mask":"title,pages,tags,isbn,cover""#;
        shop.ok("BookService/GetBook", &format!(r#"{{"id":"{id}",{read}}}"#))
    };
    let table = [
        // Without a mask what is sent; messages in parts.
        (
            r#","pages":6,"cover":{"artist":"y"}"#,
            "",
            r#"{"title":"Emma","isbn":"1","cover":{"color":"red","artist":"y"},"tags":["a"],"pages":6}"#,
        ),
        // With a mask what it names, absent or not; server-filled fields and the key are passed over.
        (
            r#","title":"Em","pages":9"#,
            "title,tags,id,etag,createTime,sold",
            r#"{"title":"Em","isbn":"1","cover":{"color":"red","artist":"y"},"pages":6}"#,
        ),
        (
            r#","cover":{"color":"blue"}"#,
            "cover",
            r#"{"title":"Em","isbn":"1","cover":{"color":"blue"},"pages":6}"#,
        ),
        (
            r#","cover":{"artist":"z"}"#,
            "cover.artist",
            r#"{"title":"Em","isbn":"1","cover":{"color":"blue","artist":"z"},"pages":6}"#,
        ),
        // `*` replaces; an IMMUTABLE field that is not sent stays.
        (r#","title":"All""#, "*", r#"{"title":"All","isbn":"1"}"#),
        // JSON names are taken too.
        (
            r#","cover":{"color":"c"}"#,
            "cover",
            r#"{"title":"All","isbn":"1","cover":{"color":"c"}}"#,
        ),
    ];
    for (fields, mask, expected) in table {
        assert_eq!(update(fields, mask), expected, "{fields} {mask}");
    }
}

#[test]
fn a_replacement_keeps_what_the_server_fills() {
    let shop = Shop::new();
    let id = book(&shop, r#""title":"Emma","password":"p""#);
    let request = format!(r#"{{"book":{{"id":"{id}","title":"x"}},"update_mask":"*"}}"#);
    let before = shop.ok("BookService/GetBook", &format!(r#"{{"id":"{id}"}}"#));
    let after = shop.ok("BookService/UpdateBook", &request);
    assert_eq!(
        member(&before, "create_time"),
        member(&after, "create_time")
    );
    assert_ne!(member(&before, "etag"), member(&after, "etag"));
}

#[test]
fn etags_guard_changes() {
    let shop = Shop::new();
    let id = book(&shop, r#""title":"Emma""#);
    let get = || shop.ok("BookService/GetBook", &format!(r#"{{"id":"{id}"}}"#));
    let before = get();
    let update = |etag: &str, title: &str| {
        format!(
            r#"{{"book":{{"id":"{id}","title":"{title}","etag":"{etag}"}},"update_mask":"title"}}"#
        )
    };
    let first = member(&before, "etag").to_owned();
    shop.ok("BookService/UpdateBook", &update(&first, "1"));
    let error = shop.err("BookService/UpdateBook", &update(&first, "2"));
    let changed =
        format!("ABORTED: book `{id}` was changed since its etag was read; read it again");
    assert_eq!(error, changed);
    let unquoted = member(&get(), "etag").replace("\\\"", "");
    shop.ok("BookService/UpdateBook", &update(&unquoted, "3"));
    let delete = |etag: &str| format!(r#"{{"id":"{id}","etag":"{etag}"}}"#);
    assert_eq!(shop.err("BookService/DeleteBook", &delete(&first)), changed);
    assert_eq!(
        shop.ok("BookService/DeleteBook", &delete(member(&get(), "etag"))),
        "{}"
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
fn an_update_reaches_the_keys_of_maps() {
    let shop = Shop::new();
    let fields =
        r#""title":"t","covers_by_name":{"a.b":{"color":"red","artist":"x"},"c":{"color":"blue"}}"#;
    let id = book(&shop, fields);
    let request = |mask: &str| {
        let covers = r#"{"a.b":{"color":"green"},"d":{"color":"black"},"e":{"color":"?"}}"#;
        format!(r#"{{"book":{{"id":"{id}","covers_by_name":{covers}}},"update_mask":"{mask}"}}"#)
    };
    let mask = "coversByName.`a.b`.color,coversByName.c,coversByName.d";
    shop.ok("BookService/UpdateBook", &request(mask));
    for (mask, due) in [
        (
            "covers_by_name",
            r#"{"covers_by_name":{"a.b":{"color":"green","artist":"x"},"d":{"color":"black"}}}"#,
        ),
        (
            "covers_by_name.`a.b`.artist,covers_by_name.c",
            r#"{"covers_by_name":{"a.b":{"artist":"x"}}}"#,
        ),
    ] {
        let mask = mask.replace("covers_by_name", "coversByName");
        let get = format!(r#"{{"id":"{id}","read_mask":"{mask}"}}"#);
        assert_eq!(shop.ok("BookService/GetBook", &get), due);
    }
    assert_eq!(
        shop.err("BookService/UpdateBook", &request("coversByName.d.secret")),
        "INVALID_ARGUMENT: update_mask: path `covers_by_name.value.secret`: shop.v1.Book has no such field"
    );
}

#[test]
fn an_update_may_make_the_row() {
    let shop = Shop::new();
    let request = r#"{"tag":{"id":"n","label":"x"},"allow_missing":true,"update_mask":"label"}"#;
    assert_eq!(
        shop.ok("TagService/UpdateTag", request),
        r#"{"id":"n","label":"x"}"#
    );
    assert_eq!(
        shop.ok("TagService/GetTag", r#"{"id":"n"}"#),
        r#"{"id":"n","label":"x"}"#
    );
    let request = r#"{"book":{"id":"n"},"allow_missing":true}"#;
    assert_eq!(
        shop.err("BookService/UpdateBook", request),
        "INVALID_ARGUMENT: book.title: is required"
    );
    let request = r#"{"book":{"id":"n","title":"t"},"allow_missing":true}"#;
    assert!(
        shop.ok("BookService/UpdateBook", request)
            .contains("create_time")
    );
}

#[test]
fn an_update_may_ask_that_there_be_no_row_yet() {
    let shop = Shop::new();
    let update = || {
        let request = r#"{"tag":{"id":"n","label":"x"},"allow_missing":true}"#;
        let metadata = [(http::header::IF_NONE_MATCH, "*".parse().unwrap())];
        let metadata = metadata.into_iter().collect();
        let context = CallContext::of_request(
            protoloop_core::Protocol::Rest,
            protoloop_core::Origin::default(),
            metadata,
        );
        shop.call_with(context, "TagService/UpdateTag", request)
    };
    assert_eq!(update().unwrap(), r#"{"id":"n","label":"x"}"#);
    let error = update().unwrap_err();
    assert_eq!(error.code(), protoloop_core::Code::AlreadyExists);
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
         library.v1.Line, library.v1.Note, library.v1.Order, library.v1.Profile, library.v1.Tag, shop.v1.Book, shop.v1.Tag, \
         shop.v1.Ticket"
    );
}

#[test]
fn a_repeated_request_is_answered_again() {
    let shop = Shop::new();
    let request = r#"{"book":{"title":"a"},"request_id":"r"}"#;
    let first = shop.ok("BookService/CreateBook", request);
    assert_eq!(shop.ok("BookService/CreateBook", request), first);
    assert_eq!(shop.ok("BookService/CountBooks", "{}"), r#"{"count":"1"}"#);
    assert_eq!(
        shop.err(
            "BookService/CreateBook",
            r#"{"book":{"title":"b"},"request_id":"r"}"#
        ),
        "INVALID_ARGUMENT: request_id: was used for another request; make a new one for each"
    );
    let failing = r#"{"book":{},"request_id":"s"}"#;
    for _ in 0..2 {
        let error = shop.err("BookService/CreateBook", failing);
        assert_eq!(error, "INVALID_ARGUMENT: book.title: is required");
    }
}

#[test]
fn callers_do_not_get_the_answers_of_others() {
    let shop = Shop::new();
    let request = r#"{"book":{"title":"a"},"request_id":"r"}"#;
    let other = r#"{"book":{"title":"b"},"request_id":"r"}"#;
    let mut answers = Vec::new();
    let callers: [&[(&'static str, &str)]; 6] = [
        &[],
        &[("authorization", "Bearer a")],
        &[("authorization", "Bearer b")],
        &[("cookie", "Bearer a")],
        &[("authorization", "Bearer a"), ("cookie", "s=1")],
        &[("cookie", "s=1"), ("cookie", "t=1")],
    ];
    for caller in callers {
        let call = |request| {
            let mut context = CallContext::new();
            for (name, value) in caller {
                let value = value.parse().expect("a header value");
                context.metadata_mut().append(*name, value);
            }
            let answer = shop.call_with(context, "BookService/CreateBook", request);
            answer.map_err(|error| error.to_string())
        };
        let first = call(request).expect("an id that this caller did not use");
        assert_eq!(call(request).as_ref(), Ok(&first), "{caller:?}");
        call(other).expect_err("used for another request");
        assert!(!answers.contains(&first), "{caller:?}");
        answers.push(first);
    }
}

#[test]
fn what_callers_do_not_see_survives_their_updates() {
    let shop = Shop::new();
    let cx = CallContext::new();
    let stored = r#"{"id":"a","title":"t","internal_note":"n","sold":4,"password":"p",
        "cover":{"color":"red","artist":"x","secret":"s","views":3}}"#;
    let model = shop.books.model();
    let id = model.message().id;
    let options = json::DecodeOptions::default();
    let row = json::decode(tables(), id, stored.as_bytes(), &options).unwrap();
    let row = model.canonical(row.into()).unwrap();
    for (fields, mask) in [
        (r#""cover":{"color":"blue","views":9}"#, "*"),
        (r#""cover":{"color":"blue"}"#, "cover"),
        (
            r#""cover":{"color":"blue"}"#,
            "cover.color,cover.artist,cover.views",
        ),
    ] {
        now(shop.books.save(&cx, row.clone())).unwrap();
        let request =
            format!(r#"{{"book":{{"id":"a","title":"t",{fields}}},"update_mask":"{mask}"}}"#);
        let answer = shop.ok("BookService/UpdateBook", &request);
        let seen = r#""sold":4,"cover":{"color":"blue","views":3}"#;
        assert!(answer.contains(seen), "{mask}: {answer}");
        let found: Record = now(shop.books.find_by_id(&cx, &"a".into())).unwrap();
        let view = model.view(found.as_ref());
        assert_eq!(view.string(8), "n", "{mask}");
        let mut cover = Writer::new();
        cover.string(1, "blue");
        cover.string(3, "s");
        cover.int32(4, 3);
        let bytes = view.message(11).unwrap().bytes();
        assert_eq!(bytes, cover.finish(), "{mask}");
    }
}
