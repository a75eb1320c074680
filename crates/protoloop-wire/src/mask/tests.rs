use super::*;
use crate::testing::{KITCHEN, fixture};

fn encoded(json: &str) -> Vec<u8> {
    let bytes = fixture().encode(KITCHEN, json);
    let tables = &fixture().tables;
    crate::canonicalize(tables, fixture().id(KITCHEN), &bytes)
        .unwrap()
        .into_owned()
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
        ("labels.k", "`labels` has no fields"),
        ("create_time.seconds", "`create_time` has no fields"),
        ("", "has no field ``"),
        ("child.", "has no field ``"),
        ("child.*", "has no field `*`"),
    ];
    for (path, expected) in table {
        let error = parse(&["id", path]).unwrap_err();
        assert_eq!(error.path, path);
        assert!(error.message.contains(expected), "{error}");
    }
    assert_eq!(parse(&["displayName"]), parse(&["display_name"]));
}
