//! Methods on the rows of relations.

use super::include::library;
use crate::testing::{Shop, member};

fn ok(shop: &Shop, method: &str, request: &str) -> String {
    shop.ok(&format!("library.v1.{method}"), request)
}

fn err(shop: &Shop, method: &str, request: &str) -> String {
    shop.err(&format!("library.v1.{method}"), request)
}

#[test]
fn the_rows_of_one_are_listed() {
    let shop = library();
    let list = |request: &str| ok(&shop, "AuthorService/ListBooksOfAuthor", request);
    assert_eq!(
        list(r#"{"author":"a","read_mask":"id","order_by":"pages desc"}"#),
        r#"{"books":[{"id":"2"},{"id":"3"},{"id":"1"}]}"#
    );
    assert_eq!(
        list(r#"{"author":"a","filter":"pages > 10","read_mask":"id","include":"author"}"#),
        r#"{"books":[{"id":"2","author":{"id":"a","name":"Ada"}},{"id":"3","author":{"id":"a","name":"Ada"}}]}"#
    );
    assert_eq!(list(r#"{"author":"c"}"#), "{}");
    for (request, told) in [
        (
            r#"{"author":"nobody"}"#,
            "NOT_FOUND: author `nobody` was not found",
        ),
        ("{}", "INVALID_ARGUMENT: author: is required"),
        (
            r#"{"author":"a","filter":"nothing = 1"}"#,
            "INVALID_ARGUMENT: filter",
        ),
    ] {
        let error = err(&shop, "AuthorService/ListBooksOfAuthor", request);
        assert!(error.starts_with(told), "{error}");
    }
}

#[test]
fn a_page_token_is_one_of_its_row() {
    let shop = library();
    let method = "AuthorService/ListBooksOfAuthor";
    let first = ok(
        &shop,
        method,
        r#"{"author":"a","page_size":1,"read_mask":"id"}"#,
    );
    let token = member(&first, "next_page_token");
    let next = |author: &str| {
        format!(
            "{{\"author\":\"{author}\",\"page_size\":5,\"page_token\":\"{token}\",\"read_mask\":\"id\"}}"
        )
    };
    assert_eq!(
        ok(&shop, method, &next("a")),
        r#"{"books":[{"id":"2"},{"id":"3"}]}"#
    );
    let error = err(&shop, method, &next("b"));
    assert!(error.starts_with("INVALID_ARGUMENT: page_token"), "{error}");
}

#[test]
fn a_new_row_belongs_to_its_parent() {
    let shop = library();
    let method = "AuthorService/CreateBookOfAuthor";
    assert_eq!(
        ok(
            &shop,
            method,
            r#"{"author":"c","book":{"title":"Six"},"book_id":"6"}"#
        ),
        r#"{"id":"6","title":"Six","author_id":"c"}"#
    );
    assert_eq!(
        ok(
            &shop,
            method,
            r#"{"author":"c","book":{"id":"7","author_id":"c"}}"#
        ),
        r#"{"id":"7","author_id":"c"}"#
    );
    for (request, told) in [
        (
            r#"{"author":"c","book":{"id":"8","author_id":"a"}}"#,
            "INVALID_ARGUMENT: book.author_id: differs from author",
        ),
        (
            r#"{"author":"nobody","book":{"id":"8"}}"#,
            "NOT_FOUND: author `nobody` was not found",
        ),
        (r#"{"author":"c"}"#, "INVALID_ARGUMENT: book: is required"),
        (
            r#"{"author":"c","book":{"id":"7"}}"#,
            "ALREADY_EXISTS: another book has the same id",
        ),
    ] {
        let error = err(&shop, method, request);
        assert_eq!(error, told, "{request}");
    }
    // Not even tried.
    let tried = ok(
        &shop,
        method,
        r#"{"author":"c","book":{"id":"9"},"validate_only":true}"#,
    );
    assert_eq!(tried, r#"{"id":"9","author_id":"c"}"#);
    assert!(err(&shop, "BookService/GetBook", r#"{"id":"9"}"#).starts_with("NOT_FOUND"));
}

#[test]
fn a_polymorphic_row_learns_what_it_is_of() {
    let shop = library();
    let method = "BookService/CreateNoteOfBook";
    assert_eq!(
        ok(
            &shop,
            method,
            r#"{"book":"1","note":{"id":"n4","text":"new"}}"#
        ),
        r#"{"id":"n4","subject_type":"Book","subject_id":"1","text":"new"}"#
    );
    assert_eq!(
        err(
            &shop,
            method,
            r#"{"book":"1","note":{"id":"n5","subject_type":"Author"}}"#
        ),
        "INVALID_ARGUMENT: note.subject_type: is not `Book`, as book has it"
    );
    assert_eq!(
        ok(
            &shop,
            "BookService/ListNotesOfBook",
            r#"{"book":"1","read_mask":"id"}"#
        ),
        r#"{"notes":[{"id":"n1"},{"id":"n4"}]}"#
    );
}

#[test]
fn a_row_has_one_of_those_it_has_once() {
    let shop = library();
    let create = "AuthorService/CreateProfileOfAuthor";
    assert_eq!(
        ok(
            &shop,
            "AuthorService/GetProfileOfAuthor",
            r#"{"author":"a"}"#
        ),
        r#"{"id":"1","author_id":"a","text":"of Ada"}"#
    );
    assert_eq!(
        err(
            &shop,
            "AuthorService/GetProfileOfAuthor",
            r#"{"author":"b"}"#
        ),
        "NOT_FOUND: author `b` has no profile"
    );
    ok(
        &shop,
        create,
        r#"{"author":"b","profile":{"text":"of Bob"}}"#,
    );
    assert_eq!(
        err(&shop, create, r#"{"author":"b","profile":{}}"#),
        "ALREADY_EXISTS: another profile has the same author_id"
    );
}

#[test]
fn rows_are_linked_and_unlinked() {
    let shop = library();
    for tag in ["x", "y", "z"] {
        ok(
            &shop,
            "TagService/CreateTag",
            &format!("{{\"tag\":{{\"id\":\"{tag}\"}}}}"),
        );
    }
    let link = "BookService/LinkTagsToBook";
    assert_eq!(
        ok(&shop, link, r#"{"book":"1","tag_ids":["x","y","x"]}"#),
        "{}"
    );
    ok(&shop, link, r#"{"book":"1","tag_ids":["y"]}"#);
    ok(&shop, link, r#"{"book":"2","tag_ids":["x"]}"#);
    ok(
        &shop,
        "BookService/CreateTagOfBook",
        r#"{"book":"2","tag":{"id":"w"}}"#,
    );
    let tags = |book: &str| {
        let request =
            format!("{{\"id\":\"{book}\",\"include\":\"tags\",\"read_mask\":\"tags.id\"}}");
        ok(&shop, "BookService/GetBook", &request)
    };
    assert_eq!(tags("1"), r#"{"tags":[{"id":"x"},{"id":"y"}]}"#);
    assert_eq!(tags("2"), r#"{"tags":[{"id":"w"},{"id":"x"}]}"#);
    ok(
        &shop,
        "BookService/UnlinkTagsFromBook",
        r#"{"book":"1","tag_ids":["x","z"]}"#,
    );
    assert_eq!(tags("1"), r#"{"tags":[{"id":"y"}]}"#);
    assert_eq!(tags("2"), r#"{"tags":[{"id":"w"},{"id":"x"}]}"#);
    for (request, told) in [
        (r#"{"book":"1"}"#, "INVALID_ARGUMENT: tag_ids: is required"),
        (
            r#"{"book":"0","tag_ids":["x"]}"#,
            "NOT_FOUND: book `0` was not found",
        ),
        (
            r#"{"book":"1","tag_ids":["x","nothing"]}"#,
            "NOT_FOUND: tag_ids: tag `nothing` was not found",
        ),
    ] {
        assert_eq!(err(&shop, link, request), told);
    }
    assert_eq!(tags("1"), r#"{"tags":[{"id":"y"}]}"#);
    // The links of a book go with it.
    ok(&shop, "BookService/DeleteBook", r#"{"id":"2"}"#);
    assert_eq!(
        ok(
            &shop,
            "TagService/GetTag",
            r#"{"id":"w","include":"books"}"#
        ),
        r#"{"id":"w"}"#
    );
}
