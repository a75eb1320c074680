//! Fields that the server fills.

use protoloop_core::{CallContext, Caller};

use super::Life;
use crate::{
    Record, RepositoryExt as _,
    testing::{member, now},
};

#[test]
fn a_new_row_gets_defaults() {
    let life = Life::new();
    let life = life.nobody();
    assert_eq!(
        life.ok("TaskService/CreateTask", r#"{"task":{},"task_id":"a"}"#),
        "{\"id\":\"a\",\"state\":\"OPEN\",\"priority\":3,\"title\":\"untitled\",\"loud\":true,\"weight\":1.5,\
         \"size\":\"18446744073709551615\"}"
    );
    let given = r#"{"task":{"state":"DONE","priority":0,"title":"t","loud":false,"weight":0,"size":"0"},"task_id":"b"}"#;
    let kept =
        r#"{"id":"b","state":"DONE","priority":0,"title":"t","loud":false,"weight":0,"size":"0"}"#;
    assert_eq!(life.ok("TaskService/CreateTask", given), kept);
    // Once; a field that is cleared later stays so.
    let cleared = r#"{"task":{"id":"b","title":"t"},"update_mask":"*"}"#;
    assert_eq!(
        life.ok("TaskService/UpdateTask", cleared),
        r#"{"id":"b","title":"t"}"#
    );
    let put = r#"{"task":{"id":"c"},"update_mask":"*","allow_missing":true}"#;
    assert!(life.ok("TaskService/UpdateTask", put).contains("OPEN"));
}

#[test]
fn who_and_how_often_is_written_down() {
    let life = Life::new();
    let ada = life.caller(Caller::new("ada"));
    let forged = r#"{"draft":{"created_by":"eve","updated_by":"eve","version":"9","slug":"s"},"draft_id":"a"}"#;
    let created = ada.ok("DraftService/CreateDraft", forged);
    assert_eq!(member(&created, "created_by"), "ada");
    assert_eq!(member(&created, "updated_by"), "ada");
    assert_eq!(member(&created, "version"), "1");
    let bob = life.caller(Caller::new("bob"));
    let change =
        r#"{"draft":{"id":"a","slug":"t","created_by":"eve","version":"1"},"update_mask":"*"}"#;
    let changed = bob.ok("DraftService/UpdateDraft", change);
    assert_eq!(member(&changed, "created_by"), "ada");
    assert_eq!(member(&changed, "updated_by"), "bob");
    assert_eq!(member(&changed, "version"), "2");
    assert_eq!(
        member(&changed, "create_time"),
        member(&created, "create_time")
    );
    let unnamed = life.nobody().ok(
        "DraftService/UpdateDraft",
        r#"{"draft":{"id":"a","slug":"u"}}"#,
    );
    assert!(!unnamed.contains("updated_by"), "{unnamed}");
}

#[test]
fn code_cannot_forge_them_either() {
    let life = Life::new();
    let drafts = life.managed("Draft");
    let cx = CallContext::new().with_caller(Caller::new("ada"));
    let row = |bytes: &[u8]| Record(bytes.to_vec().into());
    let created = now(drafts.create(&cx, row(b"\x0a\x01a"))).unwrap();
    let bob = CallContext::new().with_caller(Caller::new("bob"));
    // id, version 9, created_by "eve".
    let forged = row(b"\x0a\x01a\x20\x09\x2a\x03eve");
    let saved = now(drafts.replace_by_id(&bob, &"a".into(), forged)).unwrap();
    let (before, after) = (
        drafts_view(&drafts, &created, 5),
        drafts_view(&drafts, &saved, 5),
    );
    assert_eq!((before.as_str(), after.as_str()), ("ada", "ada"));
    assert_eq!(drafts_view(&drafts, &saved, 6), "bob");
    let view = crate::Repository::model(&drafts).clone();
    let version = view.view(saved.as_ref()).get(4).and_then(|v| v.as_i64());
    assert_eq!(version, Some(2));
}

fn drafts_view(drafts: &super::Managed, row: &Record, field: u32) -> String {
    let model = crate::Repository::model(drafts);
    model.view(row.as_ref()).string(field).to_owned()
}

#[test]
fn of_two_changes_of_one_version_one_is_aborted() {
    let life = Life::new();
    let ada = life.caller(Caller::new("ada"));
    let created = ada.ok(
        "DraftService/CreateDraft",
        r#"{"draft":{"slug":"s"},"draft_id":"a"}"#,
    );
    let etag = member(&created, "etag");
    let change = |slug: &str| {
        let request =
            format!("{{\"draft\":{{\"id\":\"a\",\"slug\":\"{slug}\",\"etag\":\"{etag}\"}}}}");
        ada.call("DraftService/UpdateDraft", &request)
    };
    change("one").unwrap();
    let error = change("two").unwrap_err();
    assert_eq!(error.code(), protoloop_core::Code::Aborted);
    assert!(
        ada.ok("DraftService/GetDraft", r#"{"id":"a"}"#)
            .contains("one")
    );
}

#[test]
fn a_version_that_is_sent_must_be_the_rows() {
    let life = Life::new();
    let ada = life.caller(Caller::new("ada"));
    let created = r#"{"draft":{"slug":"s"},"draft_id":"a"}"#;
    ada.ok("DraftService/CreateDraft", created);
    let change = |slug: &str, version: u32| {
        let request =
            format!("{{\"draft\":{{\"id\":\"a\",\"slug\":\"{slug}\",\"version\":\"{version}\"}}}}");
        ada.call("DraftService/UpdateDraft", &request)
    };
    change("one", 1).unwrap();
    for stale in [1, 3] {
        let error = change("two", stale).unwrap_err();
        assert_eq!(error.code(), protoloop_core::Code::Aborted, "{stale}");
    }
    change("two", 2).unwrap();
}
