use super::*;
use crate::testing::{KITCHEN, fixture};

fn encoded(json: &str) -> Vec<u8> {
    let bytes = fixture().encode(KITCHEN, json);
    let tables = &fixture().tables;
    crate::canonicalize(tables, fixture().id(KITCHEN), &bytes)
        .unwrap()
        .into_owned()
}

/// The same, with the entries of maps in the order of the text.
fn ordered(json: &str) -> Vec<u8> {
    let (tables, id) = (&fixture().tables, fixture().id(KITCHEN));
    crate::json::decode(
        tables,
        id,
        json.as_bytes(),
        &crate::json::DecodeOptions::default(),
    )
    .unwrap()
}

fn parse(paths: &[&str]) -> Result<Mask, MaskError> {
    let paths = paths.iter().copied();
    Mask::parse(&fixture().tables, fixture().id(KITCHEN), paths)
}

fn view(bytes: &[u8]) -> View<'_> {
    View::new(&fixture().tables, fixture().id(KITCHEN), bytes)
}

#[test]
fn a_merge_takes_what_the_mask_names() {
    let base = r#"{"id":"a","displayName":"old","tags":["x"],"text":"t","child":{"id":"c","note":"n"},"far":"f"}"#;
    let update = r#"{"displayName":"new","number":"7","child":{"note":"m","i32":3}}"#;
    let table: &[(&[&str], &str)] = &[
        (&[], base),
        (&["*"], update),
        (
            &["display_name", "far"],
            r#"{"id":"a","displayName":"new","tags":["x"],"text":"t","child":{"id":"c","note":"n"}}"#,
        ),
        (
            &["child.note"],
            r#"{"id":"a","displayName":"old","tags":["x"],"text":"t","child":{"id":"c","note":"m"},"far":"f"}"#,
        ),
        (
            &["child", "child.id", "tags"],
            r#"{"id":"a","displayName":"old","text":"t","child":{"note":"m","i32":3},"far":"f"}"#,
        ),
        (
            &["number"],
            r#"{"id":"a","displayName":"old","tags":["x"],"number":"7","child":{"id":"c","note":"n"},"far":"f"}"#,
        ),
        (
            &["spoon.size", "text"],
            r#"{"id":"a","displayName":"old","tags":["x"],"child":{"id":"c","note":"n"},"far":"f"}"#,
        ),
    ];
    let (base, update) = (encoded(base), encoded(update));
    for (paths, expected) in table {
        let merged = merge(&view(&base), &view(&update), &parse(paths).unwrap());
        assert_eq!(merged, encoded(expected), "{paths:?}");
    }
}

#[test]
fn a_projection_keeps_what_the_mask_names() {
    let bytes = encoded(
        r#"{"id":"a","child":{"id":"c","note":"n"},"spoons":[{"name":"s","size":1},{"size":2}],"labels":{"k":"v"}}"#,
    );
    let mask = parse(&["child.id", "spoons.size", "labels"]).unwrap();
    let expected =
        encoded(r#"{"child":{"id":"c"},"spoons":[{"size":1},{"size":2}],"labels":{"k":"v"}}"#);
    assert_eq!(project(&view(&bytes), &mask), expected);
    assert_eq!(project(&view(&bytes), &Mask::whole()), bytes);
}

#[test]
fn the_mask_of_a_message_names_its_leaves() {
    let bytes = encoded(
        r#"{"id":"a","child":{"note":"n","child":{}},"createTime":"2020-01-01T00:00:00Z","tags":["a","b"]}"#,
    );
    let expected = parse(&["id", "child.note", "child.child", "create_time", "tags"]);
    assert_eq!(Mask::of(&view(&bytes)), expected.unwrap());
}

#[test]
fn a_path_that_names_no_field_is_an_error() {
    let table = [
        ("nope", "has no field `nope`"),
        ("child.nope", "has no field `nope`"),
        ("id.x", "`id` has no fields"),
        ("labels.k.x", "`k` has no fields"),
        ("spoons_by_id.x", "`x` is no key of the map `spoons_by_id`"),
        ("spoons_by_id.7.nope", "has no field `nope`"),
        ("colors_by_flag.1", "`1` is no key of the map"),
        ("`id`", "has no field `id`"),
        ("labels.`k", "has a backtick that is not closed"),
        ("*", "`*` is all fields and stands alone"),
        ("create_time.seconds", "`create_time` has no fields"),
        ("", "path 2 of the mask is empty"),
        ("child.", "has an empty segment"),
        (".id", "has an empty segment"),
        ("child.*", "has no field `*`"),
    ];
    for (path, expected) in table {
        let error = parse(&["id", path]).unwrap_err();
        assert_eq!(error.path, path);
        assert!(error.message.contains(expected), "{error}");
    }
    let after = parse(&["*", "id"]).unwrap_err();
    assert_eq!(
        (&*after.path, after.message.contains("alone")),
        ("id", true)
    );
    assert_eq!(parse(&["displayName"]), parse(&["display_name"]));
    // What ProtoJSON makes of `boxedI64`, whose proto name is `boxed_i64`, and of `line1`.
    assert_eq!(parse(&["boxed_i64"]), parse(&["boxedI64"]));
    assert_eq!(parse(&["s32", "sf_32"]).unwrap_err().path, "sf_32");
}

#[test]
fn keys_of_maps_are_merged_one_by_one() {
    let base = r#"{"id":"a","labels":{"x":"1","a.b":"2","z":"3"},
        "spoonsById":{"7":{"name":"s","size":1},"8":{"size":2}}}"#;
    let update = r#"{"labels":{"a.b":"9","new":"n","y":"?"},
        "spoonsById":{"7":{"size":5},"-9":{"name":"m","size":3}}}"#;
    let table: &[(&[&str], &str)] = &[
        (
            &["labels.x", "labels.`a.b`"],
            r#"{"id":"a","labels":{"a.b":"9","z":"3"},
               "spoonsById":{"7":{"name":"s","size":1},"8":{"size":2}}}"#,
        ),
        (
            &["labels.new", "labels.none", "labels.`z`"],
            r#"{"id":"a","labels":{"x":"1","a.b":"2","new":"n"},
               "spoonsById":{"7":{"name":"s","size":1},"8":{"size":2}}}"#,
        ),
        (
            &[
                "spoonsById.7.size",
                "spoons_by_id.8",
                "spoons_by_id.-9.name",
            ],
            r#"{"id":"a","labels":{"x":"1","a.b":"2","z":"3"},
               "spoonsById":{"7":{"name":"s","size":5},"-9":{"name":"m"}}}"#,
        ),
        (
            &["labels.x", "labels"],
            r#"{"id":"a","labels":{"a.b":"9","new":"n","y":"?"},
               "spoonsById":{"7":{"name":"s","size":1},"8":{"size":2}}}"#,
        ),
    ];
    let (base, update) = (ordered(base), ordered(update));
    for (paths, expected) in table {
        let merged = merge(&view(&base), &view(&update), &parse(paths).unwrap());
        assert_eq!(merged, ordered(expected), "{paths:?}");
    }
}

#[test]
fn keys_of_maps_are_picked() {
    let bytes = ordered(
        r#"{"labels":{"x":"1","a.b":"2"},"spoonsById":{"7":{"name":"s","size":1},"8":{"size":2}}}"#,
    );
    let mask = parse(&["labels.`a.b`", "spoons_by_id.7.name", "spoons_by_id.9"]).unwrap();
    let expected = ordered(r#"{"labels":{"a.b":"2"},"spoonsById":{"7":{"name":"s"}}}"#);
    assert_eq!(project(&view(&bytes), &mask), expected);
}
