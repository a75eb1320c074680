//! SPDX expressions: `(MIT OR Apache-2.0) AND Unicode-3.0`.

use std::collections::BTreeSet;

/// Whether an expression can be met with allowed licences alone. `a/b`, as old manifests write it, means `a OR b`.
pub(super) fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut parser = Parser {
        words: &words,
        allowed,
    };
    parser.any() && parser.words.is_empty()
}

/// Reads from the left; `AND` binds tighter than `OR`. Both sides are always read, whatever the first one says.
struct Parser<'a> {
    words: &'a [&'a str],
    allowed: &'a BTreeSet<String>,
}

impl Parser<'_> {
    fn any(&mut self) -> bool {
        let mut met = self.all();
        while self.take("OR") {
            met |= self.all();
        }
        met
    }

    fn all(&mut self) -> bool {
        let mut met = self.one();
        while self.take("AND") {
            met &= self.one();
        }
        met
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let met = self.any();
            return self.take(")") && met;
        }
        let Some((name, rest)) = self.words.split_first() else {
            return false;
        };
        self.words = rest;
        let mut name = (*name).to_owned();
        if self.take("WITH")
            && let Some((exception, rest)) = self.words.split_first()
        {
            name = format!("{name} WITH {exception}");
            self.words = rest;
        }
        self.allowed.contains(&name)
    }

    fn take(&mut self, word: &str) -> bool {
        let is_next = self.words.first() == Some(&word);
        if is_next {
            self.words = &self.words[1..];
        }
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_met(expression: &str) -> bool {
        let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        is_allowed(expression, &BTreeSet::from(allowed))
    }

    #[test]
    fn one_side_of_or_and_both_of_and_are_needed() {
        assert!(is_met("GPL-3.0 OR MIT"));
        assert!(!is_met("GPL-3.0 AND MIT"));
        assert!(is_met("ISC AND (MIT OR GPL-3.0)"));
        assert!(is_met("GPL-3.0 AND MIT OR ISC"));
        assert!(!is_met("GPL-3.0 AND (MIT OR ISC)"));
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert!(is_met("Apache-2.0 WITH LLVM-exception OR GPL-3.0"));
        assert!(!is_met("Apache-2.0"));
    }

    #[test]
    fn old_and_broken_expressions() {
        assert!(is_met("MIT/Apache-2.0"));
        assert!(!is_met(""));
        assert!(!is_met("(MIT"));
        assert!(!is_met("MIT MIT"));
    }
}
