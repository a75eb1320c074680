//! Conditions on elements of lists, orders by values of any type, distances: row S6 in depth.

use crate::{api::Api, requests::fill};

pub(crate) async fn s6_elements(api: &Api) {
    let items = [
        r#""covers":[{"city":"Ulm","number":1},{"city":"Bonn"}],"extra":{"l":["x","y"],"v":3}"#,
        r#""covers":[{"city":"Ulm","number":7}],"extra":{"l":["x",5,true,["z"]],"v":"3"}"#,
        r#""covers":[],"extra":{"l":[],"v":true}"#,
        r#""covers":[{}],"extra":{"l":"x","v":10}"#,
        r#""extra":{"l":{"x":"x"},"v":"a"}"#,
        "",
    ];
    fill(api, &items).await;
    api.items(&[
        // A condition on a list of messages is fulfilled by any element; its complement by none.
        ("filter=covers.city = Ulm", "1 2"),
        ("filter=covers.city != Ulm", "3 4 5 6"),
        ("filter=covers.number > 1", "2"),
        ("filter=covers.city = Ulm AND covers.city = Bonn", "1"),
        ("filter=covers.city:*", "1 2"),
        ("filter=covers.number:*", "1 2"),
        (r#"filter=covers.city = """#, "4"),
        (r#"filter=like(covers.city, "B%")"#, "1"),
        ("filter=covers.city = (Bonn OR Ulm)", "1 2"),
        (r#"filter={"where":{"covers.city":{"inq":["Bonn"]}}}"#, "1"),
        (
            r#"filter={"where":{"covers.number":{"between":[1,6]}}}"#,
            "1",
        ),
        (
            "filter=covers.town = x",
            "400 INVALID_ARGUMENT filter: column 8: …`town`…",
        ),
        (
            "order_by=covers.city",
            "400 INVALID_ARGUMENT order_by: …`covers` is a list…",
        ),
        // Lists in a Struct.
        ("filter=extra.l:x", "1 2 4"),
        ("filter=extra.l:5", "2"),
        ("filter=extra.l:true", "2"),
        ("filter=extra.l:z", ""),
        ("filter=contains(extra.l, x, y)", "1"),
        ("filter=containsAny(extra.l, y, 5)", "1 2"),
        ("filter=containedBy(extra.l, x, y)", "1 3"),
        ("filter=length(extra.l) = 4", "2"),
        ("filter=length(extra.l) >= 0", "1 2 3"),
        ("filter=length(extra.l) != 0", "1 2 4 5 6"),
        (r#"filter={"where":{"extra.l":{"contains":["x",5]}}}"#, "2"),
        (r#"filter={"where":{"extra.l":{"length":{"gt":2}}}}"#, "2"),
        // Values in a Struct: numbers, then texts, then truth values, then those that are neither or not there.
        ("order_by=extra.v", "1 4 2 5 3 6"),
        ("order_by=extra.v desc, id", "6 3 5 2 4 1"),
        ("order_by=extra.v&page_size=2&skip=1", "4 2 →"),
        (r#"filter={"order":"extra.v DESC","limit":2}"#, "6 3 →"),
    ])
    .await;
    let page = "GET /v1/items?order_by=extra.v&page_size=1&read_mask=id";
    let (mut text, mut seen) = (page.to_owned(), String::new());
    for _ in 0..6 {
        let answer: serde_json::Value = serde_json::from_str(&api.ok(&text).await).unwrap();
        seen += answer["items"][0]["id"].as_str().unwrap();
        let token = answer["nextPageToken"].as_str().unwrap_or_default();
        text = format!("{page}&page_token={token}");
    }
    assert_eq!(seen, "142536");
}

#[allow(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) async fn s6_distances(api: &Api) {
    let items = [
        r#""title":"Berlin","place":{"latitude":52.52,"longitude":13.405}"#,
        r#""title":"Paris","place":{"latitude":48.8566,"longitude":2.3522}"#,
        r#""title":"Sydney","place":{"latitude":-33.8688,"longitude":151.2093}"#,
        r#""title":"Null","place":{}"#,
        r#""title":"nowhere""#,
    ];
    fill(api, &items).await;
    let wrong = [
        (
            "filter=distance(place, 91, 0) < 5",
            "400 INVALID_ARGUMENT filter: column 17: there is no such place…",
        ),
        (
            "filter=distance(title, 1, 0) < 5",
            "400 INVALID_ARGUMENT filter: column 10: `title` is no google.type.LatLng…",
        ),
        (
            "filter=distance(place, 1) < 5",
            "400 INVALID_ARGUMENT filter: …",
        ),
        (
            "filter=distance(place, 1, 1) = 5",
            "400 INVALID_ARGUMENT filter: …",
        ),
        (
            r#"filter={"where":{"place":{"near":"1,2","unit":"parsecs"}}}"#,
            "400 INVALID_ARGUMENT filter: …`parsecs` is no unit…",
        ),
        (
            r#"filter={"where":{"place":{"maxDistance":2}}}"#,
            "400 INVALID_ARGUMENT filter: …",
        ),
        (
            "order_by=distance(place, 1)",
            "400 INVALID_ARGUMENT order_by: …",
        ),
        (
            "order_by=distance(title, 1, 1)",
            "400 INVALID_ARGUMENT order_by: …",
        ),
    ];
    api.items(&wrong).await;
    if !api.capabilities().distances {
        let line = api
            .send("GET /v1/items?filter=distance(place, 52.5, 13.4) < 100000")
            .await
            .line();
        assert!(line.starts_with("501 UNIMPLEMENTED "), "{line}");
        return;
    }
    api.items(&[
        ("filter=distance(place, 52.5, 13.4) < 100000", "1"),
        ("filter=distance(place, 52.5, 13.4) < 1000000", "1 2"),
        ("filter=distance(place, 52.5, 13.4) >= 1000000", "3 4"),
        ("filter=NOT distance(place, 52.5, 13.4) < 1000000", "3 4 5"),
        ("filter=distance(place, -33.8688, 151.2093) <= 0", "3"),
        ("order_by=distance(place, 52.5, 13.4)", "1 2 4 3 5"),
        ("order_by=distance(place, 52.5, 13.4) desc", "5 3 4 2 1"),
        (r#"filter={"where":{"place":{"near":"52.5,13.4","maxDistance":1000,"unit":"kilometers"}}}"#, "1 2"),
        (r#"filter={"where":{"place":{"near":{"lat":48.8,"lng":2.3},"maxDistance":1000,"unit":"kilometers"}}}"#, "2 1"),
        (r#"filter={"where":{"place":{"near":{"lat":48.8,"lng":2.3},"maxDistance":1000}},"order":"id"}"#, "1 2"),
        (r#"filter={"where":{"place":{"near":"-30,150","minDistance":0}}}"#, "3 4 1 2"),
        (r#"filter={"where":{"place":{"near":"48.8,2.3"}},"limit":1}"#, "2 →"),
        (
            r#"filter={"where":{"place":{"near":"48.8,2.3"}}}&order_by=id desc"#,
            "4 3 2 1",
        ),
    ])
    .await;
    let count =
        r#"GET /v1/items:count?filter={"where":{"place":{"near":"48.8,2.3","maxDistance":1000}}}"#;
    api.check(&[(count, r#"200 {"count":"2"}"#)]).await;
    let page = "GET /v1/items?order_by=distance(place, 52.5, 13.4)&page_size=1&read_mask=id";
    let (mut text, mut seen) = (page.to_owned(), String::new());
    for _ in 0..5 {
        let answer: serde_json::Value = serde_json::from_str(&api.ok(&text).await).unwrap();
        seen += answer["items"][0]["id"].as_str().unwrap();
        let token = answer["nextPageToken"].as_str().unwrap_or_default();
        text = format!("{page}&page_token={token}");
    }
    assert_eq!(seen, "12435");
}
