//! What a reply says beside its messages.

use std::{
    ops::{Deref, DerefMut},
    sync::LazyLock,
};

use http::HeaderMap;

/// The headers of a reply, or its trailers.
///
/// A pointer, and none at all where there are no headers: few replies have some, and a reply is moved through every layer.
#[derive(Clone, Debug, Default)]
pub struct ReplyHeaders(Option<Box<HeaderMap>>);

static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);

impl ReplyHeaders {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|headers| headers.is_empty())
    }
}

impl Deref for ReplyHeaders {
    type Target = HeaderMap;

    fn deref(&self) -> &HeaderMap {
        self.0.as_deref().unwrap_or(&NONE)
    }
}

impl DerefMut for ReplyHeaders {
    fn deref_mut(&mut self) -> &mut HeaderMap {
        self.0.get_or_insert_default()
    }
}

impl From<HeaderMap> for ReplyHeaders {
    fn from(headers: HeaderMap) -> Self {
        Self((!headers.is_empty()).then(|| Box::new(headers)))
    }
}

impl From<ReplyHeaders> for HeaderMap {
    fn from(headers: ReplyHeaders) -> Self {
        headers.0.map_or_else(Self::new, |headers| *headers)
    }
}

impl PartialEq for ReplyHeaders {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl IntoIterator for ReplyHeaders {
    type Item = <HeaderMap as IntoIterator>::Item;
    type IntoIter = <HeaderMap as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        HeaderMap::from(self).into_iter()
    }
}

impl<'a> IntoIterator for &'a ReplyHeaders {
    type Item = <&'a HeaderMap as IntoIterator>::Item;
    type IntoIter = <&'a HeaderMap as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        (**self).iter()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::ReplyHeaders;

    #[test]
    fn there_is_a_map_once_there_is_a_header() {
        let mut headers = ReplyHeaders::default();
        assert!(headers.is_empty() && headers.get("x-a").is_none());
        headers.insert("x-a", HeaderValue::from_static("1"));
        assert!(!headers.is_empty());
        assert_eq!(HeaderMap::from(headers.clone())["x-a"], "1");
        headers.remove("x-a");
        assert!(headers.is_empty());
        assert_eq!(headers, ReplyHeaders::default());
        assert_eq!(
            (&headers).into_iter().count() + headers.into_iter().count(),
            0
        );
        assert!(ReplyHeaders::from(HeaderMap::new()).0.is_none());
    }
}
