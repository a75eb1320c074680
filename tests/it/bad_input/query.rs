//! Query parameters: pages, filters, orders, masks.

use super::table::{Row, refuse};

fn list(query: &str, names: &'static str) -> Row {
    Row::new("GET", format!("/v1/dishes?{query}"), names)
}

#[test]
fn an_unknown_or_malformed_parameter_is_refused() {
    refuse(&[
        list("colour=red", "colour"),
        list("filter.x=1", "filter"),
        list("pageSize=abc", "page"),
        list("pageSize=1.5", "page"),
        list("pageSize=", "page"),
        list("pageSize=-1", "page"),
        list("pageSize=99999999999", "page"),
        list("pageSize=1&pageSize=2", "page"),
        list("pageSize=1&page_size=2", "page"),
        list("skip=-1", "skip"),
        list("filter=%ff", "filter"),
        list("filter=%zz", "filter"),
        list("filter=%2", "filter"),
        Row::new("GET", "/v1/dishes/x?colour=red", "colour"),
        Row::new("GET", "/v1/dishes/x?id=y", "id"),
        Row::new("POST", "/v1/dishes?dish.name=x", "dish").json("{}"),
        Row::new("POST", "/v1/dishes?colour=x", "colour").json("{}"),
        Row::new("DELETE", "/v1/dishes/x?allowMissing=maybe", "allow"),
    ]);
}

#[test]
fn a_page_token_of_others_is_refused() {
    refuse(&[
        list("pageToken=x", "page"),
        list(
            "pageToken=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "page",
        ),
        list("pageToken=%20", "page"),
        list("pageToken=%F0%9F%8D%95", "page"),
    ]);
}

#[test]
fn a_filter_is_refused_with_its_column() {
    let filter =
        |text: &str, names: &'static str| list(&format!("filter={}", encoded(text)), names);
    refuse(&[
        filter("colour = \"red\"", "colour").and_names("1"),
        filter("vegan = true AND colour = 5", "colour").and_names("18"),
        filter("name =", "column 7"),
        filter("= 5", "1"),
        filter("name = \"a\" AND", "filter"),
        filter("name = \"a\" AND (small = 1", "filter"),
        filter("name = \"a\")", "11"),
        filter("name = \"a", "8"),
        filter("small = \"x\"", "column 9"),
        filter("small = 1.5", "column 9"),
        filter("small = 99999999999", "column 9"),
        filter("count = -1", "column 9"),
        filter("vegan = 1", "column 9"),
        filter("vegan > true", "vegan"),
        filter("course = PUDDING", "PUDDING"),
        filter("sold_at > \"yesterday\"", "column 11"),
        filter("origin.planet = \"x\"", "planet"),
        filter("name.length = 1", "name"),
        filter("tags = \"a\"", "tags"),
        filter("nosuch(name)", "nosuch"),
        filter("regexp(name, \"(\")", "regular expression"),
        filter("like(small, \"1\")", "small"),
        filter("name ~ \"a\"", "name"),
        filter("\u{1}", "1"),
        filter(&"(".repeat(5_000), "filter"),
        filter(&"NOT ".repeat(1_000), "filter"),
        filter(&format!("name = \"{}\"", "x".repeat(9_000)), "filter"),
    ]);
}

#[test]
fn an_order_is_refused_by_its_field() {
    let order =
        |text: &str, names: &'static str| list(&format!("orderBy={}", encoded(text)), names);
    refuse(&[
        order("colour", "colour"),
        order("name sideways", "sideways"),
        order("name desc asc", "asc"),
        order("name,,price", "order_by"),
        order(",", "order_by"),
        order("name desc,", "order_by"),
        order("tags", "tags"),
        order("labels", "labels"),
        order("origin.planet", "planet"),
    ]);
}

#[test]
fn a_mask_is_refused_by_its_path() {
    let update = |mask: &str, names: &'static str| {
        Row::new(
            "PATCH",
            format!("/v1/dishes/none?updateMask={}", encoded(mask)),
            names,
        )
        .json("{}")
    };
    refuse(&[
        update("colour", "colour"),
        update("name,colour", "colour"),
        update("origin.planet", "planet"),
        update("name.first", "name"),
        update("name,", "character 6"),
        update("*,name", "character 1"),
        update("labels.`a", "character 8"),
        update("tags.0", "tags"),
        list("readMask=colour", "colour"),
        Row::new("GET", "/v1/dishes/x?readMask=colour", "colour"),
    ]);
}

/// Every byte that is not a letter or a digit as `%XX`.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}
