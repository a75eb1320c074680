//! What ties a standard method's request to its method.

use proc_macro2::TokenStream;
use quote::quote;

use super::service::{MethodNames, ServiceNames};

/// `StandardRequest` for the requests that belong to one standard method only, so that `cx.standard(request)` knows
/// the method and the answer's type.
pub(super) fn implement(service: &ServiceNames<'_>) -> TokenStream {
    let methods = service.methods.iter();
    let known = methods.filter(|method| {
        method.plan.standard && method.plan.request_is_unique && method.has_own_request()
    });
    known.map(one).collect()
}

fn one(method: &MethodNames<'_>) -> TokenStream {
    let MethodNames {
        path,
        request,
        response,
        ..
    } = method;
    quote! {
        impl ::protoloop::__private::StandardRequest for #request {
            type Response = #response;

            const METHOD: &'static str = #path;
        }
    }
}
