use super::*;

fn step(sql: &[&str]) -> Step {
    Step {
        action: Action::AddColumn {
            table: "todos".to_owned(),
            column: "a \"quoted\"\nname".to_owned(),
        },
        phase: Phase::Expand,
        safety: Safety::Safe,
        long: false,
        required: true,
        alone: false,
        note: String::new(),
        sql: sql.iter().map(|sql| (*sql).to_owned()).collect(),
    }
}

#[test]
fn what_is_written_is_read() {
    let file = MigrationFile {
        version: 2,
        name: "add".to_owned(),
        dialect: Some("sqlite".to_owned()),
        steps: vec![step(&["SELECT 1"]), step(&["SELECT 2"]), step(&[])],
        record: BTreeMap::from([("todo.v1.Gone".to_owned(), None)]),
        checksum: String::new(),
    };
    let text = file.text(&["What it is for.".to_owned()]);
    let read = MigrationFile::parse(2, "add", &text).expect("reads");
    assert_eq!(read.checksum, checksum(&text));
    assert_eq!(read.record, file.record);
    assert_eq!(read.dialect, file.dialect);
    let actions = |file: &MigrationFile| -> Vec<_> {
        file.steps.iter().map(|step| step.action.clone()).collect()
    };
    assert_eq!(actions(&read), actions(&file));
    assert_eq!(read.steps[0].sql.len(), 1);
    assert!(read.steps[0].sql[0].starts_with("SELECT 1;"), "{text}");
    assert!(read.steps[2].sql.is_empty());
}

#[test]
fn a_file_by_hand_is_one_step() {
    let text = "-- why\nUPDATE a SET b = 1;\nUPDATE a SET c = 2;\n";
    let read = MigrationFile::parse(1, "hand", text).expect("reads");
    assert_eq!(read.steps.len(), 1);
    assert_eq!(read.phase(), Phase::Contract);
    assert!(read.steps[0].sql[0].ends_with("c = 2;"));
    let nothing = MigrationFile::parse(1, "none", "-- nothing\n\n").expect("reads");
    assert!(nothing.steps.is_empty());
}

#[test]
fn a_wrong_line_is_named() {
    for (text, expected) in [
        (
            "\n-- protoloop:step {\"kind\":\"fly\"}\n",
            "line 2: unknown variant `fly`",
        ),
        ("-- protoloop:step nothing\n", "line 1: "),
        ("-- protoloop:record []\n", "line 1: "),
        (
            "-- protoloop:stpe {}\n",
            "line 1: only step, record and dialect",
        ),
    ] {
        let error = MigrationFile::parse(1, "x", text).expect_err(text);
        assert!(error.message().contains(expected), "{error}");
    }
}

#[test]
fn line_ends_do_not_change_the_checksum() {
    assert_eq!(checksum("a\r\nb\n"), checksum("a\nb\n"));
    assert_ne!(checksum("a\nb\n"), checksum("a\nc\n"));
}
