//! The numbers of many test binaries added up.

use std::collections::BTreeMap;

/// What has been counted so far.
#[derive(Debug, Default)]
pub(super) struct Summary {
    passed: usize,
    failed: usize,
    ignored: usize,
    /// Reasons by test. Such a test returns early, so its binary counts it as passed.
    skipped: BTreeMap<String, String>,
}

impl Summary {
    /// Takes what a line of `cargo test` tells: a binary's totals, or `SKIPPED test: reason`.
    pub(super) fn read(&mut self, line: &str) {
        if let Some((_, totals)) = line.split_once("test result:") {
            self.passed += number_before(totals, "passed");
            self.failed += number_before(totals, "failed");
            self.ignored += number_before(totals, "ignored");
        } else if let Some((_, skipped)) = line.split_once("SKIPPED ") {
            let (test, reason) = skipped
                .split_once(": ")
                .unwrap_or((skipped, "no reason given"));
            self.skipped
                .insert(test.trim().to_owned(), reason.trim().to_owned());
        }
    }

    /// Each skipped test with its reason.
    pub(super) fn skipped(&self) -> impl Iterator<Item = (&str, &str)> {
        self.skipped
            .iter()
            .map(|(test, reason)| (test.as_str(), reason.as_str()))
    }

    /// `12 passed, 0 failed, 1 skipped`. A run that failed without a failed test (it did not compile, or a test ended
    /// its process) counts as one failure.
    pub(super) fn closing_line(&self, succeeded: bool) -> String {
        let passed = self.passed.saturating_sub(self.skipped.len());
        let failed = self.failed.max(usize::from(!succeeded));
        let skipped = self.ignored + self.skipped.len();
        format!("{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// The 12 in `ok. 12 passed; 0 failed;`.
fn number_before(text: &str, word: &str) -> usize {
    let before = text.split_once(word).map_or("", |(before, _)| before);
    before
        .split_whitespace()
        .last()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Summary {
        let mut summary = Summary::default();
        lines.iter().for_each(|line| summary.read(line));
        summary
    }

    #[test]
    fn totals_of_all_binaries_are_added() {
        let summary = read(&[
            "running 3 tests\n",
            "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n",
            "test result: \u{1b}[31mFAILED\u{1b}[0m. 10 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out\n",
        ]);
        assert_eq!(
            summary.closing_line(false),
            "12 passed, 4 failed, 1 skipped"
        );
    }

    #[test]
    fn a_skipped_test_is_not_a_passed_one() {
        let summary = read(&[
            "test a ... SKIPPED foreign::python: python3 is not on the PATH; install it\n",
            "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n",
        ]);
        assert_eq!(summary.closing_line(true), "1 passed, 0 failed, 1 skipped");
        let skipped: Vec<_> = summary.skipped().collect();
        assert_eq!(
            skipped,
            [("foreign::python", "python3 is not on the PATH; install it")]
        );
    }

    #[test]
    fn a_run_that_did_not_compile_has_failed() {
        assert_eq!(
            read(&[]).closing_line(false),
            "0 passed, 1 failed, 0 skipped"
        );
    }
}
