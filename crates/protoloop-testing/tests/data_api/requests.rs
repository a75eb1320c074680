//! What the standard methods take and answer.

use crate::api::Api;

/// Items `1`, `2`, … of these fields.
pub(crate) async fn fill(api: &Api, items: &[&str]) {
    for (index, fields) in items.iter().enumerate() {
        let item = format!("POST /v1/items?item_id={}\n\n{{{fields}}}", index + 1);
        api.ok(&item).await;
    }
}

pub(crate) async fn r1_create(api: &Api) {
    let tried = r#"POST /v1/tags?tag_id=b&validate_only=true

{"label":"x"}"#;
    api.check(&[
        (
            "POST /v1/tags?tag_id=a\n\n{\"label\":\"x\"}",
            r#"200 {"id":"a","label":"x"}"#,
        ),
        (
            "POST /v1/tags?tag_id=a\n\n{}",
            "409 ALREADY_EXISTS another tag has the same id",
        ),
        (tried, r#"200 {"id":"b","label":"x"}"#),
        ("GET /v1/tags/b", "404 NOT_FOUND tag `b` was not found"),
        (
            "POST /v1/tags?tag_id=c\n\n{\"id\":\"d\"}",
            "400 INVALID_ARGUMENT tag.id: differs from tag_id",
        ),
    ])
    .await;
    let once = "POST /v1/visits?request_id=r\n\n{}";
    let first = api.ok(once).await;
    assert_eq!(api.ok(once).await, first);
    assert_eq!(api.ok("GET /v1/visits:count").await, r#"{"count":"1"}"#);
}

pub(crate) async fn r2_get(api: &Api) {
    api.check(&[
        (
            "POST /v1/authors?author_id=a\n\n{\"name\":\"Ada\"}",
            "200 …",
        ),
        (
            "POST /v1/books\n\n{\"authorId\":\"a\",\"title\":\"t\"}",
            "200 …",
        ),
        ("GET /v1/authors/a", r#"200 {"id":"a","name":"Ada"}"#),
        ("GET /v1/authors/a?read_mask=name", r#"200 {"name":"Ada"}"#),
        (
            "GET /v1/authors/a?include=books&readMask=id,books.title",
            r#"200 {"id":"a","books":[{"title":"t"}]}"#,
        ),
        (
            r#"GET /v1/authors/a?filter={"fields":["name"],"include":["books"]}"#,
            r#"200 {"name":"Ada","books":[{…"title":"t"}]}"#,
        ),
        (
            "GET /v1/authors/b",
            "404 NOT_FOUND author `b` was not found",
        ),
        (
            "GET /v1/authors/a?read_mask=nam",
            "400 INVALID_ARGUMENT read_mask: …`nam`…",
        ),
    ])
    .await;
}

pub(crate) async fn r3_list(api: &Api) {
    let items = [
        r#""title":"c","n":1"#,
        r#""title":"a","n":2"#,
        r#""title":"b","n":1"#,
    ];
    fill(api, &items).await;
    api.items(&[
        ("", "1 2 3"),
        ("filter=n = 1", "1 3"),
        ("order_by=title", "2 3 1"),
        ("order_by=n desc, title", "2 3 1"),
        ("page_size=2", "1 2 →"),
        ("skip=1", "2 3"),
        ("skip=1&page_size=1", "2 →"),
    ])
    .await;
    api.check(&[
        (
            "GET /v1/items?read_mask=title&page_size=1",
            r#"200 {"items":[{"title":"c"}],"nextPageToken":"…","totalSize":3}"#,
        ),
        ("GET /v1/items?show_deleted=true&read_mask=id", "200 …"),
        ("GET /v1/books?include=author,reviews", "200 {}"),
        (
            "GET /v1/items?page_size=-1",
            "400 INVALID_ARGUMENT page_size: must not be negative",
        ),
        (
            "GET /v1/items?page_token=x",
            "400 INVALID_ARGUMENT page_token: …",
        ),
    ])
    .await;
    let token = api
        .member("GET /v1/items?page_size=2", "nextPageToken")
        .await;
    let next = format!("page_size=2&page_token={token}");
    let other = format!("page_size=2&order_by=title&page_token={token}");
    api.items(&[(&next, "3"), (&other, "400 INVALID_ARGUMENT page_token: …")])
        .await;
}

pub(crate) async fn r4_update(api: &Api) {
    api.check(&[
        ("POST /v1/tags?tag_id=a\n\n{\"label\":\"x\"}", "200 …"),
        (
            "PATCH /v1/tags/a\n\n{\"label\":\"y\"}",
            r#"200 {"id":"a","label":"y"}"#,
        ),
        (
            "PATCH /v1/tags/a?update_mask=label\n\n{}",
            r#"200 {"id":"a"}"#,
        ),
        (
            "PATCH /v1/tags/a?update_mask=labl\n\n{}",
            "400 INVALID_ARGUMENT update_mask: …`labl`…",
        ),
        (
            "PATCH /v1/tags/a\n\n{\"id\":\"b\"}",
            "400 INVALID_ARGUMENT …",
        ),
        (
            "PATCH /v1/tags/a?validate_only=true\n\n{\"label\":\"z\"}",
            r#"200 {"id":"a","label":"z"}"#,
        ),
        ("GET /v1/tags/a", r#"200 {"id":"a"}"#),
        (
            "PATCH /v1/tags/b\n\n{\"label\":\"y\"}",
            "404 NOT_FOUND tag `b` was not found",
        ),
        (
            "PATCH /v1/tags/b?allow_missing=true\n\n{\"label\":\"y\"}",
            r#"200 {"id":"b","label":"y"}"#,
        ),
    ])
    .await;
}

pub(crate) async fn r5_replace(api: &Api) {
    fill(api, &[r#""title":"t","n":1,"labels":{"a":"b"}"#]).await;
    api.check(&[
        (
            "PUT /v1/items/1\n\n{\"note\":\"x\"}",
            r#"200 {"id":"1","note":"x"}"#,
        ),
        ("GET /v1/items/1", r#"200 {"id":"1","note":"x"}"#),
        (
            "PATCH /v1/items/1?update_mask=*\n\n{\"n\":2}",
            r#"200 {"id":"1","n":2}"#,
        ),
        (
            "PUT /v1/items/2\n\n{}",
            "404 NOT_FOUND item `2` was not found",
        ),
    ])
    .await;
}

pub(crate) async fn r6_delete(api: &Api) {
    let id = api.member("POST /v1/books\n\n{}", "id").await;
    let stale = format!("DELETE /v1/books/{id}?etag=x");
    let missing = format!("DELETE /v1/books/{id}");
    let allowed = format!("{missing}?allow_missing=true");
    api.check(&[
        (&stale, "409 ABORTED …"),
        (&missing, "200 {}"),
        (&missing, "404 NOT_FOUND …"),
        (&allowed, "200 {}"),
    ])
    .await;
}

pub(crate) async fn r7_count(api: &Api) {
    fill(api, &[r#""n":1"#, r#""n":2"#, ""]).await;
    api.check(&[
        ("GET /v1/items:count", r#"200 {"count":"3"}"#),
        ("GET /v1/items:count?filter=n > 1", r#"200 {"count":"1"}"#),
        (
            r#"GET /v1/items:count?filter={"where":{"n":null}}"#,
            r#"200 {"count":"1"}"#,
        ),
        (
            r#"GET /v1/items:count?filter={"limit":1}"#,
            "400 INVALID_ARGUMENT filter: …",
        ),
    ])
    .await;
}

pub(crate) async fn r8_batches(api: &Api) {
    let create = r#"POST /v1/tags:batchCreate

{"requests":[{"tag":{"id":"a"}},{"tag":{"id":"b"}}]}"#;
    let again = r#"POST /v1/tags:batchCreate

{"requests":[{"tag":{"id":"c"}},{"tag":{"id":"b"}}]}"#;
    let update = r#"POST /v1/tags:batchUpdate

{"requests":[{"tag":{"id":"a","label":"x"}},{"tag":{"id":"z","label":"x"}}]}"#;
    let good = r#"POST /v1/tags:batchUpdate

{"requests":[{"tag":{"id":"a","label":"x"}}]}"#;
    api.check(&[
        (create, r#"200 {"tags":[{"id":"a"},{"id":"b"}]}"#),
        (
            again,
            "409 ALREADY_EXISTS requests[1]: another tag has the same id",
        ),
        (
            "GET /v1/tags:batchGet?ids=b&ids=a",
            r#"200 {"tags":[{"id":"b"},{"id":"a"}]}"#,
        ),
        (
            "GET /v1/tags:batchGet?ids=a&ids=c",
            "404 NOT_FOUND ids[1]: tag `c` was not found",
        ),
        (update, "404 NOT_FOUND requests[1]: tag `z` was not found"),
        ("GET /v1/tags/a", r#"200 {"id":"a"}"#),
        (good, r#"200 {"tags":[{"id":"a","label":"x"}]}"#),
        (
            "POST /v1/tags:batchDelete\n\n{\"ids\":[\"a\",\"z\"]}",
            "404 NOT_FOUND ids[1]: tag `z` was not found",
        ),
        (
            "POST /v1/tags:batchDelete\n\n{\"ids\":[\"a\",\"b\"]}",
            "200 {}",
        ),
        ("GET /v1/tags", "200 {}"),
    ])
    .await;
}

pub(crate) async fn r9_purge_and_bulk_update(api: &Api) {
    fill(api, &[r#""n":1"#, r#""n":2"#, r#""n":3"#]).await;
    let update = r#"POST /v1/items:bulkUpdate

{"filter":"n > 1","item":{"title":"x"},"updateMask":"title"}"#;
    api.check(&[
        (update, r#"200 {"updateCount":"2"}"#),
        (
            "POST /v1/items:bulkUpdate\n\n{\"item\":{\"title\":\"y\"}}",
            "400 INVALID_ARGUMENT filter: …",
        ),
        (
            "POST /v1/items:purge\n\n{}",
            "400 INVALID_ARGUMENT filter: …",
        ),
        (
            r#"POST /v1/items:purge

{"filter":"title = x"}"#,
            r#"200 {"purgeCount":"2","purgeSample":["2","3"]}"#,
        ),
        ("GET /v1/items:count", r#"200 {"count":"3"}"#),
        (
            r#"POST /v1/items:purge

{"filter":"title = x","force":true}"#,
            r#"200 {"purgeCount":"2"}"#,
        ),
        (
            r#"POST /v1/items:purge

{"filter":"*","force":true}"#,
            r#"200 {"purgeCount":"1"}"#,
        ),
    ])
    .await;
}

pub(crate) async fn r10_children_and_links(api: &Api) {
    api.ok("POST /v1/authors?author_id=a\n\n{}").await;
    let id = api
        .member("POST /v1/authors/a/books\n\n{\"title\":\"t\"}", "id")
        .await;
    let link = format!("POST /v1/books/{id}/tags:link\n\n{{\"tagIds\":[\"x\",\"y\"]}}");
    let unlink = format!("POST /v1/books/{id}/tags:unlink\n\n{{\"tagIds\":[\"x\",\"z\"]}}");
    let get = format!("GET /v1/books/{id}?include=tags&read_mask=title,tags");
    api.check(&[
        (
            "GET /v1/authors/a/books?read_mask=title,author_id",
            r#"200 {"books":[{"authorId":"a","title":"t"}]}"#,
        ),
        ("GET /v1/authors/a/books?filter=title = u", "200 {}"),
        ("POST /v1/tags?tag_id=x\n\n{}", "200 …"),
        ("POST /v1/tags?tag_id=y\n\n{}", "200 …"),
        (&link, "200 {}"),
        (&link, "200 {}"),
        (&get, r#"200 {"tags":[{"id":"x"},{"id":"y"}],"title":"t"}"#),
        (&unlink, "200 {}"),
        (&get, r#"200 {"tags":[{"id":"y"}],"title":"t"}"#),
    ])
    .await;
}

#[allow(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) async fn r11_batch_write(api: &Api) {
    let write = |arm: &str, request: &str, members: &str| {
        format!(r#"{{"{arm}":{{"@type":"type.googleapis.com/shop.v1.{request}",{members}}}}}"#)
    };
    let batch = |writes: &[String], more: &str| {
        format!(
            "POST /v1:batchWrite\n\n{{\"writes\":[{}]{more}}}",
            writes.join(",")
        )
    };
    let author = write("create", "CreateAuthorRequest", r#""author":{"id":"a"}"#);
    let book = write(
        "create",
        "CreateBookRequest",
        r#""book":{"authorId":"a","title":"t"}"#,
    );
    let lost = write("create", "CreateBookRequest", r#""book":{"authorId":"b"}"#);
    let name = write(
        "update",
        "UpdateAuthorRequest",
        r#""author":{"id":"a","name":"Ada"}"#,
    );
    let all = batch(
        &[author.clone(), book.clone(), name.clone()],
        r#","requestId":"r""#,
    );
    let stale = write(
        "update",
        "UpdateBookRequest",
        r#""book":{"id":"$ID","title":"u","etag":"x"}"#,
    );
    let gone = write("delete", "DeleteTagRequest", r#""id":"none""#);
    api.check(&[
        (
            &batch(&[author, lost], ""),
            "400 FAILED_PRECONDITION writes[1].create: …author_id…",
        ),
        ("GET /v1/authors", "200 {}"),
        (
            &all,
            "200 {\"results\":[{…shop.v1.Author…shop.v1.Book…\"name\":\"Ada\"…",
        ),
        (&all, "200 …"),
        ("GET /v1/books:count", r#"200 {"count":"1"}"#),
        (
            &batch(&[name, gone], ""),
            "404 NOT_FOUND writes[1].delete: tag `none` was not found",
        ),
    ])
    .await;
    let back = write("undelete", "UndeleteDraftRequest", r#""id":"d""#);
    let none = write("undelete", "UndeleteDraftRequest", r#""id":"e""#);
    api.check(&[
        ("POST /v1/drafts?draft_id=d\n\n{}", "200 …"),
        ("DELETE /v1/drafts/d", "200 …"),
        ("GET /v1/drafts", "200 {}"),
        (
            &batch(&[back.clone(), none], ""),
            "404 NOT_FOUND writes[1].undelete: draft `e` was not found",
        ),
        ("GET /v1/drafts", "200 {}"),
        (&batch(&[back], ""), "200 …"),
        ("GET /v1/drafts", r#"200 {"drafts":[{"id":"d"}]}"#),
    ])
    .await;
    let books = api.ok("GET /v1/books").await;
    let books: serde_json::Value = serde_json::from_str(&books).unwrap();
    let stale = stale.replace("$ID", books["books"][0]["id"].as_str().unwrap());
    api.check(&[(&batch(&[stale], ""), "409 ABORTED writes[0].update: …")])
        .await;
}

pub(crate) async fn r12_filter_objects(api: &Api) {
    fill(
        api,
        &[
            r#""title":"a","codeName":"x""#,
            r#""title":"b","codeName":"y","n":2"#,
            r#""title":"c","n":3"#,
        ],
    )
    .await;
    api.items(&[
        (
            r#"filter={"where":{"n":{"gt":1}},"order":"title DESC","limit":1}"#,
            "3 →",
        ),
        (r#"filter={"skip":1,"limit":5}"#, "2 3"),
        (r#"filter={"offset":2}"#, "3"),
        (r#"filter={"where":{"codeName":"x"}}"#, "1"),
        (r#"filter={"where":{"code_name":"x"}}"#, "1"),
        ("filter=codeName = x", "1"),
        ("filter=code_name = x", "1"),
        ("filter[where][title]=b", "2"),
        (
            "filter[where][n][inq][]=2&filter[where][n][inq][]=3&filter[order]=n DESC",
            "3 2",
        ),
        (r#"filter={"limit":2}&page_size=2"#, "1 2 →"),
        (
            r#"filter={"limit":2}&page_size=1"#,
            "400 INVALID_ARGUMENT page_size: says something else than `limit` of the filter…",
        ),
        (
            r#"filter={"order":"n"}&order_by=title"#,
            "400 INVALID_ARGUMENT order_by: …",
        ),
    ])
    .await;
    api.check(&[
        (
            r#"GET /v1/items?filter={"fields":["title"],"limit":1}"#,
            r#"200 {"items":[{"title":"a"}]…"#,
        ),
        (
            r#"GET /v1/items?filter={"fields":["title"]}&read_mask=n"#,
            "400 INVALID_ARGUMENT read_mask: …",
        ),
        (
            r#"GET /v1/items/1?filter={"where":{"n":1}}"#,
            "400 INVALID_ARGUMENT filter: …",
        ),
    ])
    .await;
}

pub(crate) async fn r13_functions_of_filters(api: &Api) {
    fill(
        api,
        &[
            r#""title":"Milk","note":"x""#,
            r#""title":"silk""#,
            r#""title":"a*b""#,
        ],
    )
    .await;
    api.items(&[
        (r#"filter=like(title, "M%")"#, "1"),
        (r#"filter=ilike(title, "%ILK")"#, "1 2"),
        (r#"filter=regexp(title, "^[a-s]ilk$")"#, "2"),
        ("filter=NOT note:*", "2 3"),
        ("filter=note:*", "1"),
        (r#"filter=title = "*ilk""#, "1 2"),
        (r#"filter=title = "Mi*""#, "1"),
        (r#"filter=title = "a*b""#, "3"),
    ])
    .await;
}

pub(crate) async fn r14_include(api: &Api) {
    api.ok("POST /v1/authors?author_id=a\n\n{\"name\":\"Ada\"}")
        .await;
    let id = api
        .member(
            "POST /v1/books\n\n{\"authorId\":\"a\",\"title\":\"t\"}",
            "id",
        )
        .await;
    api.ok(&format!(
        "POST /v1/reviews\n\n{{\"bookId\":\"{id}\",\"stars\":5,\"guestId\":\"a\"}}"
    ))
    .await;
    api.check(&[
        (
            "GET /v1/books?include=author,reviews.guest&read_mask=title,author.name,reviews.stars,reviews.guest.name",
            r#"200 {"books":[{"author":{"name":"Ada"},"reviews":[{"stars":5,"guest":{"name":"Ada"}}],"title":"t"}]}"#,
        ),
        ("GET /v1/books?include=author,nobody", "400 INVALID_ARGUMENT include: column 8: `Book` has no relation `nobody`…"),
    ])
    .await;
}
