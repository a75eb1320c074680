//! Conditional requests (RFC 9110 §13): `If-Match` and `If-None-Match` over the etag fields of messages.
//!
//! On a read the answer's own etag is compared. On a change the etag of `If-Match` is filled into the request's etag
//! field, so that the service compares it, within its transaction.

mod tag;

use http::{HeaderMap, HeaderName, header};
use protoloop_core::{Code, Detail, Error, Result};

pub(crate) use tag::Tag;
use tag::Tags;

use crate::{asked::Asked, plan::EtagPlan};

/// What a request asks of the etag.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

/// What the conditions of a read say about the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send it.
    Send,
    /// 304: the caller has it, under this tag where it named one.
    NotModified(Option<Tag>),
    /// 412: it is not the one that the caller means.
    Failed,
}

impl Conditions {
    /// Reads them. Where answers are compressed, tags that come back have the coding split off.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming the header, for what is no list of entity tags.
    pub(crate) fn read(headers: &HeaderMap, asked: Asked, compresses: bool) -> Result<Self> {
        if !asked.has(Asked::CONDITIONS) {
            return Ok(Self::default());
        }
        let list = |name| {
            let tags = list(headers, name)?;
            Ok::<_, Error>(if compresses {
                tags.map(Tags::split)
            } else {
                tags
            })
        };
        Ok(Self {
            if_match: list(&header::IF_MATCH)?,
            if_none_match: list(&header::IF_NONE_MATCH)?,
        })
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// The text for the etag field of a change; `None` when no header asks for it.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a condition that the method cannot check: nothing is done on an unchecked condition.
    pub(crate) fn of_change(&self, plan: &EtagPlan, method: &str) -> Result<Option<String>> {
        match (&self.if_match, &self.if_none_match) {
            (Some(_), Some(_)) => Err(refused("If-Match excludes If-None-Match")),
            (None, None) => Ok(None),
            (None, Some(Tags::Any)) if plan.creates => Ok(None),
            (None, Some(_)) => Err(refused(format!(
                "If-None-Match: {method} cannot check it; leave it out{}",
                if plan.creates { ", or send *" } else { "" }
            ))),
            (Some(_), None) if plan.request.is_none() => Err(refused(format!(
                "If-Match: {method} has no etag to check; leave it out"
            ))),
            (Some(Tags::Any), None) => Ok(Some("*".to_owned())),
            (Some(Tags::Listed(tags)), None) => match &tags[..] {
                [tag] => Ok(Some(tag.plain().to_string())),
                _ => Err(refused(format!("If-Match: {method} takes one etag"))),
            },
        }
    }

    /// # Errors
    /// INVALID_ARGUMENT for a condition on a read whose answers have no etag.
    pub(crate) fn of_read(&self, has_etag: bool, method: &str) -> Result<()> {
        match &self.if_match {
            Some(Tags::Listed(_)) if !has_etag => Err(refused(format!(
                "If-Match: {method} has no etag to check; leave it out"
            ))),
            _ => Ok(()),
        }
    }

    /// Compares the conditions of a read with the answer's etag.
    pub(crate) fn verdict(&self, etag: Option<&Tag>) -> Verdict {
        if let Some(tags) = &self.if_match
            && !tags.has(etag, Tag::is_strongly)
        {
            return Verdict::Failed;
        }
        match &self.if_none_match {
            Some(tags) if tags.has(etag, Tag::is_weakly) => {
                let named = tags.find(etag, Tag::is_weakly);
                let with_coding = |etag: &Tag, encoding| etag.clone().encoded(encoding);
                let tag = named.and_then(|named| Some(with_coding(etag?, named.encoding()?)));
                Verdict::NotModified(tag)
            }
            _ => Verdict::Send,
        }
    }

    /// Whether a failed change failed by these conditions: then its status is 412, whatever the code's own is.
    pub(crate) fn explain(&self, error: &Error) -> bool {
        match error.code() {
            Code::Aborted => self.if_match.is_some() && is_about_etag(error),
            Code::AlreadyExists => self.if_none_match.is_some(),
            _ => false,
        }
    }
}

/// ABORTED is what AIP-154 wants for an etag that does not match, and what a transaction that lost may say as well: that
/// one is for trying again, or gives another reason.
fn is_about_etag(error: &Error) -> bool {
    error.details().iter().all(|detail| match detail {
        Detail::ErrorInfo { reason, .. } => reason.contains("ETAG"),
        Detail::RetryInfo { .. } => false,
        _ => true,
    })
}

fn list(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>> {
    let mut all: Option<Tags> = None;
    for value in headers.get_all(name) {
        let tags = value.to_str().ok().and_then(Tags::parse).ok_or_else(|| {
            refused(format!(
                "header {name}: expected * or etags in quotes, such as \"a1\""
            ))
        })?;
        all = Some(match (all, tags) {
            (None, tags) => tags,
            (Some(Tags::Listed(mut before)), Tags::Listed(tags)) => {
                before.extend(tags);
                Tags::Listed(before)
            }
            _ => return Err(refused(format!("header {name}: * stands alone"))),
        });
    }
    Ok(all)
}

fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::invalid_argument(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aborted_change_is_about_the_etag_unless_it_says_otherwise() {
        let headers = [(header::IF_MATCH, "\"a\"".parse().unwrap())];
        let headers: HeaderMap = headers.into_iter().collect();
        let conditions = Conditions::read(&headers, Asked::of(&headers), false).unwrap();
        let info = |reason: &str| Detail::ErrorInfo {
            reason: reason.to_owned(),
            domain: String::new(),
            metadata: Vec::new(),
        };
        let retry = Detail::RetryInfo {
            retry_delay: std::time::Duration::from_secs(1),
        };
        assert!(conditions.explain(&Error::aborted("x")));
        assert!(conditions.explain(&Error::aborted("x").with_detail(info("ETAG_MISMATCH"))));
        assert!(!conditions.explain(&Error::aborted("x").with_detail(info("LOCKED"))));
        assert!(!conditions.explain(&Error::aborted("x").with_detail(retry)));
        assert!(!conditions.explain(&Error::already_exists("x")));
        assert!(!Conditions::default().explain(&Error::aborted("x")));
    }
}
