//! The page against the tests: every row has one.

const PAGE: &str = include_str!("../../../../docs/reference/data-api.md");

#[test]
fn every_row_of_the_page_has_a_test() {
    let rows = PAGE.lines().filter_map(|line| {
        let cell = line.strip_prefix("| ")?.split(" |").next()?;
        let number = cell.get(1..)?.parse::<u32>().ok()?;
        matches!(cell.get(..1)?, "A" | "R" | "S").then(|| (cell.to_ascii_lowercase(), number))
    });
    let rows: Vec<(String, u32)> = rows.collect();
    for (row, _) in &rows {
        let test = format!("{row}_");
        assert!(
            crate::rows::ROWS.iter().any(|name| name.starts_with(&test)),
            "no test for row {row}"
        );
    }
    assert_eq!(rows.len(), crate::rows::ROWS.len(), "a row per test");
}
