//! Messages of models as rows.

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use proc_macro2::TokenStream;
use prost_build::Module;
use protoloop_schema::Schema;
use quote::quote;

/// The text that makes the models of a package entities; empty when it has none.
pub(super) fn implement(schema: &Schema, package: &Module) -> String {
    let models = schema.entities().iter().filter_map(|entity| {
        let message = schema.message(entity.message);
        let same = Module::from_protobuf_package_name(&message.package) == *package;
        let name = message.full_name.strip_prefix(&*message.package)?;
        same.then(|| implement_one(name.trim_start_matches('.')))
    });
    models.collect::<TokenStream>().to_string()
}

/// `Entity` for a model, by its proto name within the package: `Todo`, or `Order.Line` for a nested message.
fn implement_one(name: &str) -> TokenStream {
    let path = rust_path(name);
    quote! {
        impl ::protoloop::__private::Entity for #path {
            fn encode(&self) -> ::protoloop::__private::Bytes {
                ::protoloop::__private::encode(self)
            }

            fn decode(
                bytes: ::protoloop::__private::Bytes,
            ) -> ::core::result::Result<Self, ::protoloop::__private::Error> {
                ::protoloop::__private::decode_row(bytes)
            }
        }
    }
}

/// prost's name of a message: nested messages stand in a module named after the outer one.
pub(super) fn rust_path(name: &str) -> TokenStream {
    let mut parts: Vec<&str> = name.split('.').collect();
    let last = parts.pop().unwrap_or_default().to_upper_camel_case();
    let modules = parts.iter().map(|part| ident(&part.to_snake_case()));
    let last = ident(&last);
    quote!(#(#modules::)* #last)
}

/// An identifier, raw or underscored where Rust has a keyword of that name, as prost does.
pub(super) fn ident(name: &str) -> syn::Ident {
    let span = proc_macro2::Span::call_site();
    if syn::parse_str::<syn::Ident>(name).is_ok() {
        return syn::Ident::new(name, span);
    }
    match name {
        "self" | "super" | "crate" | "Self" | "extern" => {
            syn::Ident::new(&format!("{name}_"), span)
        }
        keyword => syn::Ident::new_raw(keyword, span),
    }
}
