//! What is decided about their meaning.

use crate::{api::Api, requests::fill};

pub(crate) async fn s1_what_is_unknown_is_named_with_its_place(api: &Api) {
    fill(api, &[r#""title":"a""#]).await;
    let field = |place: &str| {
        format!("400 INVALID_ARGUMENT {place}: `Item` has no field `titel`; did you mean `title`?")
    };
    api.check(&[
        ("GET /v1/items?filter=titel = a", &field("filter: column 1")),
        (
            "GET /v1/items?filter=title = a AND titel = b",
            &field("filter: column 15"),
        ),
        (
            r#"GET /v1/items?filter={"where":{"and":[{"titel":1}]}}"#,
            &field("filter: column 19: `where.and[0].titel`"),
        ),
        (
            "GET /v1/items?filter[where][titel]=a",
            "400 INVALID_ARGUMENT …titel…",
        ),
        (
            "GET /v1/items?order_by=title, titel",
            &field("order_by: column 8"),
        ),
        (
            "GET /v1/items?read_mask=titel",
            "400 INVALID_ARGUMENT read_mask: …`titel`…",
        ),
        (
            r#"GET /v1/books?include=[{"relation":"author","scope":{"where":{"nam":1}}}]"#,
            "400 INVALID_ARGUMENT include: …`nam`…",
        ),
        (
            "GET /v1/items?nonsense=1",
            "400 INVALID_ARGUMENT …nonsense…",
        ),
        (
            "POST /v1/items:purge\n\n{\"filter\":\"titel = a\",\"force\":true}",
            &field("filter: column 1"),
        ),
        (
            "POST /v1/items?item_id=2\n\n{\"titel\":\"x\"}",
            "400 INVALID_ARGUMENT …titel…",
        ),
        ("GET /v1/items:count", r#"200 {"count":"1"}"#),
    ])
    .await;
}

pub(crate) async fn s2_all_operators_of_a_property_apply(api: &Api) {
    fill(
        api,
        &[
            r#""n":1,"title":"a""#,
            r#""n":5,"title":"b""#,
            r#""n":9,"title":"b""#,
        ],
    )
    .await;
    api.items(&[
        (r#"filter={"where":{"n":{"gte":2,"lt":9}}}"#, "2"),
        (r#"filter={"where":{"n":{"lt":9,"gte":2}}}"#, "2"),
        (
            r#"filter={"where":{"title":"b","or":[{"n":1},{"n":9}]}}"#,
            "3",
        ),
        (
            r#"filter={"where":{"and":[{"n":{"gt":1}}],"title":"b","n":{"neq":5}}}"#,
            "3",
        ),
        (
            r#"filter={"where":{"or":[{"n":1},{"n":5}],"and":[{"title":"b"}]}}"#,
            "2",
        ),
    ])
    .await;
}

pub(crate) async fn s3_values_are_never_coerced(api: &Api) {
    fill(api, &[r#""n":1,"title":"1","done":true"#]).await;
    api.items(&[
        (
            r#"filter=n = "1""#,
            "400 INVALID_ARGUMENT filter: column 5: …",
        ),
        (
            r#"filter={"where":{"n":"1"}}"#,
            "400 INVALID_ARGUMENT filter: …",
        ),
        (
            r#"filter={"where":{"title":1}}"#,
            "400 INVALID_ARGUMENT filter: …",
        ),
        (
            r#"filter={"where":{"done":1}}"#,
            "400 INVALID_ARGUMENT filter: …",
        ),
        (
            r#"filter={"where":{"n":1.5}}"#,
            "400 INVALID_ARGUMENT filter: …",
        ),
        (
            "filter=n = 2147483648",
            "400 INVALID_ARGUMENT filter: column 5: `2147483648` is no 32-bit integer",
        ),
        (
            "filter=kind = OLD",
            "400 INVALID_ARGUMENT filter: column 8: …",
        ),
        (
            "filter=due = \"yesterday\"",
            "400 INVALID_ARGUMENT filter: …",
        ),
        ("filter=done = yes", "400 INVALID_ARGUMENT filter: …"),
        ("filter[where][n]=x", "400 INVALID_ARGUMENT …"),
        ("filter[where][n]=1", "1"),
        ("filter=done = true", "1"),
    ])
    .await;
}

pub(crate) async fn s4_null(api: &Api) {
    fill(api, &[r#""note":"a","n":1"#, r#""note":"b""#, r#""n":2"#]).await;
    api.items(&[
        (r#"filter={"where":{"note":null}}"#, "3"),
        (r#"filter={"where":{"note":{"neq":null}}}"#, "1 2"),
        (r#"filter={"where":{"note":{"neq":"a"}}}"#, "2 3"),
        ("filter=note != a", "2 3"),
        (r#"filter={"where":{"note":{"nin":["a"]}}}"#, "2 3"),
        ("filter=NOT note = a", "2 3"),
        (r#"filter={"where":{"not":{"n":{"gt":1}}}}"#, "1 2"),
        ("filter=NOT n > 1", "1 2"),
        ("filter=n > 0", "1 3"),
        ("filter=n < 9", "1 3"),
        (r#"filter={"where":{"n":{"between":[0,9]}}}"#, "1 3"),
        (r#"filter=like(note, "%")"#, "1 2"),
        (r#"filter={"where":{"note":{"nlike":"a"}}}"#, "2 3"),
        ("order_by=note", "1 2 3"),
        ("order_by=note desc", "3 2 1"),
        ("order_by=n", "1 3 2"),
        ("order_by=n desc", "2 3 1"),
    ])
    .await;
}

pub(crate) async fn s5_patterns(api: &Api) {
    let titles = ["abc", "ABC", "a.c", "a%c", "a_c", "xabcx", "àbc"];
    let items: Vec<String> = titles
        .iter()
        .map(|title| format!("\"title\":\"{title}\""))
        .collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    fill(api, &items).await;
    api.items(&[
        (r#"filter={"where":{"title":{"like":"abc"}}}"#, "1"),
        (r#"filter={"where":{"title":{"like":"a_c"}}}"#, "1 3 4 5"),
        (r#"filter={"where":{"title":{"like":"a.c"}}}"#, "3"),
        (r#"filter={"where":{"title":{"like":"a\\%c"}}}"#, "4"),
        (r#"filter={"where":{"title":{"like":"a\\_c"}}}"#, "5"),
        (r#"filter={"where":{"title":{"like":"%abc%"}}}"#, "1 6"),
        (r#"filter={"where":{"title":{"ilike":"ABC"}}}"#, "1 2"),
        (r#"filter={"where":{"title":{"ilike":"À%"}}}"#, "7"),
        (
            r#"filter={"where":{"title":{"regexp":"^a.c$"}}}"#,
            "1 3 4 5",
        ),
        (r#"filter={"where":{"title":{"regexp":"/^ABC$/i"}}}"#, "1 2"),
        (r#"filter=regexp(title, "(a+)+$")"#, ""),
        (
            r#"filter=regexp(title, "(?=a)")"#,
            "400 INVALID_ARGUMENT filter: column 15: the regular expression is wrong: …",
        ),
        (
            r#"filter=regexp(title, "(a")"#,
            "400 INVALID_ARGUMENT filter: column 15: the regular expression is wrong: …",
        ),
    ])
    .await;
}

pub(crate) async fn s6_paths_and_lists(api: &Api) {
    let items = [
        r#""address":{"city":"Ulm","number":2},"labels":{"env":"p"},"tags":["a","b"],"extra":{"k":{"n":10}}"#,
        r#""address":{"city":"Bonn","number":10},"labels":{"env":"q"},"tags":["a"],"extra":{"k":{"n":9}}"#,
        r#""tags":["c"]"#,
        "",
    ];
    fill(api, &items).await;
    api.items(&[
        ("filter=address.city = Ulm", "1"),
        ("filter=address.number > 2", "2"),
        ("filter=labels.env = q", "2"),
        ("filter=extra.k.n > 9", "1"),
        (r#"filter={"where":{"address.city":"Bonn"}}"#, "2"),
        ("order_by=address.number", "1 2 3 4"),
        ("order_by=address.city", "2 1 3 4"),
        ("order_by=labels.env desc", "3 4 2 1"),
        (r#"filter={"where":{"tags":{"contains":"a"}}}"#, "1 2"),
        (r#"filter={"where":{"tags":{"contains":["a","b"]}}}"#, "1"),
        (
            r#"filter={"where":{"tags":{"containedBy":["a","c"]}}}"#,
            "2 3 4",
        ),
        (
            r#"filter={"where":{"tags":{"containsAny":["b","c"]}}}"#,
            "1 3",
        ),
        (r#"filter={"where":{"tags":{"length":{"gt":1}}}}"#, "1"),
        ("filter=tags:a", "1 2"),
        ("filter=length(tags) = 0", "4"),
        ("filter=labels:env", "1 2"),
        (
            "filter=address.number = x",
            "400 INVALID_ARGUMENT filter: …",
        ),
        (
            "filter=address.town = x",
            "400 INVALID_ARGUMENT filter: column 9: …`town`…",
        ),
    ])
    .await;
}

pub(crate) async fn s7_masks_and_inclusions(api: &Api) {
    api.check(&[
        (
            "POST /v1/authors?author_id=a\n\n{\"name\":\"Ada\"}",
            "200 …",
        ),
        (
            "POST /v1/books\n\n{\"authorId\":\"a\",\"title\":\"t\"}",
            "200 …",
        ),
        (
            "GET /v1/books?read_mask=title&include=author",
            r#"200 {"books":[{"author":{"id":"a","name":"Ada"},"title":"t"}]}"#,
        ),
        (
            r#"GET /v1/books?filter={"fields":["title"],"include":["author"]}"#,
            r#"200 {"books":[{"author":{"id":"a","name":"Ada"},"title":"t"}]}"#,
        ),
        (
            "GET /v1/authors?read_mask=name&include=books",
            r#"200 {"authors":[{"name":"Ada","books":[{…"title":"t"}]}]}"#,
        ),
    ])
    .await;
}

pub(crate) async fn s8_hidden_fields(api: &Api) {
    api.check(&[
        ("POST /v1/authors?author_id=a\n\n{}", "200 …"),
        ("POST /v1/books\n\n{\"authorId\":\"a\"}", "200 …"),
        (
            "GET /v1/items?filter=secret = x",
            "400 INVALID_ARGUMENT filter: column 1: `Item` has no field `secret`",
        ),
        (
            r#"GET /v1/items?filter={"where":{"secret":"x"}}"#,
            "400 INVALID_ARGUMENT filter: …has no field `secret`",
        ),
        (
            "GET /v1/items?order_by=secret",
            "400 INVALID_ARGUMENT order_by: column 1: `Item` has no field `secret`",
        ),
        (
            "GET /v1/items?read_mask=secret",
            "400 INVALID_ARGUMENT read_mask: …no such field",
        ),
        (
            "POST /v1/items?item_id=1\n\n{\"secret\":\"x\"}",
            "400 INVALID_ARGUMENT …secret…",
        ),
        (
            "GET /v1/books?filter=author.secret = x",
            "400 INVALID_ARGUMENT filter: …`secret`…",
        ),
        (
            "GET /v1/books?order_by=author.secret",
            "400 INVALID_ARGUMENT order_by: …`secret`…",
        ),
        (
            r#"GET /v1/books?include=[{"relation":"author","scope":{"where":{"secret":"x"}}}]"#,
            "400 INVALID_ARGUMENT include: …`secret`…",
        ),
        (
            r#"GET /v1/books?include=[{"relation":"author","scope":{"fields":["secret"]}}]"#,
            "400 INVALID_ARGUMENT include: …`secret`…",
        ),
        (
            "GET /v1/items?filter=slow = x",
            "400 INVALID_ARGUMENT filter: …`slow`…",
        ),
    ])
    .await;
    assert!(
        !api.ok("GET /v1/books?include=author")
            .await
            .contains("secret")
    );
}

pub(crate) async fn s9_limit_and_skip(api: &Api) {
    let items = vec![""; 25];
    fill(api, &items).await;
    let count = async |query: &str| {
        let answer = api.ok(&format!("GET /v1/items?{query}")).await;
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let rows = answer["items"].as_array().map_or(0, Vec::len);
        (rows, answer["nextPageToken"].is_string())
    };
    // The largest page of the model, announced by a token; never a silent cut.
    assert_eq!(count("page_size=100").await, (20, true));
    assert_eq!(count(r#"filter={"limit":100}"#).await, (20, true));
    assert_eq!(count("skip=10").await, (15, false));
    assert_eq!(count(r#"filter={"skip":10}"#).await, (15, false));
    assert_eq!(count("skip=24&page_size=10").await, (1, false));
    assert_eq!(count("skip=100").await, (0, false));
}

pub(crate) async fn s10_unique_values_and_references(api: &Api) {
    api.ok("POST /v1/authors?author_id=a\n\n{}").await;
    api.ok("POST /v1/authors?author_id=b\n\n{}").await;
    let id = api
        .member(
            "POST /v1/books\n\n{\"authorId\":\"a\",\"isbn\":\"1\"}",
            "id",
        )
        .await;
    let review = format!("POST /v1/reviews\n\n{{\"bookId\":\"{id}\",\"guestId\":\"b\"}}");
    let link = format!("POST /v1/books/{id}/tags:link\n\n{{\"tagIds\":[\"x\"]}}");
    let patch = format!("PATCH /v1/books/{id}\n\n{{\"authorId\":\"z\"}}");
    let delete = format!("DELETE /v1/books/{id}");
    api.check(&[
        (
            "POST /v1/books\n\n{\"isbn\":\"1\"}",
            "409 ALREADY_EXISTS another book has the same isbn",
        ),
        (
            "POST /v1/books\n\n{\"authorId\":\"z\"}",
            "400 FAILED_PRECONDITION author_id: there is no such author",
        ),
        (
            &patch,
            "400 FAILED_PRECONDITION author_id: there is no such author",
        ),
        (&review, "200 …"),
        ("POST /v1/tags?tag_id=x\n\n{}", "200 …"),
        (&link, "200 {}"),
        (
            "DELETE /v1/authors/a",
            "400 FAILED_PRECONDITION books refer to the author by their author_id",
        ),
        ("DELETE /v1/authors/b", "200 {}"),
        (
            "GET /v1/reviews?read_mask=guestId",
            "200 {\"reviews\":[{}]}",
        ),
        (&delete, "200 {}"),
        ("GET /v1/reviews:count", r#"200 {}"#),
        ("GET /v1/bookTags:count", r#"200 {}"#),
        ("GET /v1/tags:count", r#"200 {"count":"1"}"#),
        ("DELETE /v1/authors/a", "200 {}"),
    ])
    .await;
}

pub(crate) async fn s11_children(api: &Api) {
    api.check(&[
        ("POST /v1/authors?author_id=a\n\n{}", "200 …"),
        (
            "GET /v1/authors/z/books",
            "404 NOT_FOUND author `z` was not found",
        ),
        (
            "POST /v1/authors/z/books\n\n{}",
            "404 NOT_FOUND author `z` was not found",
        ),
        (
            "POST /v1/authors/a/books\n\n{\"authorId\":\"b\"}",
            "400 INVALID_ARGUMENT book.author_id: differs from author",
        ),
        ("POST /v1/authors/a/books\n\n{\"authorId\":\"a\"}", "200 …"),
        (
            "GET /v1/authors/a/profile",
            "404 NOT_FOUND author `a` has no profile",
        ),
        ("POST /v1/authors/a/profile\n\n{}", "200 …"),
        (
            "POST /v1/authors/a/profile\n\n{}",
            "409 ALREADY_EXISTS another profile has the same author_id",
        ),
    ])
    .await;
}

pub(crate) async fn s12_what_a_write_may_not_hold(api: &Api) {
    api.check(&[
        (
            "POST /v1/authors?author_id=a\n\n{\"books\":[{\"title\":\"t\"}]}",
            "400 INVALID_ARGUMENT author.books: …",
        ),
        ("POST /v1/authors?author_id=a\n\n{}", "200 …"),
        (
            "PATCH /v1/authors/a\n\n{\"profile\":{}}",
            "400 INVALID_ARGUMENT author.profile: …",
        ),
        (
            "POST /v1/books\n\n{\"id\":\"x\"}",
            "400 INVALID_ARGUMENT book.id: is made by the server; leave it out",
        ),
        (
            "POST /v1/orders?order_id=o\n\n{\"lines\":[{\"pieces\":2},{\"pieces\":3}]}",
            r#"200 {"id":"o","lines":[{…"pieces":2},{…"pieces":3}]}"#,
        ),
        ("GET /v1/lines:count", r#"200 {"count":"2"}"#),
        ("DELETE /v1/orders/o", "200 {}"),
        ("GET /v1/lines:count", "200 {}"),
    ])
    .await;
}

pub(crate) async fn s13_inclusions_of_nothing(api: &Api) {
    api.check(&[
        ("POST /v1/authors?author_id=a\n\n{}", "200 …"),
        ("POST /v1/books\n\n{\"title\":\"t\"}", "200 …"),
        (
            "GET /v1/authors/a?include=books,profile",
            r#"200 {"id":"a"}"#,
        ),
        (
            "GET /v1/books?include=author,tags&read_mask=title,author,tags",
            r#"200 {"books":[{"title":"t"}]}"#,
        ),
    ])
    .await;
}

pub(crate) async fn s14_scopes_count_per_parent(api: &Api) {
    for author in ["a", "b"] {
        api.ok(&format!("POST /v1/authors?author_id={author}\n\n{{}}"))
            .await;
        for title in ["x", "y", "z"] {
            let body = format!("{{\"authorId\":\"{author}\",\"title\":\"{author}{title}\"}}");
            api.ok(&format!("POST /v1/books\n\n{body}")).await;
        }
    }
    let get = |scope: &str| {
        format!(
            "GET /v1/authors?read_mask=id,books.title&include=[{{\"relation\":\"books\",\"scope\":{scope}}}]"
        )
    };
    api.check(&[
        (
            &get(r#"{"order":"title DESC","limit":1}"#),
            r#"200 {"authors":[{"id":"a","books":[{"title":"az"}]},{"id":"b","books":[{"title":"bz"}]}]}"#,
        ),
        (
            &get(r#"{"order":"title","skip":2,"limit":2}"#),
            r#"200 {"authors":[{"id":"a","books":[{"title":"az"}]},{"id":"b","books":[{"title":"bz"}]}]}"#,
        ),
        (
            &get(r#"{"where":{"title":{"like":"%y"}},"fields":["title"]}"#),
            r#"200 {"authors":[{"id":"a","books":[{"title":"ay"}]},{"id":"b","books":[{"title":"by"}]}]}"#,
        ),
    ])
    .await;
}

pub(crate) async fn s15_etags(api: &Api) {
    let book = api.ok("POST /v1/books\n\n{\"title\":\"t\"}").await;
    let book: serde_json::Value = serde_json::from_str(&book).unwrap();
    let (id, etag) = (book["id"].as_str().unwrap(), book["etag"].as_str().unwrap());
    let by_header = format!("PATCH /v1/books/{id}\nif-match: \"x\"\n\n{{\"title\":\"u\"}}");
    let by_field = format!("PATCH /v1/books/{id}\n\n{{\"title\":\"u\",\"etag\":\"x\"}}");
    let delete = format!("DELETE /v1/books/{id}\nif-match: \"x\"");
    let right = format!("PATCH /v1/books/{id}\nif-match: {etag}\n\n{{\"title\":\"u\"}}");
    api.check(&[
        (&by_header, "412 ABORTED …"),
        (&delete, "412 ABORTED …"),
        (&by_field, "409 ABORTED …"),
        (&right, "200 …"),
        (&right, "412 ABORTED …"),
    ])
    .await;
    let request = format!("{{\"book\":{{\"id\":\"{id}\",\"title\":\"v\",\"etag\":\"x\"}}}}");
    let told = api.call("BookService/UpdateBook", &request).await;
    assert!(told.starts_with("ABORTED: "), "{told}");
}

pub(crate) async fn s16_batches_and_exact_values(api: &Api) {
    let batch = r#"POST /v1/items:batchCreate

{"requests":[{"item":{"id":"1"}},{"item":{"id":"1"}}]}"#;
    let exact = r#"POST /v1/items?item_id=x

{"big":"9223372036854775807","huge":"18446744073709551615","price":0.1,"kind":"USED","data":"_-8=","due":"2026-11-21T01:02:03.000000004Z","took":"1.5s"}"#;
    let bodies = [
        r#"{"big":9223372036854775808}"#,
        r#"{"huge":-1}"#,
        r#"{"n":1.5}"#,
        r#"{"n":2147483648}"#,
        r#"{"data":"!"}"#,
        r#"{"kind":"OLD"}"#,
        r#"{"due":"2026-02-30T00:00:00Z"}"#,
        r#"{"took":"1.5"}"#,
        r#"{"done":"true"}"#,
        r#"{"price":"x"}"#,
    ];
    api.check(&[
        (batch, "409 ALREADY_EXISTS requests[1]: another item has the same id"),
        ("GET /v1/items:count", "200 {}"),
        (exact, r#"200 {"id":"x","big":"9223372036854775807","huge":"18446744073709551615","price":0.1,"kind":"USED","data":"/+8=","due":"2026-11-21T01:02:03.000000004Z","took":"1.500s"}"#),
        ("GET /v1/items/x", r#"200 {…"big":"9223372036854775807","huge":"18446744073709551615"…"due":"2026-11-21T01:02:03.000000004Z"…}"#),
    ])
    .await;
    api.items(&[
        ("filter=big = 9223372036854775807", "x"),
        ("filter=big = 9223372036854775806", ""),
        ("filter=huge > 18446744073709551614", "x"),
        (r#"filter={"where":{"huge":"18446744073709551615"}}"#, "x"),
        (r#"filter=due < "2026-11-21T01:02:03.000000004Z""#, ""),
        (
            "filter=big = 9223372036854775808",
            "400 INVALID_ARGUMENT filter: …",
        ),
    ])
    .await;
    for body in bodies {
        let told = api
            .send(&format!("POST /v1/items?item_id=y\n\n{body}"))
            .await
            .line();
        assert!(told.starts_with("400 INVALID_ARGUMENT "), "{body}: {told}");
    }
    api.check(&[("GET /v1/items:count", r#"200 {"count":"1"}"#)])
        .await;
}

pub(crate) async fn s17_bounds(api: &Api) {
    let nested = format!(
        "GET /v1/items?filter={}n = 1{}",
        "(".repeat(40),
        ")".repeat(40)
    );
    let many = format!(
        "GET /v1/items?filter=n = ({})",
        vec!["1"; 1001].join(" OR ")
    );
    let conditions = format!("GET /v1/items?filter={}", vec!["n=1"; 501].join(" OR "));
    let long = format!("GET /v1/items?filter=title = \"{}\"", "x".repeat(9000));
    let deep = "GET /v1/authors?include=books.author.books.author.books.author";
    let paths: Vec<String> = (0..17).map(|number| format!("labels.l{number}")).collect();
    let wide = format!("GET /v1/items?order_by={}", paths.join(","));
    let full = format!("GET /v1/items?filter={}", vec!["n=1"; 500].join(" OR "));
    let nor = format!(
        "GET /v1/items?filter=NOT ({})",
        vec!["n=1"; 500].join(" AND ")
    );
    let values = format!(
        "GET /v1/items?filter=n = ({})",
        vec!["1"; 1000].join(" OR ")
    );
    let patterns = format!(
        "GET /v1/items?filter=title = ({})",
        vec!["a*"; 501].join(" OR ")
    );
    let ids = format!(
        "POST /v1/tags:batchDelete\n\n{{\"ids\":[{}]}}",
        vec!["\"a\""; 1001].join(",")
    );
    api.check(&[
        (&nested, "400 INVALID_ARGUMENT filter: …32…"),
        (&many, "400 INVALID_ARGUMENT filter: …1000…"),
        (&full, "200 {}"),
        (&nor, "200 {}"),
        (&values, "200 {}"),
        (&patterns, "400 INVALID_ARGUMENT filter: …500…"),
        (&conditions, "400 INVALID_ARGUMENT filter: …500…"),
        (&long, "400 INVALID_ARGUMENT filter: …8…"),
        (deep, "400 INVALID_ARGUMENT include: …5 deep"),
        (&wide, "400 INVALID_ARGUMENT order_by: …16…"),
        (&ids, "400 INVALID_ARGUMENT ids: has more than 1000 ids"),
    ])
    .await;
}

pub(crate) async fn s18_patch(api: &Api) {
    fill(
        api,
        &[r#""title":"t","note":"x","n":1,"address":{"city":"Ulm","number":3}"#],
    )
    .await;
    api.check(&[
        // The mask says what; what is absent is cleared.
        (
            "PATCH /v1/items/1?update_mask=note,n\n\n{\"n\":2,\"title\":\"ignored\"}",
            r#"200 {"id":"1","title":"t","n":2,"address":{"city":"Ulm","number":3}}"#,
        ),
        (
            "PATCH /v1/items/1?update_mask=address.number\n\n{}",
            r#"200 {"id":"1","title":"t","n":2,"address":{"city":"Ulm"}}"#,
        ),
        // Without one, what is present is set; null is absence.
        (
            "PATCH /v1/items/1\n\n{\"note\":\"y\",\"n\":null}",
            r#"200 {"id":"1","title":"t","note":"y","n":2,"address":{"city":"Ulm"}}"#,
        ),
        (
            "PATCH /v1/items/1?update_mask=n\n\n{\"n\":null}",
            r#"200 {"id":"1","title":"t","note":"y","address":{"city":"Ulm"}}"#,
        ),
        (
            "POST /v1/items?item_id=2\n\n{\"note\":null}",
            r#"200 {"id":"2"}"#,
        ),
    ])
    .await;
}
