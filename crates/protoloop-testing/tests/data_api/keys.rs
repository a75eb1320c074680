//! Keys that no foreign key holds true: in lists, into several models, within tenants; and what is done at once.

use crate::api::Api;

async fn make(api: &Api, rows: &[(&str, &str)]) {
    for (collection, row) in rows {
        api.ok(&format!("POST /v1/{collection}\n\n{row}")).await;
    }
}

pub(crate) async fn lists_of_keys_refer_to_rows(api: &Api) {
    let rows = [
        ("tracks", r#"{"id":"a"}"#),
        ("tracks", r#"{"id":"b"}"#),
        ("playlists", r#"{"id":"1","trackIds":["a","b","a"]}"#),
    ];
    make(api, &rows).await;
    let no_track = "400 FAILED_PRECONDITION track_ids: there is no such track";
    api.check(&[
        ("POST /v1/playlists\n\n{\"id\":\"2\",\"trackIds\":[\"a\",\"c\"]}", no_track),
        ("POST /v1/playlists\n\n{\"id\":\"2\",\"trackIds\":[\"\"]}", no_track),
        ("POST /v1/playlists?validate_only=true\n\n{\"id\":\"2\",\"trackIds\":[\"c\"]}", no_track),
        ("POST /v1/playlists\n\n{\"id\":\"2\",\"placeIds\":[\"7\"]}", "400 FAILED_PRECONDITION place_ids: there is no such place"),
        ("POST /v1/playlists\n\n{\"id\":\"2\",\"oldIds\":[\"c\"]}", "200 …"),
        ("PATCH /v1/playlists/1\n\n{\"trackIds\":[\"b\",\"c\"]}", no_track),
        ("PATCH /v1/playlists/1\n\n{\"trackIds\":[\"b\"]}", r#"200 {"id":"1","trackIds":["b"]}"#),
        ("PATCH /v1/playlists/3?allow_missing=true\n\n{\"trackIds\":[\"c\"]}", no_track),
        ("PUT /v1/playlists/1\n\n{}", r#"200 {"id":"1"}"#),
        (
            "POST /v1/playlists:batchCreate\n\n{\"requests\":[{\"playlist\":{\"id\":\"4\"}},{\"playlist\":{\"id\":\"5\",\"trackIds\":[\"c\"]}}]}",
            "400 FAILED_PRECONDITION requests[1]: track_ids: there is no such track",
        ),
        ("GET /v1/playlists:count", r#"200 {"count":"2"}"#),
    ])
    .await;
}

pub(crate) async fn a_row_in_a_list_stays_or_is_taken_out(api: &Api) {
    let rows = [
        ("tracks", r#"{"id":"a"}"#),
        ("places", "{}"),
        ("places", "{}"),
        (
            "playlists",
            r#"{"id":"1","trackIds":["a"],"placeIds":["1","2","1"],"oldIds":["a"]}"#,
        ),
        ("playlists", r#"{"id":"2","placeIds":["2"]}"#),
    ];
    make(api, &rows).await;
    let refused = "400 FAILED_PRECONDITION playlists refer to the track by their track_ids";
    api.check(&[
        ("DELETE /v1/tracks/a", refused),
        (
            "POST /v1/tracks:batchDelete\n\n{\"ids\":[\"a\"]}",
            "400 FAILED_PRECONDITION …playlists refer to the track by their track_ids",
        ),
        (
            "POST /v1/tracks:purge\n\n{\"filter\":\"*\",\"force\":true}",
            refused,
        ),
        ("DELETE /v1/places/1", "200 {}"),
        (
            "GET /v1/playlists/1",
            r#"200 {"id":"1","trackIds":["a"],"placeIds":["2"],"oldIds":["a"]}"#,
        ),
        ("GET /v1/playlists/2", r#"200 {"id":"2","placeIds":["2"]}"#),
        ("DELETE /v1/playlists/1", "200 {}"),
        ("DELETE /v1/tracks/a", "200 {}"),
        ("DELETE /v1/tracks/a", "404 NOT_FOUND …"),
    ])
    .await;
}

pub(crate) async fn polymorphic_keys_refer_to_rows_of_what_they_name(api: &Api) {
    make(
        api,
        &[("tracks", r#"{"id":"a"}"#), ("albums", r#"{"id":"b"}"#)],
    )
    .await;
    let note = |id: &str, kind: &str, subject: &str| {
        format!(
            "POST /v1/notes\n\n{{\"id\":\"{id}\",\"subjectType\":\"{kind}\",\"subjectId\":\"{subject}\"}}"
        )
    };
    let untold = "400 FAILED_PRECONDITION subject_type: names no model that subject_id refers to; there is …";
    api.check(&[
        (&note("1", "Track", "a"), "200 …"),
        (&note("2", "Album", "b"), "200 …"),
        (&note("3", "Note", "1"), "200 …"),
        (
            &note("4", "Album", "a"),
            "400 FAILED_PRECONDITION subject_id: there is no such album",
        ),
        (
            &note("4", "Track", "b"),
            "400 FAILED_PRECONDITION subject_id: there is no such track",
        ),
        (&note("4", "Playlist", "a"), untold),
        (&note("4", "", "a"), untold),
        (&note("4", "Track", ""), "200 …"),
        // A change of either half is a change of both.
        (
            "PATCH /v1/notes/1\n\n{\"subjectType\":\"Album\"}",
            "400 FAILED_PRECONDITION subject_id: there is no such album",
        ),
        (
            "PATCH /v1/notes/1\n\n{\"subjectType\":\"Album\",\"subjectId\":\"b\"}",
            "200 …",
        ),
        ("GET /v1/notes:count", r#"200 {"count":"4"}"#),
    ])
    .await;
}

pub(crate) async fn rows_go_or_stay_with_what_their_polymorphic_key_names(api: &Api) {
    let rows = [
        ("tracks", r#"{"id":"x"}"#),
        ("albums", r#"{"id":"x"}"#),
        (
            "notes",
            r#"{"id":"1","subjectType":"Track","subjectId":"x"}"#,
        ),
        (
            "notes",
            r#"{"id":"2","subjectType":"Album","subjectId":"x"}"#,
        ),
        (
            "notes",
            r#"{"id":"3","subjectType":"Note","subjectId":"1"}"#,
        ),
        (
            "notes",
            r#"{"id":"4","subjectType":"Note","subjectId":"3"}"#,
        ),
        (
            "marks",
            r#"{"id":"1","subjectType":"Track","subjectId":"x"}"#,
        ),
    ];
    make(api, &rows).await;
    api.check(&[
        (
            "DELETE /v1/albums/x",
            "400 FAILED_PRECONDITION notes refer to the album by their subject_id",
        ),
        // Its notes go, and the notes on those; what is on the album of the same id stays.
        ("DELETE /v1/tracks/x", "200 {}"),
        (
            "GET /v1/notes?read_mask=id",
            r#"200 {"notes":[{"id":"2"}]}"#,
        ),
        (
            "GET /v1/marks",
            r#"200 {"marks":[{"id":"1","subjectType":"Track"}]}"#,
        ),
        ("DELETE /v1/notes/2", "200 {}"),
        ("DELETE /v1/albums/x", "200 {}"),
    ])
    .await;
    // Two that refer to each other go together.
    let rows = [
        ("notes", r#"{"id":"a"}"#),
        (
            "notes",
            r#"{"id":"b","subjectType":"Note","subjectId":"a"}"#,
        ),
    ];
    make(api, &rows).await;
    api.check(&[
        (
            "PATCH /v1/notes/a\n\n{\"subjectType\":\"Note\",\"subjectId\":\"b\"}",
            "200 …",
        ),
        ("DELETE /v1/notes/a", "200 {}"),
        ("GET /v1/notes:count", "200 {}"),
    ])
    .await;
}

pub(crate) async fn what_goes_with_a_foreign_key_takes_its_own_along(api: &Api) {
    let rows = [
        ("albums", r#"{"id":"a"}"#),
        ("tracks", r#"{"id":"t","albumId":"a"}"#),
        ("tracks", r#"{"id":"u","albumId":"a"}"#),
        (
            "notes",
            r#"{"id":"1","subjectType":"Track","subjectId":"t"}"#,
        ),
        ("playlists", r#"{"id":"1","trackIds":["u"]}"#),
    ];
    make(api, &rows).await;
    api.check(&[
        // A track of the album is needed.
        (
            "DELETE /v1/albums/a",
            "400 FAILED_PRECONDITION playlists refer to the track by their track_ids",
        ),
        ("GET /v1/tracks:count", r#"200 {"count":"2"}"#),
        ("GET /v1/notes:count", r#"200 {"count":"1"}"#),
        ("DELETE /v1/playlists/1", "200 {}"),
        ("DELETE /v1/albums/a", "200 {}"),
        ("GET /v1/tracks:count", "200 {}"),
        ("GET /v1/notes:count", "200 {}"),
    ])
    .await;
}

pub(crate) async fn conditions_and_orders_look_at_the_discriminator(api: &Api) {
    let rows = [
        ("tracks", r#"{"id":"x","name":"track"}"#),
        ("albums", r#"{"id":"x","name":"album"}"#),
        (
            "notes",
            r#"{"id":"1","subjectType":"Track","subjectId":"x"}"#,
        ),
        (
            "notes",
            r#"{"id":"2","subjectType":"Album","subjectId":"x"}"#,
        ),
        ("notes", r#"{"id":"3"}"#),
    ];
    make(api, &rows).await;
    let ids = |ids: &[&str]| {
        let rows: Vec<String> = ids
            .iter()
            .map(|id| format!("{{\"id\":\"{id}\"}}"))
            .collect();
        format!("200 {{\"notes\":[{}]}}", rows.join(","))
    };
    api.check(&[
        (
            "GET /v1/notes?read_mask=id&filter=track.name = track",
            &ids(&["1"]),
        ),
        (
            "GET /v1/notes?read_mask=id&filter=album.name = album",
            &ids(&["2"]),
        ),
        ("GET /v1/notes?read_mask=id&filter=track:*", &ids(&["1"])),
        (
            "GET /v1/notes?read_mask=id&filter=NOT album:*",
            &ids(&["1", "3"]),
        ),
        (
            "GET /v1/notes?read_mask=id&filter=track.name != track",
            &ids(&["2", "3"]),
        ),
        (
            "GET /v1/notes?read_mask=id&filter=some(album, name = album)",
            &ids(&["2"]),
        ),
        (
            "GET /v1/notes?read_mask=id&order_by=album.name, id desc",
            &ids(&["2", "3", "1"]),
        ),
        (
            "GET /v1/notes?read_mask=id&order_by=track.name desc, id",
            &ids(&["2", "3", "1"]),
        ),
        ("GET /v1/albums?read_mask=id&filter=notes.id = 1", "200 {}"),
    ])
    .await;
    let page = "GET /v1/notes?read_mask=id&order_by=album.name desc, id&page_size=1";
    let mut text = page.to_owned();
    let mut seen = String::new();
    for _ in 0..3 {
        let answer: serde_json::Value = serde_json::from_str(&api.ok(&text).await).unwrap();
        seen += answer["notes"][0]["id"].as_str().unwrap();
        let token = answer["nextPageToken"].as_str().unwrap_or_default();
        text = format!("{page}&page_token={token}");
    }
    assert_eq!(seen, "132");
}

pub(crate) async fn changes_of_many_keep_keys_true(api: &Api) {
    let rows = [
        ("tracks", r#"{"id":"a"}"#),
        ("tracks", r#"{"id":"b"}"#),
        ("playlists", r#"{"id":"1"}"#),
        ("playlists", r#"{"id":"2"}"#),
        (
            "notes",
            r#"{"id":"1","subjectType":"Track","subjectId":"a"}"#,
        ),
    ];
    make(api, &rows).await;
    let update = |ids: &str| {
        format!(
            "POST /v1/playlists:bulkUpdate\n\n{{\"filter\":\"*\",\"playlist\":{{\"trackIds\":[{ids}]}},\"updateMask\":\"trackIds\"}}"
        )
    };
    api.check(&[
        (
            &update("\"a\",\"c\""),
            "400 FAILED_PRECONDITION track_ids: there is no such track",
        ),
        (&update("\"b\""), r#"200 {"updateCount":"2"}"#),
        (
            "POST /v1/tracks:purge\n\n{\"filter\":\"id = b\",\"force\":true}",
            "400 FAILED_PRECONDITION playlists refer…",
        ),
        (
            "POST /v1/tracks:purge\n\n{\"filter\":\"id = a\",\"force\":true}",
            r#"200 {"purgeCount":"1"}"#,
        ),
        ("GET /v1/notes:count", "200 {}"),
    ])
    .await;
}

/// Requests of a tenant, and how their answers begin.
async fn check(api: &Api, tenant: &str, table: &[(&str, &str, &str)]) {
    for (method, request, due) in table {
        let answer = api.call_of(tenant, method, request).await;
        assert!(
            answer.starts_with(due),
            "{tenant} {method} {request}\n{answer}\n{due}"
        );
    }
}

pub(crate) async fn keys_stay_within_a_tenant(api: &Api) {
    let account = "AccountService/CreateAccount";
    let create = "InvoiceService/CreateInvoice";
    let update = "InvoiceService/UpdateInvoice";
    check(api, "a", &[(account, r#"{"account":{"id":"of-a"}}"#, "{")]).await;
    check(api, "b", &[(account, r#"{"account":{"id":"of-b"}}"#, "{")]).await;
    // A row of another tenant is answered as one that is not there.
    let none = "FAILED_PRECONDITION: account_id: there is no such account";
    check(
        api,
        "b",
        &[
            (create, r#"{"invoice":{"id":"1","account_id":"of-a"}}"#, none),
            (create, r#"{"invoice":{"id":"1","account_id":"of-nobody"}}"#, none),
            (create, r#"{"invoice":{"id":"1","account_id":"of-a","owner":"a"}}"#, "INVALID_ARGUMENT"),
            (create, r#"{"invoice":{"id":"1","account_id":"of-b"}}"#, "{"),
            (update, r#"{"invoice":{"id":"1","account_id":"of-a"}}"#, none),
            (update, r#"{"invoice":{"id":"1","account_id":"of-a"},"update_mask":"accountId"}"#, none),
            (update, r#"{"invoice":{"id":"1","text":"t"}}"#, "{"),
            (update, r#"{"invoice":{"id":"2","account_id":"of-a"},"allow_missing":true}"#, none),
            (
                "InvoiceService/BatchCreateInvoices",
                r#"{"requests":[{"invoice":{"id":"3","account_id":"of-b"}},{"invoice":{"id":"4","account_id":"of-a"}}]}"#,
                "FAILED_PRECONDITION: requests[1]: account_id",
            ),
            (
                "InvoiceService/BulkUpdateInvoices",
                r#"{"filter":"*","invoice":{"account_id":"of-a"},"update_mask":"accountId"}"#,
                none,
            ),
            ("InvoiceService/ListInvoices", r#"{"include":"account","read_mask":"id,account.id"}"#, r#"{"invoices":[{"id":"1","account":{"id":"of-b"}}]}"#),
        ],
    )
    .await;
    check(
        api,
        "a",
        &[
            (
                "AccountService/DeleteAccount",
                r#"{"id":"of-b"}"#,
                "NOT_FOUND",
            ),
            ("AccountService/DeleteAccount", r#"{"id":"of-a"}"#, "{}"),
        ],
    )
    .await;
    check(
        api,
        "b",
        &[(
            "AccountService/DeleteAccount",
            r#"{"id":"of-b"}"#,
            "FAILED_PRECONDITION",
        )],
    )
    .await;
}

pub(crate) async fn lists_stay_within_a_tenant(api: &Api) {
    let account = "AccountService/CreateAccount";
    let create = "InvoiceService/CreateInvoice";
    check(api, "a", &[(account, r#"{"account":{"id":"of-a"}}"#, "{")]).await;
    check(api, "b", &[(account, r#"{"account":{"id":"of-b"}}"#, "{")]).await;
    let none = "FAILED_PRECONDITION: payer_ids: there is no such account";
    check(
        api,
        "b",
        &[
            (
                create,
                r#"{"invoice":{"id":"1","payer_ids":["of-b","of-a"]}}"#,
                none,
            ),
            (
                create,
                r#"{"invoice":{"id":"1","payer_ids":["of-b"]}}"#,
                "{",
            ),
            (
                "InvoiceService/UpdateInvoice",
                r#"{"invoice":{"id":"1","payer_ids":["of-a"]}}"#,
                none,
            ),
            (
                "AccountService/DeleteAccount",
                r#"{"id":"of-b"}"#,
                "FAILED_PRECONDITION: invoices refer to the account by their payer_ids",
            ),
        ],
    )
    .await;
}

/// A row is deleted while others begin to refer to it: it stays, or they are refused.
pub(crate) async fn no_key_dangles_after_a_race(api: &Api) {
    for round in 0..6 {
        make(api, &[("tracks", &format!("{{\"id\":\"t{round}\"}}"))]).await;
        let note =
            format!("POST /v1/playlists\n\n{{\"id\":\"p{round}\",\"trackIds\":[\"t{round}\"]}}");
        let delete = format!("DELETE /v1/tracks/t{round}");
        let (made, deleted) = tokio::join!(api.send(&note), api.send(&delete));
        assert!(
            (made.status == 200) != (deleted.status == 200),
            "{} {}",
            made.line(),
            deleted.line()
        );
    }
}

pub(crate) async fn a_link_is_made_once(api: &Api) {
    let rows = [
        ("books", r#"{"id":"1"}"#),
        ("tags", r#"{"id":"x"}"#),
        ("tags", r#"{"id":"y"}"#),
    ];
    make(api, &rows).await;
    let link = "POST /v1/books/1/tags:link\n\n{\"tagIds\":[\"x\",\"y\"]}";
    let calls = std::iter::repeat_with(|| api.send(link)).take(8);
    for answer in futures_util::future::join_all(calls).await {
        assert_eq!(answer.line(), "200 {}");
    }
    api.check(&[("GET /v1/bookTags:count", r#"200 {"count":"2"}"#)])
        .await;
}
