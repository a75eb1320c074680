//! Which pages may send forms.
//!
//! A browser sends a form from any page to any server without asking first, cookies and access to localhost included;
//! JSON it sends to another origin only where CORS allows it. So a form is taken from where JSON would be taken too:
//! from the server's own pages, and from what is no browser.

use http::{Extensions, HeaderMap, Uri, header};
use protoloop_core::{Code, Error, Result};

use crate::Forms;

/// Among a request's extensions: the page that sends it, of whatever origin, may call, so its forms are taken. Whoever says
/// so has taken the user's credentials out, as CORS does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageMayCall;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Refuses a form that a browser sends from a page of somebody else.
///
/// # Errors
/// PERMISSION_DENIED.
pub(crate) fn check_origin(
    forms: Forms,
    uri: &Uri,
    headers: &HeaderMap,
    extensions: Option<&Extensions>,
) -> Result<()> {
    let may_call = || extensions.is_some_and(|it| it.get::<PageMayCall>().is_some());
    if forms == Forms::FromAnywhere || is_own(uri, headers) || may_call() {
        return Ok(());
    }
    Err(Error::new(
        Code::PermissionDenied,
        "forms are taken from pages of this server, and of origins that CORS names",
    ))
}

fn is_own(uri: &Uri, headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin" || site == "none";
    }
    // Browsers before 2023, and those that speak to a plain http server, tell the origin alone.
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = uri.authority().map(http::uri::Authority::as_str).or(host);
    let origin = origin.to_str().unwrap_or_default();
    let origin = origin.split_once("://").map(|(_, authority)| authority);
    match (origin, host) {
        (Some(origin), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn taken(uri: &'static str, headers: &[(&'static str, &'static str)]) -> bool {
        let one = |(name, value): &(&'static str, &'static str)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        };
        let headers = headers.iter().map(one).collect();
        let uri = Uri::from_static(uri);
        check_origin(Forms::SameOrigin, &uri, &headers, None).is_ok()
    }

    #[test]
    fn forms_are_taken_from_own_pages_and_from_no_page() {
        let host = ("host", "shop.example:8080");
        assert!(taken("/", &[host]));
        assert!(taken("/", &[host, ("sec-fetch-site", "same-origin")]));
        assert!(taken("/", &[host, ("sec-fetch-site", "none")]));
        assert!(taken("/", &[host, ("origin", "http://shop.example:8080")]));
        assert!(taken(
            "https://shop.example/",
            &[("origin", "https://shop.example")]
        ));
    }

    #[test]
    fn forms_of_other_pages_are_refused() {
        let host = ("host", "shop.example");
        assert!(!taken("/", &[host, ("sec-fetch-site", "cross-site")]));
        assert!(!taken("/", &[host, ("sec-fetch-site", "same-site")]));
        assert!(!taken("/", &[host, ("origin", "https://evil.example")]));
        assert!(!taken("/", &[host, ("origin", "http://shop.example:81")]));
        assert!(!taken("/", &[host, ("origin", "null")]));
        // What the browser says of the site goes before what it says of the origin.
        let both = [
            host,
            ("origin", "http://shop.example"),
            ("sec-fetch-site", "same-site"),
        ];
        assert!(!taken("/", &both));
    }
}
