//! Rust files: none too long, none unfinished.

use std::path::Path;

use super::Files;

/// A file beyond this holds more than one idea.
const MOST_LINES: usize = 800;

/// What unfinished work leaves behind. Split, so that this file does not contain them itself.
const LEFTOVERS: [&str; 4] = [
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
];

pub(super) fn check(files: &Files) -> Vec<String> {
    let mut problems = Vec::new();
    for path in files
        .with_extension("rs")
        .filter(|path| !is_generated(path))
    {
        let text = files.text(path);
        let lines = text.lines().count();
        if lines > MOST_LINES && !is_test(path) {
            problems.push(format!(
                "{}: {lines} lines; split it, {MOST_LINES} is the most",
                path.display()
            ));
        }
        problems.extend(leftovers(path, &text));
    }
    problems
}

fn leftovers(path: &Path, text: &str) -> Vec<String> {
    let found = |(number, line): (usize, &str)| {
        let leftover = LEFTOVERS
            .iter()
            .find(|leftover| line.contains(**leftover))?;
        Some(format!(
            "{}:{}: {leftover} is unfinished work",
            path.display(),
            number + 1
        ))
    };
    text.lines().enumerate().filter_map(found).collect()
}

fn is_generated(path: &Path) -> bool {
    path.components()
        .any(|part| part.as_os_str() == "generated")
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leftover_is_named_with_its_line() {
        let text = concat!("fn a() {}\nfn b() { to", "do!() }\n");
        let found = leftovers(Path::new("a.rs"), text);
        assert_eq!(found, [concat!("a.rs:2: to", "do!( is unfinished work")]);
    }

    #[test]
    fn test_files_may_be_long() {
        assert!(is_test(Path::new("crates/a/src/b/tests.rs")));
        assert!(is_test(Path::new("tests/it/b.rs")));
        assert!(!is_test(Path::new("crates/a/src/b.rs")));
    }
}
