//! Update, by mask and by PUT.

use protoloop_core::CallContext;
use protoloop_wire::{Writer, json};

use super::book;
use crate::{
    Record, RepositoryExt as _,
    testing::{Shop, member, now, tables},
};

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
