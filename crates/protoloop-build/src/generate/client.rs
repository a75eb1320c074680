//! The client of a service, by tonic's own generator.

use proc_macro2::TokenStream;
use prost_build::{Method, Service};
use quote::{ToTokens as _, format_ident, quote};
use tonic_build::CodeGenBuilder;

/// The module `…_client`. tonic's text names `tonic`, which is brought in from the façade.
pub(super) fn generate(service: &Service) -> TokenStream {
    let methods = service.methods.iter().map(ClientMethod).collect();
    let client = ClientService { service, methods };
    let tokens = CodeGenBuilder::new()
        .build_transport(false)
        .generate_client(&client, "super");
    let mut module: syn::ItemMod = syn::parse2(tokens).expect("tonic generates one module");
    let name = format_ident!("{}Client", service.name);
    if let Some((_, items)) = &mut module.content {
        items.insert(
            0,
            syn::parse_quote!(
                use ::protoloop::__private::tonic;
            ),
        );
        items.push(connect(&name));
    }
    module.into_token_stream()
}

/// `connect`, there when the façade's feature `client` is on.
fn connect(client: &syn::Ident) -> syn::Item {
    let connect = quote! {
        impl #client<tonic::transport::Channel> {
            /// Connects to an address such as `http://127.0.0.1:8080`.
            pub async fn connect<D>(
                address: D,
            ) -> ::core::result::Result<Self, tonic::transport::Error>
            where
                D: ::core::convert::TryInto<tonic::transport::Endpoint>,
                D::Error: ::core::convert::Into<StdError>,
            {
                let endpoint = tonic::transport::Endpoint::new(address)?;
                Ok(Self::new(endpoint.connect().await?))
            }
        }
    };
    syn::parse_quote!(::protoloop::__client_transport! { #connect })
}

struct ClientService<'a> {
    service: &'a Service,
    methods: Vec<ClientMethod<'a>>,
}

impl<'a> tonic_build::Service for ClientService<'a> {
    type Comment = String;
    type Method = ClientMethod<'a>;

    fn name(&self) -> &str {
        &self.service.name
    }

    fn package(&self) -> &str {
        &self.service.package
    }

    fn identifier(&self) -> &str {
        &self.service.proto_name
    }

    fn methods(&self) -> &[Self::Method] {
        &self.methods
    }

    /// None: the module's own documentation says what it is, and the handler trait carries the proto's text.
    fn comment(&self) -> &[String] {
        &[]
    }
}

struct ClientMethod<'a>(&'a Method);

impl tonic_build::Method for ClientMethod<'_> {
    type Comment = String;

    fn name(&self) -> &str {
        &self.0.name
    }

    fn identifier(&self) -> &str {
        &self.0.proto_name
    }

    fn codec_path(&self) -> &str {
        "::protoloop::__private::tonic_prost::ProstCodec"
    }

    fn client_streaming(&self) -> bool {
        self.0.client_streaming
    }

    fn server_streaming(&self) -> bool {
        self.0.server_streaming
    }

    fn comment(&self) -> &[String] {
        &[]
    }

    fn deprecated(&self) -> bool {
        self.0.options.deprecated()
    }

    fn request_response_name(&self, proto_path: &str, _: bool) -> (TokenStream, TokenStream) {
        (
            from_inner_module(&self.0.input_type, proto_path),
            from_inner_module(&self.0.output_type, proto_path),
        )
    }
}

/// A type that prost names as seen from the package, as seen from a module inside it.
fn from_inner_module(name: &str, outer: &str) -> TokenStream {
    let path = match name.starts_with("::") || name == "()" {
        true => name.to_owned(),
        false => format!("{outer}::{name}"),
    };
    path.parse().expect("prost's name of a type is Rust")
}
