//! Callers that a proxy in front of the server has found out about.

use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use protoloop_core::{BoxFuture, Call, Caller, Error, Handler, Reply, Result};

use super::CallLayer;

/// The headers in which a proxy that has checked who calls says so. Without any, which is the default, a header says
/// nothing about the caller.
///
/// Whoever reaches the port past the proxy can write these headers as well, and then is who they say. So this is for a
/// port that only the proxy reaches, and for a proxy that sets the headers anew on every request, removing what the
/// client sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxy {
    /// The header with the name of the caller, such as `x-forwarded-user`.
    pub subject: Option<HeaderName>,
    /// The header with the caller's tenant, such as `x-tenant`.
    pub tenant: Option<HeaderName>,
}

impl TrustedProxy {
    /// Whether no header says anything.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.subject.is_none() && self.tenant.is_none()
    }

    /// Tells of headers that never reach a call.
    pub(crate) fn check(&self, problems: &mut Vec<String>) {
        let named = [("subject", &self.subject), ("tenant", &self.tenant)];
        for (field, name) in named {
            let Some(name) = name else { continue };
            if name.as_str().starts_with("grpc-") || name.as_str().ends_with("-bin") {
                problems.push(format!(
                    "trusted_proxy.{field}: `{name}` is a name of gRPC's own; take one such as x-{field}"
                ));
            }
        }
        if self.subject.is_some() && self.subject == self.tenant {
            problems.push("trusted_proxy: subject and tenant are in one header".to_owned());
        }
    }

    /// Who the headers say that calls; `None` when they say nothing.
    ///
    /// UNAUTHENTICATED for a header that is there twice or no text: a proxy that sets it sets it once.
    fn caller(&self, metadata: &HeaderMap) -> Result<Option<Caller>> {
        let subject = said(metadata, self.subject.as_ref())?;
        let tenant = said(metadata, self.tenant.as_ref())?;
        if subject.is_none() && tenant.is_none() {
            return Ok(None);
        }
        let mut caller = Caller::anonymous();
        caller.subject = subject;
        caller.tenant = tenant;
        Ok(Some(caller))
    }
}

/// What a header says; `None` when it is absent or empty.
fn said(metadata: &HeaderMap, name: Option<&HeaderName>) -> Result<Option<Arc<str>>> {
    let Some(name) = name else { return Ok(None) };
    let mut values = metadata.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = std::str::from_utf8(value.as_bytes()).ok();
    match (text, values.next()) {
        (Some(text), None) => Ok(Some(text.trim())
            .filter(|text| !text.is_empty())
            .map(Arc::from)),
        _ => Err(Error::unauthenticated(format!(
            "the header {name} must be there once, as text"
        ))),
    }
}

impl CallLayer for TrustedProxy {
    fn layer(&self, inner: Arc<dyn Handler>) -> Arc<dyn Handler> {
        Arc::new(Proxied {
            proxy: self.clone(),
            inner,
        })
    }

    fn name(&self) -> &'static str {
        "trusted-proxy"
    }
}

struct Proxied {
    proxy: TrustedProxy,
    inner: Arc<dyn Handler>,
}

impl Handler for Proxied {
    fn call(&self, mut call: Call) -> BoxFuture<'_, Result<Reply>> {
        match self.proxy.caller(call.context.metadata()) {
            Ok(Some(caller)) => call.context.set_caller(caller),
            Ok(None) => {}
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        }
        self.inner.call(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy() -> TrustedProxy {
        TrustedProxy {
            subject: Some(HeaderName::from_static("x-user")),
            tenant: Some(HeaderName::from_static("x-tenant")),
        }
    }

    fn caller(headers: &[(&'static str, &str)]) -> Result<Option<Caller>> {
        let mut metadata = HeaderMap::new();
        for (name, value) in headers {
            metadata.append(*name, value.parse().expect("a value"));
        }
        proxy().caller(&metadata)
    }

    #[test]
    fn headers_say_who_calls() {
        let both = caller(&[("x-user", "ada"), ("x-tenant", " acme ")]).unwrap();
        assert_eq!(both, Some(Caller::new("ada").in_tenant("acme")));
        assert_eq!(
            caller(&[("x-user", "ada")]).unwrap(),
            Some(Caller::new("ada"))
        );
        for nothing in [
            &[][..],
            &[("x-user", ""), ("x-tenant", " ")],
            &[("x-users", "a")],
        ] {
            assert_eq!(caller(nothing).unwrap(), None);
        }
        assert!(!caller(&[("x-tenant", "*")]).unwrap().unwrap().every_tenant);
    }

    #[test]
    fn a_header_that_is_there_twice_says_nothing() {
        let error = caller(&[("x-tenant", "acme"), ("x-tenant", "other")]).unwrap_err();
        assert_eq!(error.code(), protoloop_core::Code::Unauthenticated);
    }

    #[test]
    fn headers_that_never_arrive_are_told() {
        let mut problems = Vec::new();
        TrustedProxy {
            subject: Some(HeaderName::from_static("grpc-user")),
            tenant: Some(HeaderName::from_static("grpc-user")),
        }
        .check(&mut problems);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(proxy().subject.is_some() && TrustedProxy::default().is_off());
    }
}
