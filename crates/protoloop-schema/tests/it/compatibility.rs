//! What changes break. The cases lie in `tests/fixtures/compatibility` of the repository, where buf is asked about them too.

use std::{fmt::Write as _, fs};

use protoloop_schema::{
    Schema,
    compatibility::{Allowed, Rule, Surface, compare},
};

use crate::support::{compile, schema};

#[path = "../../../../tests/fixtures/compatibility/cases.rs"]
mod cases;

fn base(name: &str) -> String {
    let path = format!("../../tests/fixtures/compatibility/{name}");
    fs::read_to_string(path).expect("it is there")
}

#[test]
fn every_change_is_told() {
    let mut told = String::new();
    for case in cases::all(&base("cases.txt")) {
        let old = base(case.base);
        let new = case.apply(&old);
        writeln!(told, "# {}", case.title).unwrap();
        for breaking in compare(&schema(&old), &schema(&new)) {
            writeln!(told, "{breaking}\n  element: {}", breaking.element).unwrap();
        }
    }
    insta::with_settings!({ snapshot_path => "../compatibility", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("cases", told);
    });
}

/// A rule that no case breaks is one that nobody has seen.
#[test]
fn every_rule_has_a_case() {
    let mut seen = Vec::new();
    for case in cases::all(&base("cases.txt")) {
        let old = base(case.base);
        let found = compare(&schema(&old), &schema(&case.apply(&old)));
        seen.extend(found.into_iter().map(|breaking| breaking.rule));
    }
    let files = [
        Rule::FileRemoved,
        Rule::FilePackageChanged,
        Rule::FileSyntaxChanged,
        Rule::ElementMoved,
        Rule::EnumRemoved,
        Rule::EnumTypeChanged,
        Rule::MessageOptionChanged,
        Rule::ColumnRemoved,
    ];
    let unseen = Rule::ALL.iter();
    let unseen: Vec<_> = unseen
        .filter(|rule| !seen.contains(rule) && !files.contains(rule))
        .collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}

const ONE: &str = "syntax = \"proto3\"; package a.v1; message A { string b = 1; string c = 2; }";

#[test]
fn what_is_agreed_to_is_told_apart() {
    let found = compare(&schema(ONE), &schema(&ONE.replace("string b = 1; ", "")));
    let [gone] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(gone.element, "a.v1.A.b");
    assert!(gone.breaks_any(&Surface::RUNNING));
    for (text, allows) in [
        ("field-removed", true),
        ("*", true),
        ("field-removed=a.v1.A.b", true),
        ("field-removed=a.v1.*", true),
        ("*=a.v1.A.b", true),
        ("field-removed=a.v1.A", false),
        ("field-removed=b.v1.*", false),
        ("field-renamed", false),
    ] {
        let allowed: Allowed = text.parse().expect("a rule");
        assert_eq!(allowed.allows(gone), allows, "{text}");
    }
    let wrong = "FIELD_NO_DELETE"
        .parse::<Allowed>()
        .expect_err("no rule of ours");
    assert!(
        wrong.to_string().contains("there is field-removed"),
        "{wrong}"
    );
}

#[test]
fn a_message_that_changes_its_file_kind_is_told() {
    let old = "syntax = \"proto2\"; package a.v1; enum E { X = 0; } enum F { Y = 0; }";
    let new = "syntax = \"proto3\"; package b.v1; enum E { X = 0; }";
    let package = compare(&schema(old), &schema(new));
    let package: Vec<_> = package
        .iter()
        .map(|breaking| breaking.rule.name())
        .collect();
    assert_eq!(
        package,
        [
            "file-package-changed",
            "file-syntax-changed",
            "enum-removed",
            "enum-removed"
        ]
    );
    let found = compare(
        &schema(old),
        &schema(
            &old.replace("proto2", "proto3")
                .replace("enum F { Y = 0; }", ""),
        ),
    );
    let found: Vec<_> = found.iter().map(|breaking| breaking.rule.name()).collect();
    assert_eq!(
        found,
        ["file-syntax-changed", "enum-removed", "enum-type-changed"]
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Descriptors that are hurt and can still be read.
    #[test]
    fn any_two_schemas_are_compared(
        hurt in proptest::collection::vec((proptest::prelude::any::<usize>(), proptest::prelude::any::<u8>()), 1..6)
    ) {
        static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let bytes = BYTES.get_or_init(|| compile(&base("shop.proto")));
        let mut changed = bytes.clone();
        for (at, byte) in hurt {
            let at = at % changed.len();
            changed[at] = byte;
        }
        if let Ok(new) = Schema::from_descriptor_set(&changed) {
            let old = Schema::from_descriptor_set(bytes).expect("it compiles");
            // Whatever they find: no panic.
            drop((compare(&old, &new), compare(&new, &old)));
            proptest::prop_assert_eq!(compare(&new, &new), []);
        }
    }
}
