//! The handler trait of a service, and the server that dispatches to it.

use proc_macro2::TokenStream;
use prost_build::{Method, Service, ServiceGenerator};
use protoloop_schema::Schema;
use quote::{format_ident, quote};

use super::{
    Options, client, docs,
    plan::{MethodPlan, Plan},
    standard,
};

/// Our part of each package, written behind prost's.
pub(super) struct Glue {
    plan: Plan,
    options: Options,
}

impl Glue {
    pub(super) fn new(schema: &Schema, options: &Options) -> Self {
        Self {
            plan: Plan::new(schema),
            options: options.clone(),
        }
    }
}

impl ServiceGenerator for Glue {
    fn generate(&mut self, service: Service, buf: &mut String) {
        let names = ServiceNames::new(&service, &self.plan);
        let mut tokens = TokenStream::new();
        if self.options.server {
            tokens.extend(standard::implement(&names));
            tokens.extend(handler_trait(&names));
            tokens.extend(server(&names));
        }
        if self.options.client {
            tokens.extend(client::generate(&service));
        }
        buf.push_str(&tokens.to_string());
    }
}

/// A service with the names that its Rust side goes by.
pub(super) struct ServiceNames<'a> {
    /// `todo.v1.TodoService`.
    full_name: String,
    comment: &'a str,
    handlers: syn::Ident,
    server: syn::Ident,
    pub(super) methods: Vec<MethodNames<'a>>,
}

/// A method with the names that its Rust side goes by.
pub(super) struct MethodNames<'a> {
    /// `/todo.v1.TodoService/GetTodo`.
    pub(super) path: String,
    proto_name: &'a str,
    function: syn::Ident,
    pub(super) request: syn::Type,
    pub(super) response: syn::Type,
    kind: Kind,
    pub(super) plan: &'a MethodPlan,
}

/// Which sides stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unary,
    ServerStreaming,
    ClientStreaming,
    Bidirectional,
}

impl<'a> ServiceNames<'a> {
    fn new(service: &'a Service, plan: &'a Plan) -> Self {
        let full_name = match service.package.as_str() {
            "" => service.proto_name.clone(),
            package => format!("{package}.{}", service.proto_name),
        };
        let methods = service.methods.iter();
        let methods = methods.map(|method| MethodNames::new(&full_name, method, plan));
        Self {
            methods: methods.collect(),
            comment: plan.services.get(&full_name).map_or("", String::as_str),
            handlers: format_ident!("{}", service.name),
            server: format_ident!("{}Server", service.name),
            full_name,
        }
    }
}

impl<'a> MethodNames<'a> {
    fn new(service: &str, method: &'a Method, plan: &'a Plan) -> Self {
        let path = format!("/{service}/{}", method.proto_name);
        let kind = match (method.client_streaming, method.server_streaming) {
            (false, false) => Kind::Unary,
            (false, true) => Kind::ServerStreaming,
            (true, false) => Kind::ClientStreaming,
            (true, true) => Kind::Bidirectional,
        };
        let parse = |text: &str| -> syn::Type {
            syn::parse_str(text).expect("prost's name of a type is a Rust type")
        };
        Self {
            plan: plan.methods.get(&path).expect("the plan has every method"),
            path,
            proto_name: &method.proto_name,
            function: syn::parse_str(&method.name)
                .expect("prost's name of a method is an identifier"),
            request: parse(&method.input_type),
            response: parse(&method.output_type),
            kind,
        }
    }

    /// Whether the request is a message of ours and not `()`, which stands for `google.protobuf.Empty`.
    pub(super) fn has_own_request(&self) -> bool {
        match &self.request {
            syn::Type::Path(path) => path.path.leading_colon.is_none(),
            _ => false,
        }
    }
}

