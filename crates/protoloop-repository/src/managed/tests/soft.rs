//! Rows that are marked as deleted.

use protoloop_core::{CallContext, Code};

use super::{As, Life};
use crate::{
    Query, Repository, RepositoryExt as _, ShowDeleted,
    testing::{member, now},
};

fn create(life: &As<'_>, id: &str) -> String {
    let request = format!("{{\"draft\":{{\"slug\":\"s{id}\"}},\"draft_id\":\"{id}\"}}");
    life.ok("DraftService/CreateDraft", &request)
}

#[test]
fn a_delete_marks_and_an_undelete_takes_it_back() {
    let life = Life::new();
    let ada = life.of("acme");
    let created = create(&ada, "a");
    let deleted = ada.ok("DraftService/DeleteDraft", r#"{"id":"a"}"#);
    assert!(deleted.contains("delete_time"), "{deleted}");
    assert_eq!(member(&deleted, "version"), "2");
    assert_ne!(member(&deleted, "etag"), member(&created, "etag"));
    // AIP-164: found by its id, and not in a list unless it is asked for.
    assert_eq!(ada.ok("DraftService/GetDraft", r#"{"id":"a"}"#), deleted);
    assert_eq!(ada.ok("DraftService/ListDrafts", "{}"), "{}");
    assert_eq!(ada.ok("DraftService/CountDrafts", "{}"), "{}");
    let shown = ada.ok("DraftService/ListDrafts", r#"{"show_deleted":true}"#);
    assert!(shown.contains("delete_time"), "{shown}");
    assert!(shown.contains("\"total_size\":1"), "{shown}");
    let counted = ada.ok("DraftService/CountDrafts", r#"{"show_deleted":true}"#);
    assert_eq!(counted, r#"{"count":"1"}"#);
    let back = ada.ok("DraftService/UndeleteDraft", r#"{"id":"a"}"#);
    assert!(!back.contains("delete_time"), "{back}");
    assert_eq!(member(&back, "version"), "3");
    assert!(ada.ok("DraftService/ListDrafts", "{}").contains("\"a\""));
}

#[test]
fn a_marked_row_is_neither_changed_nor_deleted_again() {
    let life = Life::new();
    let ada = life.of("acme");
    create(&ada, "a");
    let deleted = ada.ok("DraftService/DeleteDraft", r#"{"id":"a"}"#);
    let refused = [
        (
            "UpdateDraft",
            r#"{"draft":{"id":"a","slug":"x"}}"#,
            "FAILED_PRECONDITION: draft `a` is deleted; undelete it first",
        ),
        (
            "UpdateDraft",
            r#"{"draft":{"id":"a","slug":"x"},"update_mask":"*","allow_missing":true}"#,
            "FAILED_PRECONDITION: draft `a` is deleted; undelete it first",
        ),
        (
            "BatchUpdateDrafts",
            r#"{"requests":[{"draft":{"id":"a","slug":"x"}}]}"#,
            "FAILED_PRECONDITION: requests[0]: draft `a` is deleted; undelete it first",
        ),
        (
            "DeleteDraft",
            r#"{"id":"a"}"#,
            "NOT_FOUND: draft `a` was not found",
        ),
        (
            "CreateDraft",
            r#"{"draft":{},"draft_id":"a"}"#,
            "ALREADY_EXISTS: another draft has the same id",
        ),
        (
            "UndeleteDraft",
            r#"{"id":"z"}"#,
            "NOT_FOUND: draft `z` was not found",
        ),
        (
            "UndeleteDraft",
            r#"{"id":"a","etag":"\"old\""}"#,
            "ABORTED: draft `a` was changed since its etag was read; read it again",
        ),
    ];
    for (method, request, due) in refused {
        assert_eq!(ada.err(&format!("DraftService/{method}"), request), due);
    }
    let again = r#"{"id":"a","allow_missing":true}"#;
    assert_eq!(ada.ok("DraftService/DeleteDraft", again), deleted);
    let tried = ada.ok(
        "DraftService/UndeleteDraft",
        r#"{"id":"a","validate_only":true}"#,
    );
    assert!(!tried.contains("delete_time"), "{tried}");
    assert_eq!(ada.ok("DraftService/GetDraft", r#"{"id":"a"}"#), deleted);
    create(&ada, "b");
    assert_eq!(
        ada.err("DraftService/UndeleteDraft", r#"{"id":"b"}"#),
        "ALREADY_EXISTS: draft `b` is not deleted"
    );
    // The mark is the server's.
    let marked = r#"{"draft":{"id":"b","delete_time":"2020-01-01T00:00:00Z"}}"#;
    assert!(
        !ada.ok("DraftService/UpdateDraft", marked)
            .contains("delete_time")
    );
}

#[test]
fn a_marked_row_gives_its_unique_values_up() {
    let life = Life::new();
    let ada = life.of("acme");
    create(&ada, "a");
    ada.ok("DraftService/DeleteDraft", r#"{"id":"a"}"#);
    let same = r#"{"draft":{"slug":"sa"},"draft_id":"b"}"#;
    ada.ok("DraftService/CreateDraft", same);
    assert_eq!(
        ada.err("DraftService/UndeleteDraft", r#"{"id":"a"}"#),
        "ALREADY_EXISTS: another draft has the same slug"
    );
    ada.ok("DraftService/DeleteDraft", r#"{"id":"b"}"#);
    ada.ok("DraftService/UndeleteDraft", r#"{"id":"a"}"#);
}

#[test]
fn a_batch_delete_marks() {
    let life = Life::new();
    let ada = life.of("acme");
    create(&ada, "a");
    create(&ada, "b");
    ada.ok("DraftService/BatchDeleteDrafts", r#"{"ids":["a","b"]}"#);
    assert_eq!(ada.ok("DraftService/ListDrafts", "{}"), "{}");
    let got = ada.ok("DraftService/BatchGetDrafts", r#"{"ids":["a","b"]}"#);
    assert_eq!(got.matches("delete_time").count(), 2, "{got}");
}

#[test]
fn code_marks_too() {
    let life = Life::new();
    create(&life.of("acme"), "a");
    let drafts = life.managed("Draft");
    let cx = CallContext::new();
    now(drafts.delete_by_id(&cx, &"a".into())).unwrap();
    let row = now(drafts.find_by_id(&cx, &"a".into())).unwrap();
    assert!(drafts.model().is_deleted(row.as_ref()));
    let all = Query::new(drafts.model().key_order().clone());
    assert_eq!(now(drafts.find(&cx, &all)).unwrap(), []);
    let mut showing = cx.clone();
    showing.extensions_mut().insert(ShowDeleted);
    assert_eq!(now(drafts.find(&showing, &all)).unwrap().len(), 1);
    let error = now(drafts.save(&cx, row)).unwrap_err();
    assert_eq!(error.code(), Code::FailedPrecondition);
    let error = now(drafts.delete_by_id(&cx, &"a".into())).unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
}

#[test]
fn tenants_and_marks_work_together() {
    let life = Life::new();
    let seven = life.of("7");
    let page = seven.ok("PageService/CreatePage", r#"{"page":{"title":"t"}}"#);
    let id = format!("{{\"id\":\"{}\"}}", member(&page, "id"));
    seven.ok("PageService/DeletePage", &id);
    let eight = life.of("8");
    for method in ["UndeletePage", "DeletePage", "GetPage"] {
        let error = eight.err(&format!("PageService/{method}"), &id);
        assert!(error.starts_with("NOT_FOUND"), "{method}: {error}");
    }
    let all = r#"{"show_deleted":true}"#;
    assert_eq!(eight.ok("PageService/ListPages", all), "{}");
    let purge = r#"{"filter":"*","force":true}"#;
    assert_eq!(eight.ok("PageService/PurgePages", purge), "{}");
    seven.ok("PageService/UndeletePage", &id);
    assert_eq!(seven.ok("PageService/PurgePages", purge), "{}");
    seven.ok("PageService/DeletePage", &id);
    assert_eq!(
        seven.ok("PageService/PurgePages", purge),
        r#"{"purge_count":"1"}"#
    );
    let error = seven.err("PageService/GetPage", &id);
    assert!(error.starts_with("NOT_FOUND"), "{error}");
}
