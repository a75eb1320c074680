//! What new rows get.

use protoloop_sql::LiveColumn;

use crate::enums::Enum;

/// A column with a DEFAULT, and the field of it.
pub(crate) struct Declared<'a> {
    pub(crate) column: &'a LiveColumn,
    pub(crate) type_name: &'a str,
    pub(crate) repeated: bool,
    /// Of an enum.
    pub(crate) values: Option<&'a Enum>,
    pub(crate) presence: bool,
}

/// The DEFAULT as the option `default_value` says it; `None` where there is none, or where a field without a value means the
/// same. An error is a notice.
pub(crate) fn value(declared: &Declared<'_>) -> Result<Option<String>, String> {
    let Some(written) = declared.column.default.as_deref() else {
        return Ok(None);
    };
    let written = written.trim();
    let bare = written
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or(written)
        .trim();
    let text = literal(bare);
    if text.is_none() && uncast(bare).eq_ignore_ascii_case("null") {
        return Ok(None);
    }
    if declared.repeated {
        return match text.as_deref() {
            Some("" | "{}") => Ok(None),
            _ => Err(not_taken_over(written)),
        };
    }
    let number = text.as_deref().unwrap_or_else(|| uncast(bare));
    let value = match declared.type_name {
        "string" => text,
        "bool" => match number.to_ascii_lowercase().as_str() {
            "1" | "true" | "b'1'" => Some("true".to_owned()),
            "0" | "false" | "b'0'" => Some("false".to_owned()),
            _ => None,
        },
        "int32" | "int64" => number.parse::<i64>().ok().map(|number| number.to_string()),
        "uint32" | "uint64" => number.parse::<u64>().ok().map(|number| number.to_string()),
        "float" | "double" => {
            let number = number.parse::<f64>().ok();
            let number = number.filter(|number| number.is_finite());
            number.map(|number| number.to_string())
        }
        _ => text.and_then(|label| declared.values?.value(&label)),
    };
    match value {
        // What a field without presence has anyway.
        Some(value) if !declared.presence && matches!(value.as_str(), "" | "0" | "false") => {
            Ok(None)
        }
        Some(value) => Ok(Some(value)),
        None => Err(not_taken_over(written)),
    }
}

fn not_taken_over(written: &str) -> String {
    format!("its DEFAULT {written} is not taken over: a row that is created here has a value")
}

/// The text of a literal in quotes, with a cast of PostgreSQL behind it or none.
fn literal(bare: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = bare.strip_prefix('\'')?;
    loop {
        let end = rest.find('\'')?;
        text.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(more) => {
                text.push('\'');
                rest = more;
            }
            None => break,
        }
    }
    (rest.is_empty() || rest.starts_with("::")).then_some(text)
}

fn uncast(bare: &str) -> &str {
    let bare = bare.split("::").next().unwrap_or(bare).trim();
    let inside = bare
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    inside.unwrap_or(bare).trim()
}