impl Kind {
    fn argument(self, request: &syn::Type) -> TokenStream {
        match self {
            Self::Unary | Self::ServerStreaming => quote!(#request),
            Self::ClientStreaming | Self::Bidirectional => {
                quote!(::protoloop::__private::Streaming<#request>)
            }
        }
    }

    fn answer(self, response: &syn::Type) -> TokenStream {
        match self {
            Self::Unary | Self::ClientStreaming => quote!(#response),
            Self::ServerStreaming | Self::Bidirectional => {
                quote!(::protoloop::__private::ResponseStream<#response>)
            }
        }
    }

    /// The trait that calls a method of this kind, and the function that makes a handler of it.
    fn glue(self) -> (syn::Ident, syn::Ident) {
        let (method, handler) = match self {
            Self::Unary => ("UnaryMethod", "unary"),
            Self::ServerStreaming => ("ServerStreamingMethod", "server_streaming"),
            Self::ClientStreaming => ("ClientStreamingMethod", "client_streaming"),
            Self::Bidirectional => ("BidirectionalMethod", "bidirectional"),
        };
        (format_ident!("{method}"), format_ident!("{handler}"))
    }
}

fn handler_trait(service: &ServiceNames<'_>) -> TokenStream {
    let ServiceNames {
        full_name,
        comment,
        handlers,
        ..
    } = service;
    let text = format!(
        "Handlers of `{full_name}`.\n\n{}",
        docs::or(
            comment,
            "A standard method has a body that asks the standard engine; write one to override it. Custom methods must \
             be written.",
        )
    );
    let text = docs::attributes(&text);
    let note = format!("write `impl {handlers} for {{Self}}` with its custom methods");
    let methods = service.methods.iter().map(trait_method);
    quote! {
        #text
        #[diagnostic::on_unimplemented(note = #note)]
        pub trait #handlers: ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#methods)*
        }
    }
}

fn trait_method(method: &MethodNames<'_>) -> TokenStream {
    let MethodNames {
        path,
        proto_name,
        function,
        request,
        response,
        kind,
        plan,
    } = method;
    let text = docs::or(&plan.comment, &format!("Answers `{proto_name}`."));
    let text = docs::attributes(&text);
    let argument = kind.argument(request);
    let answer = kind.answer(response);
    let body = match plan.standard {
        true => quote!({ ::protoloop::__private::standard(cx, #path, request) }),
        false => quote!(;),
    };
    quote! {
        #text
        fn #function(
            &self,
            cx: &::protoloop::__private::Context,
            request: #argument,
        ) -> impl ::core::future::Future<
            Output = ::core::result::Result<#answer, ::protoloop::__private::Error>,
        > + ::core::marker::Send #body
    }
}

fn server(service: &ServiceNames<'_>) -> TokenStream {
    let ServiceNames {
        full_name,
        handlers,
        server,
        ..
    } = service;
    let struct_docs =
        format!(" `{full_name}` as an application serves it, with handlers of type `T`.");
    let glue: TokenStream = service
        .methods
        .iter()
        .enumerate()
        .map(|(index, method)| method_glue(handlers, index, method))
        .collect();
    let entries = service.methods.iter().enumerate().map(|(index, method)| {
        let path = &method.path;
        let marker = format_ident!("Method{index}");
        let (_, handler) = method.kind.glue();
        quote!((#path, ::protoloop::__private::#handler::<T, #marker>(&self.0, engine)))
    });
    quote! {
        #[doc = #struct_docs]
        pub struct #server<T>(::std::sync::Arc<T>);

        impl<T: #handlers> #server<T> {
            /// A server with these handlers; they are shared by all calls.
            pub fn new(handlers: T) -> Self {
                Self(::std::sync::Arc::new(handlers))
            }
        }

        impl<T> ::core::fmt::Debug for #server<T> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(stringify!(#server))
            }
        }

        const _: () = {
            #glue

            impl<T: #handlers> ::protoloop::__private::Service for #server<T> {
                fn name(&self) -> &'static str {
                    #full_name
                }

                fn handlers(
                    &self,
                    engine: &::protoloop::__private::Engine,
                ) -> ::std::vec::Vec<(
                    &'static str,
                    ::core::option::Option<
                        ::std::sync::Arc<dyn ::protoloop::__private::Handler>,
                    >,
                )> {
                    ::std::vec![#(#entries),*]
                }
            }
        };
    }
}

/// The marker type by which the runtime calls one method without a box of its own.
fn method_glue(handlers: &syn::Ident, index: usize, method: &MethodNames<'_>) -> TokenStream {
    let MethodNames {
        function,
        request,
        response,
        kind,
        plan,
        ..
    } = method;
    let marker = format_ident!("Method{index}");
    let (method_trait, _) = kind.glue();
    let argument = kind.argument(request);
    let answer = kind.answer(response);
    let is_standard = plan.standard.then(|| {
        quote! {
            fn is_standard() -> bool {
                ::protoloop::__private::is_standard::<T, #argument, #answer, _, _>(T::#function)
            }
        }
    });
    quote! {
        struct #marker;

        impl<T: #handlers> ::protoloop::__private::#method_trait<T> for #marker {
            type Request = #request;
            type Response = #response;

            fn call(
                handlers: &T,
                cx: &::protoloop::__private::Context,
                request: #argument,
            ) -> impl ::core::future::Future<
                Output = ::core::result::Result<#answer, ::protoloop::__private::Error>,
            > + ::core::marker::Send {
                handlers.#function(cx, request)
            }

            #is_standard
        }
    }
}
