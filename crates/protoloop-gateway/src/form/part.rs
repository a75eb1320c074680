//! What a part of `multipart/form-data` says about itself.

use protoloop_core::{Error, Result};

use super::parameters;

/// Most headers of a part.
const MAX_HEADERS: usize = 16;

/// The headers of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The name of the field.
    pub(crate) name: String,
    /// `Content-Type` as it was sent.
    pub(crate) content_type: Option<String>,
    /// The name of the file, for a part that is one; empty where none was chosen.
    pub(crate) file: Option<String>,
}

impl Head {
    /// Reads the headers of a part. `None` when their end is not there yet; else also how long they are, the empty line
    /// included.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what is no head of a field.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let (length, headers) = match httparse::parse_headers(bytes, &mut headers) {
            Ok(httparse::Status::Complete(found)) => found,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => {
                let message = format!("a part of the form has more than {MAX_HEADERS} headers");
                return Err(Error::invalid_argument(message));
            }
            Err(error) => {
                let message = format!("a part of the form has malformed headers: {error}");
                return Err(Error::invalid_argument(message));
            }
        };
        let (mut disposition, mut content_type) = (None, None);
        for header in headers {
            let value = std::str::from_utf8(header.value).map_err(|_| {
                let message = format!("header {} of a part is not UTF-8", header.name);
                Error::invalid_argument(message)
            })?;
            let known = match header.name.to_ascii_lowercase().as_str() {
                "content-disposition" => &mut disposition,
                "content-type" => &mut content_type,
                "content-transfer-encoding" => {
                    check_transfer_encoding(value)?;
                    continue;
                }
                // RFC 7578 §4.8: all others are to be ignored.
                _ => continue,
            };
            if known.replace(value).is_some() {
                let message = format!("a part of the form has two headers {}", header.name);
                return Err(Error::invalid_argument(message));
            }
        }
        let (name, file) = field(disposition)?;
        let content_type = content_type.filter(|it| !it.is_empty());
        let head = Self {
            name,
            content_type: content_type.map(str::to_owned),
            file,
        };
        Ok(Some((head, length)))
    }

    /// The media type without its parameters, in lower case; `text/plain` where the part says none (RFC 7578 §4.4).
    pub(crate) fn essence(&self) -> String {
        let text = self.content_type.as_deref().unwrap_or("text/plain");
        let essence = text.split(';').next().unwrap_or_default();
        essence.trim().to_ascii_lowercase()
    }

    /// The charset, if the part names one.
    pub(crate) fn charset(&self) -> Option<String> {
        let (_, parameters) = parameters::parse(self.content_type.as_deref()?)?;
        let mut charsets = parameters
            .into_iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("charset"));
        charsets.next().map(|(_, value)| value)
    }

    /// Whether it is a file that nobody chose: browsers send an empty part for it.
    pub(crate) fn is_unchosen(&self, data: &[u8]) -> bool {
        self.file.as_deref() == Some("") && data.is_empty()
    }
}

/// The field's name, and the file's.
fn field(disposition: Option<&str>) -> Result<(String, Option<String>)> {
    let bad = |why: &str| Error::invalid_argument(format!("a part of the form {why}"));
    let disposition = disposition.ok_or_else(|| bad("has no Content-Disposition"))?;
    let parsed = parameters::parse(disposition)
        .filter(|(essence, _)| essence.eq_ignore_ascii_case("form-data"));
    let (_, parameters) = parsed.ok_or_else(|| {
        bad("needs Content-Disposition: form-data; name=\"…\", and has another one")
    })?;
    let (mut name, mut file) = (None, None);
    for (parameter, value) in parameters {
        let known = match parameter.to_ascii_lowercase().as_str() {
            "name" => &mut name,
            "filename" => &mut file,
            // The same name once more, for those who can read RFC 8187.
            "filename*" => {
                file.get_or_insert(value);
                continue;
            }
            _ => continue,
        };
        // "filename" may stand behind "filename*".
        if known.replace(value).is_some() && parameter.eq_ignore_ascii_case("name") {
            return Err(bad("has two names"));
        }
    }
    let name = name.ok_or_else(|| bad("has no name"))?;
    Ok((unescaped(&name), file))
}

/// Browsers write these three, and nothing else, as escapes in a name.
fn unescaped(name: &str) -> String {
    if !name.contains('%') {
        return name.to_owned();
    }
    [("%22", "\""), ("%0D", "\r"), ("%0A", "\n")]
        .iter()
        .fold(name.to_owned(), |name, (escape, c)| name.replace(escape, c))
}

fn check_transfer_encoding(value: &str) -> Result<()> {
    let encoding = value.trim().to_ascii_lowercase();
    if ["7bit", "8bit", "binary"].contains(&encoding.as_str()) {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "a part of the form has Content-Transfer-Encoding {value:?}, which forms do not have (RFC 7578)"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Head, String> {
        let text = format!("{}\r\n\r\n", text.replace('\n', "\r\n"));
        match Head::parse(text.as_bytes()) {
            Ok(Some((head, length))) => {
                assert_eq!(length, text.len());
                Ok(head)
            }
            Ok(None) => Err("not whole".to_owned()),
            Err(error) => Err(error.message().to_owned()),
        }
    }

    #[test]
    fn a_part_names_its_field() {
        let text = head("Content-Disposition: form-data; name=\"labels[%22a%22]\"").unwrap();
        assert_eq!((&*text.name, text.file.as_deref()), ("labels[\"a\"]", None));
        assert_eq!(text.essence(), "text/plain");
        let file = head(
            "content-disposition: form-data; filename*=UTF-8''%e2%82%ac.png; name=pic; filename=\"€.png\"\n\
             Content-Type: Image/PNG; Charset=\"x\"\nX-Other: 1",
        )
        .unwrap();
        assert_eq!((&*file.name, file.file.as_deref()), ("pic", Some("€.png")));
        assert_eq!(
            file.content_type.as_deref(),
            Some("Image/PNG; Charset=\"x\"")
        );
        assert_eq!(
            (&*file.essence(), file.charset().as_deref()),
            ("image/png", Some("x"))
        );
    }

    #[test]
    fn what_is_no_field_is_refused() {
        let cases = [
            ("X-Other: 1", "has no Content-Disposition"),
            ("Content-Disposition: attachment; name=a", "has another one"),
            ("Content-Disposition: form-data", "has no name"),
            (
                "Content-Disposition: form-data; name=a; name=b",
                "two names",
            ),
            (
                "Content-Disposition: form-data; name=a\nContent-Disposition: form-data; name=a",
                "two headers",
            ),
            (
                "Content-Disposition: form-data; name=a\nContent-Transfer-Encoding: base64",
                "Content-Transfer-Encoding \"base64\"",
            ),
            ("Content-Disposition form-data", "malformed headers"),
        ];
        for (text, expected) in cases {
            let found = head(text).unwrap_err();
            assert!(found.contains(expected), "{text}: {found}");
        }
        let many = "X: 1\n".repeat(17) + "Content-Disposition: form-data; name=a";
        assert!(head(&many).unwrap_err().contains("more than 16 headers"));
    }
}
