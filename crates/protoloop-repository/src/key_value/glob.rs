//! Patterns of keys.

/// The LIKE pattern that matches what a glob matches.
pub(super) fn like(glob: &str) -> String {
    let mut like = String::with_capacity(glob.len() + 4);
    let mut chars = glob.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => like.push('%'),
            '?' => like.push('_'),
            // At the end it stands for itself.
            '\\' => push_literal(&mut like, chars.next().unwrap_or('\\')),
            c => push_literal(&mut like, c),
        }
    }
    like
}

fn push_literal(like: &mut String, c: char) {
    if matches!(c, '%' | '_' | '\\') {
        like.push('\\');
    }
    like.push(c);
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn globs_become_like_patterns() {
        for (glob, due) in [
            ("", ""),
            ("*", "%"),
            ("a?c*", "a_c%"),
            ("100%_\\", "100\\%\\_\\\\"),
            (r"\*\?\\x", r"*?\\x"),
            ("é*", "é%"),
        ] {
            assert_eq!(like(glob), due, "{glob}");
        }
    }
}
