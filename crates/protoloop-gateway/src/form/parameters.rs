//! Header values of the kind `name; parameter=value; parameter="value"`.

/// The text before the parameters, and the parameters in order. `None` for what is none.
pub(super) fn parse(text: &str) -> Option<(&str, Vec<(&str, String)>)> {
    let (essence, mut rest) = text.split_once(';').unwrap_or((text, ""));
    let mut parameters = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ';']);
        if rest.is_empty() {
            return Some((essence.trim(), parameters));
        }
        let (name, behind) = rest.split_once('=')?;
        let (value, behind) = match behind.trim_start().strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = behind.find(';').unwrap_or(behind.len());
                (behind[..end].trim().to_owned(), &behind[end..])
            }
        };
        rest = behind.trim_start();
        if !(rest.is_empty() || rest.starts_with(';')) {
            return None;
        }
        parameters.push((name.trim(), value));
    }
}

/// The content of a quoted string, and what stands behind its end. Only quotes and backslashes are escaped: browsers
/// that send the path of a file write its backslashes as they are.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' if text[at + 1..].starts_with(['"', '\\']) => {
                value.extend(chars.next().map(|(_, escaped)| escaped));
            }
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text before the parameters, and the parameters.
    type Parsed<'a> = (&'a str, &'a [(&'a str, &'a str)]);

    #[test]
    fn parameters_are_bare_or_quoted() {
        let cases: [(&str, Option<Parsed<'_>>); 8] = [
            ("text/plain", Some(("text/plain", &[]))),
            ("text/plain;", Some(("text/plain", &[]))),
            (
                "a/b; charset=utf-8 ; x = \"1;2\"",
                Some(("a/b", &[("charset", "utf-8"), ("x", "1;2")])),
            ),
            (
                r#"form-data; name="a\"b\\c"; filename="C:\x.png""#,
                Some((
                    "form-data",
                    &[("name", "a\"b\\c"), ("filename", "C:\\x.png")],
                )),
            ),
            ("form-data; name=\"\"", Some(("form-data", &[("name", "")]))),
            ("form-data; name=\"a", None),
            ("form-data; name", None),
            ("form-data; name=\"a\"b", None),
        ];
        for (text, expected) in cases {
            let owned = expected.map(|(essence, parameters)| {
                let own = |(name, value): &(&'static str, &str)| (*name, (*value).to_owned());
                (essence, parameters.iter().map(own).collect())
            });
            assert_eq!(parse(text), owned, "{text}");
        }
    }
}
