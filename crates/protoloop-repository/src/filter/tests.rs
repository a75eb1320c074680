use proptest::prelude::*;

use super::Filter;
use crate::{OrderBy, testing::model};

#[track_caller]
fn refused(text: &str, expected: &str) {
    let model = model("laws.v1.Item");
    match Filter::parse(&model, text) {
        Ok(filter) => panic!("`{text}` was read as {filter:?}"),
        Err(error) => assert_eq!(error.to_string(), expected, "`{text}`"),
    }
}

const MISTAKES: &[(&str, &str)] = &[
    // Syntax.
    ("title =", "column 8: the filter ends where a value is due"),
    ("title = \"x", "column 9: the \" is not closed"),
    ("(title = x", "column 11: `)` is missing at the end"),
    (
        "title = x)",
        "column 10: found `)` where an operator or the end is due",
    ),
    ("title == x", "column 7: write `=` instead of `==`"),
    ("title ! x", "column 7: write `!=`, or `NOT` in front"),
    ("= x", "column 1: found `=` where a property name is due"),
    (
        "title = x AND",
        "column 14: the filter ends where a property name is due",
    ),
    (
        "title = x OR",
        "column 13: the filter ends where a property name is due",
    ),
    (
        "title = x, rank = 1",
        "column 10: found `,` where a property name is due",
    ),
    (
        "NOT",
        "column 4: the filter ends where a property name is due",
    ),
    (
        "title = lower(x)",
        "column 9: `lower(…)` cannot stand on the right; compare with a value",
    ),
    (
        "title. = x",
        "column 7: found ` ` where a property name is due",
    ),
    // Names.
    (
        "titel = x",
        "column 1: `Item` has no field `titel`; did you mean `title`?",
    ),
    ("é = x", "column 1: `Item` has no field `é`"),
    (
        "rank = 1 AND (titel = x)",
        "column 15: `Item` has no field `titel`; did you mean `title`?",
    ),
    (
        "address.town = x",
        "column 9: `Address` has no field `town`",
    ),
    ("title.x = 1", "column 7: `title` has no field `x`"),
    ("due.seconds = 1", "column 5: `due` has no field `seconds`"),
    ("tags.x = 1", "column 1: `tags` is a list; test it with `:`"),
    (
        "labels.env.x = 1",
        "column 12: a value of this map has no field `x`",
    ),
    // Values.
    ("rank = x", "column 8: `x` is no 32-bit integer"),
    ("rank = \"1\"", "column 8: `1` is no 32-bit integer"),
    (
        "rank = 2147483648",
        "column 8: `2147483648` is no 32-bit integer",
    ),
    ("rank = 1.0", "column 8: `1.0` is no 32-bit integer"),
    (
        "size = 9223372036854775808",
        "column 8: `9223372036854775808` is no 64-bit integer",
    ),
    ("total = -1", "column 9: `-1` is no unsigned 64-bit integer"),
    ("price = nan", "column 9: `nan` is no number"),
    ("price = 1e999", "column 9: `1e999` is no number"),
    ("done = 1", "column 8: `1` is no bool: write true or false"),
    (
        "color = PINK",
        "column 9: `PINK` is no value of laws.v1.Color: COLOR_UNSPECIFIED, RED, BLUE",
    ),
    ("data = \"?\"", "column 8: `?` is no base64 text"),
    (
        "due > yesterday",
        "column 7: `yesterday` is no time: write it as in RFC 3339, \"2026-01-31T12:00:00Z\"",
    ),
    (
        "due > 2023-02-29",
        "column 7: `2023-02-29` is no time: write it as in RFC 3339, \"2026-01-31T12:00:00Z\"",
    ),
    (
        "span > 5",
        "column 8: `5` is no duration: write seconds, 1.5s",
    ),
    // Operators.
    (
        "title",
        "column 1: `title` alone is no condition; write `title = value` or `title:*`",
    ),
    (
        "tags = x",
        "column 8: `tags` holds many values; test it with `tags:value`",
    ),
    (
        "done > true",
        "column 8: `done` has no order; compare it with `=` or `!=`",
    ),
    (
        "address = x",
        "column 11: the property is a message; name a field of it, or test it with `:*`",
    ),
    (
        "lower(title)",
        "column 1: there is no function `lower`; there are like, ilike, regexp, contains, containsAny, containedBy, \
         length, distance, some, every, none",
    ),
    (
        "like(title)",
        "column 1: like takes a property and a pattern",
    ),
    (
        "like(rank, \"x\")",
        "column 6: `rank` is no string, which like is for",
    ),
    (
        "regexp(title, \"(\")",
        "column 15: the regular expression is wrong: unclosed group",
    ),
    (
        "regexp(title, \"(a{1000}){1000}\")",
        "column 15: the regular expression is too large",
    ),
    (
        "contains(tags)",
        "column 1: contains takes a property and at least one value",
    ),
    (
        "length(title) = 1",
        "column 8: `title` is no list, which length is for",
    ),
    (
        "length(tags)",
        "column 1: write `length(f) = 2`, or another comparison",
    ),
    (
        "some(title, rank = 1)",
        "column 6: `title` is no relation, which some is for",
    ),
    (
        "rank = (1 OR rank = 2)",
        "column 14: only values can stand in a group on the right",
    ),
];

