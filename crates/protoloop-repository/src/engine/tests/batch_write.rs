use protoloop_core::{Call, CallContext};
use protoloop_wire::json;

use super::book;
use crate::{
    Connector as _, MemoryConnector, Model, StandardEngine,
    testing::{Shop, compile, member, now},
};

const METHOD: &str = "protoloop.v1.BatchService/BatchWrite";

/// A write in ProtoJSON: `create`, `CreateBookRequest`, and the request's members.
fn write(arm: &str, request: &str, members: &str) -> String {
    let url = format!("type.googleapis.com/shop.v1.{request}");
    format!(r#"{{"{arm}":{{"@type":"{url}",{members}}}}}"#)
}

fn batch(writes: &[String]) -> String {
    format!(r#"{{"writes":[{}]}}"#, writes.join(","))
}

fn count(shop: &Shop, model: &str) -> String {
    shop.ok(&format!("{model}Service/Count{model}s"), "{}")
}

#[test]
fn several_models_are_written_at_once() {
    let shop = Shop::new();
    let old = book(&shop, r#""title":"old""#);
    let gone = book(&shop, r#""title":"gone""#);
    let writes = [
        write(
            "create",
            "CreateTagRequest",
            r#""tag":{"id":"t","label":"1"}"#,
        ),
        write(
            "create",
            "CreateTicketRequest",
            r#""ticket":{"title":"one"}"#,
        ),
        write(
            "update",
            "UpdateTagRequest",
            r#""tag":{"id":"t","label":"2"}"#,
        ),
        write(
            "update",
            "UpdateBookRequest",
            &format!(r#""book":{{"id":"{old}","title":"new","pages":7}},"update_mask":"title""#),
        ),
        write("delete", "DeleteBookRequest", &format!(r#""id":"{gone}""#)),
    ];
    let answer = shop.ok(METHOD, &batch(&writes));
    let types: Vec<&str> = answer
        .match_indices("type.googleapis.com/")
        .map(|(at, prefix)| {
            let rest = &answer[at + prefix.len()..];
            &rest[..rest.find('"').expect("a closed string")]
        })
        .collect();
    let due = [
        "shop.v1.Tag",
        "shop.v1.Ticket",
        "shop.v1.Tag",
        "shop.v1.Book",
        "google.protobuf.Empty",
    ];
    assert_eq!(types, due, "{answer}");
    assert!(answer.contains(r#""label":"2""#), "{answer}");
    let book = shop.ok("BookService/GetBook", &format!(r#"{{"id":"{old}"}}"#));
    assert_eq!(member(&book, "title"), "new");
    assert!(!book.contains("pages"), "{book}");
    assert_eq!(count(&shop, "Book"), r#"{"count":"1"}"#);
    assert_eq!(count(&shop, "Ticket"), r#"{"count":"1"}"#);
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
fn one_that_fails_takes_all_back_and_is_named() {
    let shop = Shop::new();
    let old = book(&shop, r#""title":"old","code":"c""#);
    let first = write("create", "CreateTagRequest", r#""tag":{"id":"t"}"#);
    let cases = [
        (
            write("create", "CreateBookRequest", r#""book":{"pages":1}"#),
            "INVALID_ARGUMENT: writes[1].create.book.title: is required",
        ),
        (
            write(
                "create",
                "CreateBookRequest",
                r#""book":{"title":"x","code":"c"}"#,
            ),
            "ALREADY_EXISTS: writes[1].create: another book has the same code",
        ),
        (
            write("create", "CreateTagRequest", r#""tag":{"id":"t"}"#),
            "ALREADY_EXISTS: writes[1].create: another tag has the same id",
        ),
        (
            write(
                "update",
                "UpdateBookRequest",
                r#""book":{"id":"none","title":"x"}"#,
            ),
            "NOT_FOUND: writes[1].update: book `none` was not found",
        ),
        (
            write(
                "update",
                "UpdateBookRequest",
                &format!(r#""book":{{"id":"{old}","title":"x","etag":"stale"}}"#),
            ),
            &format!(
                "ABORTED: writes[1].update: book `{old}` was changed since its etag was read; read it again"
            ),
        ),
        (
            write(
                "update",
                "UpdateBookRequest",
                &format!(r#""book":{{"id":"{old}","title":"x"}},"update_mask":"nope""#),
            ),
            "INVALID_ARGUMENT: writes[1].update.update_mask: path `nope`: shop.v1.Book has no field `nope`",
        ),
        (
            write(
                "delete",
                "DeleteBookRequest",
                &format!(r#""id":"{old}","etag":"stale""#),
            ),
            &format!(
                "ABORTED: writes[1].delete: book `{old}` was changed since its etag was read; read it again"
            ),
        ),
        (
            write(
                "create",
                "CreateBookRequest",
                r#""book":{"title":"x"},"request_id":"r""#,
            ),
            "INVALID_ARGUMENT: writes[1].create.request_id: is set on the batch, not on its writes",
        ),
        (
            write("update", "CreateTagRequest", r#""tag":{"id":"u"}"#),
            "INVALID_ARGUMENT: writes[1].update: `shop.v1.CreateTagRequest` is no request of a standard Update method",
        ),
        (
            write("create", "Tag", r#""id":"u""#),
            "INVALID_ARGUMENT: writes[1].create: `shop.v1.Tag` is no request of a standard Create method",
        ),
        (
            "{}".to_owned(),
            "INVALID_ARGUMENT: writes[1]: says nothing; set `create`, `update`, `delete` or `undelete`",
        ),
    ];
    for (second, due) in &cases {
        let found = shop.err(METHOD, &batch(&[first.clone(), second.clone()]));
        let found = found.split("; it has").next().unwrap_or_default();
        assert!(
            found.starts_with(due.split(" has no field").next().unwrap_or_default()),
            "{found}\n{due}"
        );
        assert_eq!(count(&shop, "Tag"), "{}", "{second}");
        assert_eq!(count(&shop, "Book"), r#"{"count":"1"}"#, "{second}");
    }
    let none = shop.err(METHOD, r#"{"writes":[]}"#);
    assert_eq!(none, "INVALID_ARGUMENT: writes: is required");
    let many = vec![write("delete", "DeleteTagRequest", r#""id":"t""#); 1_001];
    let many = shop.err(METHOD, &batch(&many));
    assert_eq!(many, "INVALID_ARGUMENT: writes: has more than 1000 writes");
}

#[test]
fn a_batch_is_tried_and_repeated() {
    let shop = Shop::new();
    let create = write(
        "create",
        "CreateBookRequest",
        r#""book":{"title":"x","code":"c"}"#,
    );
    let request = |more: &str| format!(r#"{{"writes":[{create}],{more}}}"#);
    let tried = shop.ok(METHOD, &request(r#""validate_only":true"#));
    assert!(tried.contains(r#""title":"x""#), "{tried}");
    assert_eq!(count(&shop, "Book"), "{}");
    let first = shop.ok(METHOD, &request(r#""request_id":"r""#));
    let again = shop.ok(METHOD, &request(r#""request_id":"r""#));
    assert_eq!(first, again);
    assert_eq!(count(&shop, "Book"), r#"{"count":"1"}"#);
    let other = format!(r#"{{"writes":[{create},{create}],"request_id":"r"}}"#);
    let other = shop.err(METHOD, &other);
    assert!(
        other.starts_with("INVALID_ARGUMENT: request_id: was used"),
        "{other}"
    );
}

const TWO: &[(&str, &str)] = &[(
    "two.proto",
    r#"syntax = "proto3";
package two.v1;
import "protoloop/v1/annotations.proto";
message Here {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
}
message There {
  option (protoloop.v1.model) = { expose: CRUD datasource: "archive" };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
}
"#,
)];

#[test]
fn a_batch_stays_in_one_datasource() {
    let tables = compile(TWO);
    let models = Model::all(&tables).expect("models");
    let mut engine = StandardEngine::new(&tables);
    for model in &models {
        let connector = MemoryConnector::new();
        now(connector.prepare(std::slice::from_ref(model))).expect("prepared");
        engine = engine.repository(connector.repository(model).expect("prepared"));
    }
    let handlers = engine.handlers().expect("all served");
    let method = tables.schema().method_by_path(&format!("/{METHOD}"));
    let method = method.expect("a method");
    let create = |name: &str| {
        let url = format!("type.googleapis.com/two.v1.Create{name}Request");
        let member = name.to_lowercase();
        format!(r#"{{"create":{{"@type":"{url}","{member}":{{"id":"a"}}}}}}"#)
    };
    let request = batch(&[create("Here"), create("There")]);
    let options = json::DecodeOptions::default();
    let bytes = json::decode(&tables, method.input, request.as_bytes(), &options).expect("JSON");
    let call = Call::unary(method.info.clone(), CallContext::new(), bytes.into());
    let handler = handlers[method.info.index].as_ref().expect("served");
    let error = now(handler.call(call)).expect_err("refused").to_string();
    assert_eq!(
        error,
        "INVALID_ARGUMENT: writes[1].create: two.v1.There is stored in the datasource `archive` and two.v1.Here in \
         `default`; a batch writes to one datasource"
    );
}
