//! The table of the page against the tests: every row has one, here or where the row says.

use std::{fs, path::Path};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const PAGE: &str = "docs/reference/http-mapping.md";
const HERE: &str = "crates/protoloop-gateway/tests/corner_cases";

#[test]
fn every_row_of_the_table_has_a_test() {
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let page = read(&Path::new(ROOT).join(PAGE));
    let (_, table) = page.split_once("\n## Corner cases\n").unwrap();
    let here: String = fs::read_dir(Path::new(ROOT).join(HERE))
        .unwrap()
        .map(|file| read(&file.unwrap().path()))
        .collect();
    let mut rows = 0;
    for line in table.lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let Some(number) = cells.get(1).and_then(|cell| cell.parse::<u32>().ok()) else {
            continue;
        };
        rows += 1;
        assert_eq!(number, rows, "rows in order");
        let test = format!("case_{number:02}_");
        let elsewhere = line
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|name| name.ends_with(".rs"));
        let told = here.contains(&format!("fn {test}"))
            || elsewhere
                .map(|name| read(&Path::new(ROOT).join(name)))
                .any(|text| text.contains(&test));
        assert!(told, "no test for row {number}: {line}");
    }
    assert_eq!(rows, 50);
}