#[test]
fn mistakes_are_named_with_their_column() {
    for (text, expected) in MISTAKES {
        refused(text, expected);
    }
}

#[test]
fn size_and_depth_are_bounded() {
    refused(
        &"x".repeat(8193),
        "column 1: a filter has at most 8192 bytes",
    );
    let nested = |depth: usize| format!("{}done = true{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&model("laws.v1.Item"), &nested(32)).is_ok());
    refused(&nested(33), "column 33: parentheses nest at most 32 deep");
    let many = vec!["rank=1"; 501].join(" ");
    refused(&many, "column 3501: a filter has at most 500 conditions");
}

#[test]
fn fields_that_may_not_be_filtered_are_refused() {
    let model = model("shop.v1.Book");
    let table = [
        (
            "internal_note = x",
            "column 1: `Book` has no field `internal_note`",
        ),
        (
            "cover.secret = x",
            "column 7: `Cover` has no field `secret`",
        ),
        (
            "password = x",
            "column 1: `password` can be neither filtered nor ordered by",
        ),
        (
            "slow = x",
            "column 1: `slow` can be neither filtered nor ordered by",
        ),
    ];
    for (text, expected) in table {
        let error = Filter::parse(&model, text).unwrap_err();
        assert_eq!(error.to_string(), expected);
        let order = text.split(' ').next().unwrap();
        assert!(OrderBy::parse(&model, order).is_err(), "{order}");
    }
}

#[test]
fn orders_are_checked() {
    let model = model("laws.v1.Item");
    let table = [
        (
            "titel",
            "column 1: `Item` has no field `titel`; did you mean `title`?",
        ),
        ("rank,", "column 6: a property name is due here"),
        ("rank, ,size", "column 7: a property name is due here"),
        (
            "rank up",
            "column 1: found `up` where `asc`, `desc` or a comma is due",
        ),
        (
            "rank desc desc",
            "column 1: found `desc` where a comma is due",
        ),
        ("rank, size, rank desc", "column 13: `rank` is named twice"),
        (
            "tags",
            "column 1: `tags` cannot be ordered by: it is no single value",
        ),
        (
            "address",
            "column 1: `address` cannot be ordered by: it is no single value",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(
            OrderBy::parse(&model, text).unwrap_err().to_string(),
            expected
        );
    }
    let order = OrderBy::parse(&model, " address.city DESC ,rank asc").unwrap();
    let terms: Vec<&str> = order.terms().iter().map(|term| term.path.text()).collect();
    assert_eq!(terms, ["address.city", "rank", "id"]);
}

#[test]
fn names_are_taken_in_both_spellings() {
    let model = model("shop.v1.Book");
    let spellings = ["createTime > 2024-01-01", "create_time > 2024-01-01"];
    let [a, b] = spellings.map(|text| Filter::parse(&model, text).unwrap());
    assert_eq!(a, b);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,80}") {
        let model = model("laws.v1.Item");
        if let Ok(filter) = Filter::parse(&model, &text) {
            let _ = filter.matches(&model, &[]);
        }
        let _ = OrderBy::parse(&model, &text);
    }

    #[test]
    fn no_likely_text_makes_the_parser_panic(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "title", "rank", "address.city", "labels.k", "tags", "due", "AND", "OR", "NOT", "-", "(", ")", "=",
                "!=", "<", ":", "*", "\"", "\"a*\"", "\\", "1", "true", "like(", ",", " ", ".", "2024-01-01", "RED",
                "regexp(title, \"a|b\")", "é",
            ]),
            0..25,
        )
    ) {
        let model = model("laws.v1.Item");
        for text in [parts.concat(), parts.join(" ")] {
            if let Ok(filter) = Filter::parse(&model, &text) {
                // A negation selects the other rows.
                let not = Filter::Not(Box::new(filter.clone()));
                prop_assert!(filter.matches(&model, &[]) != not.matches(&model, &[]));
            }
        }
    }
}
