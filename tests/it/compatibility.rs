//! `protoloop check --against`, beside `buf breaking` where there is one.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use serde_json::Value;

use crate::support::{folder, root, run, tools};

#[path = "../fixtures/compatibility/cases.rs"]
mod cases;

fn fixture(name: &str) -> String {
    let path = root().join("tests/fixtures/compatibility").join(name);
    fs::read_to_string(path).expect("it is there")
}

/// A folder with `old/` and `new/` of one text each.
fn sides(old: &str, new: &str) -> tempfile::TempDir {
    let folder = folder();
    for (side, text) in [("old", old), ("new", new)] {
        let side = folder.path().join(side);
        fs::create_dir(&side).expect("the folder is ours");
        fs::write(side.join("shop.proto"), text).expect("the folder is ours");
    }
    folder
}

const OLD: &str = r#"syntax = "proto3";
package shop.v1;
message Book {
  string title = 1;
  string isbn = 2;
}
"#;

#[test]
fn breaking_changes_are_told_with_their_place() {
    let folder = sides(
        OLD,
        &OLD.replace("  string isbn = 2;\n", "  bytes isbn = 3;\n"),
    );
    let check = |arguments: &[&str]| {
        let arguments = [&["check", "new", "--against", "old"], arguments].concat();
        run::protoloop(folder.path(), &arguments)
    };
    let ran = check(&[]);
    assert_eq!(ran.code, Some(2), "{ran}");
    for part in [
        "shop.proto:3:1: field-removed: shop.v1.Book.isbn (= 2) is gone, and neither its number nor its name is reserved \
         (breaks wire, json, source)",
        "help: keep the field, or write `reserved`",
        "1 breaking change",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{ran}");
    }
    for agreed in [
        &["--allow=field-removed"][..],
        &["--allow=*=shop.v1.*"],
        &["--breaks=rest,rows"],
    ] {
        let ran = check(agreed).succeeded();
        assert!(ran.stdout.contains("compatible with old"), "{ran}");
    }
    let wrong = check(&["--allow=field-gone"]);
    assert_eq!(wrong.code, Some(2), "{wrong}");
    assert!(wrong.stderr.contains("field-removed"), "{wrong}");

    let ran = check(&["--format=json", "--allow=field-renamed"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    let told: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let one = &told["breaking"][0];
    assert_eq!(one["rule"], "field-removed");
    assert_eq!(one["element"], "shop.v1.Book.isbn");
    assert_eq!(
        (&one["file"], &one["line"]),
        (&"shop.proto".into(), &3.into())
    );
    assert_eq!(one["breaks"], serde_json::json!(["wire", "json", "source"]));
}

#[test]
fn a_descriptor_set_is_compared_with_too() {
    let folder = sides(OLD, &OLD.replace("string isbn = 2;", "int32 isbn = 2;"));
    let run = |arguments: &[&str]| run::protoloop(folder.path(), arguments);
    run(&["generate", "descriptor", "old", "-o", "old.binpb"]).succeeded();
    let ran = run(&["check", "new", "--against", "old.binpb"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(
        ran.stdout.contains("shop.proto:5:3: field-type-changed"),
        "{ran}"
    );
    run(&["check", "old", "--against", "old.binpb"]).succeeded();

    fs::write(folder.path().join("new/shop.proto"), "message").expect("the folder is ours");
    let ran = run(&["check", "new", "--against", "old", "--format=json"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    let told: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(told["diagnostics"][0]["severity"], "error", "{ran}");
}

/// What a change breaks: over protobuf, JSON, in generated code.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
struct Broken {
    wire: bool,
    json: bool,
    source: bool,
}

/// What buf's rules are about, by its categories WIRE, WIRE_JSON, and FILE or PACKAGE.
fn category(rules: &str, rule: &str) -> Broken {
    let line = rules
        .lines()
        .find(|line| line.split_whitespace().next() == Some(rule));
    let line = line.unwrap_or_else(|| panic!("buf does not list {rule}"));
    let has = |name: &str| line.split([' ', ',']).any(|word| word == name);
    Broken {
        wire: has("WIRE"),
        json: has("WIRE_JSON"),
        source: has("FILE") || has("PACKAGE"),
    }
}

/// What buf finds, by the number of the case.
fn by_buf(buf: &Path, folder: &Path) -> BTreeMap<usize, Broken> {
    let rules =
        run::run(Command::new(buf).args(["config", "ls-breaking-rules", "--version", "v2"]));
    let rules = rules.succeeded().stdout;
    let ran = run::run(
        Command::new(buf)
            .args([
                "breaking",
                "new",
                "--against",
                "old",
                "--error-format",
                "json",
            ])
            .current_dir(folder),
    );
    assert_eq!(ran.code, Some(100), "{ran}");
    let mut found = BTreeMap::<_, Broken>::new();
    for line in ran.stdout.lines() {
        let told: Value = serde_json::from_str(line).expect("JSON");
        let path = told["path"].as_str().expect("a path");
        let number = path
            .split("case")
            .nth(1)
            .and_then(|rest| rest.split('/').next());
        let number = number
            .and_then(|number| number.parse().ok())
            .expect("a case");
        let one = category(&rules, told["type"].as_str().expect("a rule"));
        let broken = found.entry(number).or_default();
        broken.wire |= one.wire;
        broken.json |= one.json;
        broken.source |= one.source;
    }
    found
}

/// What `check` finds in one case, without the rules that are about what buf does not know.
fn by_us(folder: &Path, number: usize) -> Broken {
    let case = format!("new/case{number}/a.proto");
    let against = format!("old/case{number}/a.proto");
    let all = "--breaks=wire,json,rest,rows,source";
    let ran = run::protoloop(
        folder,
        &["check", &case, "--against", &against, all, "--format=json"],
    );
    assert!(matches!(ran.code, Some(0 | 2)), "{ran}");
    let told: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let mut broken = Broken::default();
    for one in told["breaking"].as_array().expect("a list") {
        let rule = one["rule"].as_str().expect("a rule");
        // Field behaviors and models; and methods of synthesised services, which stand in no file.
        let ours = rule.starts_with("field-became") || rule.starts_with("model-");
        let synthesised = one["element"]
            .as_str()
            .is_some_and(|name| name.contains("BookService"))
            || one["element"]
                .as_str()
                .is_some_and(|name| name.contains("Request") && !name.contains("PrintRequest"))
            || one["element"]
                .as_str()
                .is_some_and(|name| name.contains("Response") && !name.contains("PrintResponse"));
        if ours || synthesised {
            continue;
        }
        let breaks = |name: &str| {
            one["breaks"]
                .as_array()
                .is_some_and(|all| all.contains(&name.into()))
        };
        broken.wire |= breaks("wire");
        broken.json |= breaks("json") || breaks("wire");
        broken.source |= breaks("source");
    }
    broken
}

/// Where we find more: buf does not take the loss of a service or method for one of callers, nor looks by the names of enum
/// values for their numbers.
const STRICTER: [&str; 3] = [
    "a service is gone",
    "a method is gone",
    "enum values exchange their numbers",
];

#[test]
fn what_buf_finds_is_found() {
    let Some(buf) = tools::buf() else {
        return;
    };
    let folder = folder();
    let text = fixture("cases.txt");
    let cases = cases::all(&text);
    for side in ["old", "new"] {
        let side_folder = folder.path().join(side);
        copy(&root().join("proto"), &side_folder);
        let config = "version: v2\nbreaking:\n  use: [FILE, PACKAGE, WIRE_JSON, WIRE]\n";
        fs::write(side_folder.join("buf.yaml"), config).expect("the folder is ours");
        for (number, case) in cases.iter().enumerate() {
            let base = fixture(case.base);
            let text = if side == "old" {
                base
            } else {
                case.apply(&base)
            };
            let package = format!("package case{number}.v1;");
            let text = text
                .replace("package shop.v1;", &package)
                .replace("package old.v1;", &package);
            let place = side_folder.join(format!("case{number}"));
            fs::create_dir(&place).expect("the folder is ours");
            fs::write(place.join("a.proto"), text).expect("the folder is ours");
        }
    }
    let found = by_buf(&buf, folder.path());
    let mut differences = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let theirs = found.get(&number).copied().unwrap_or_default();
        let ours = by_us(folder.path(), number);
        if theirs != ours && !STRICTER.contains(&case.title) {
            differences.push(format!("{}: buf {theirs:?}, we {ours:?}", case.title));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Copies a folder with all below it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is ours");
    for entry in fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("it can be read");
        let place = to.join(entry.file_name());
        match entry.file_type().expect("it has one").is_dir() {
            true => copy(&entry.path(), &place),
            false => drop(fs::copy(entry.path(), place).expect("copied")),
        }
    }
}

/// The examples of the repository are what they were.
#[test]
fn a_schema_is_compatible_with_itself() {
    for name in ["todo", "shop", "library"] {
        let path = root().join("examples").join(name);
        if path.exists() {
            let path = path.to_str().expect("UTF-8");
            let ran = run::protoloop(
                &root(),
                &[
                    "check",
                    path,
                    "--against",
                    path,
                    "--breaks=wire,json,rest,rows,source",
                ],
            );
            ran.succeeded();
        }
    }
}
