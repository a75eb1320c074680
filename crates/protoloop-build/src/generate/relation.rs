//! Relations of models as methods of their messages: `author.books(cx)?`.

use proc_macro2::TokenStream;
use prost_build::Module;
use protoloop_schema::{Entity, EntityId, Message, Relation, RelationKind, Schema};
use quote::{format_ident, quote};

use super::{
    docs,
    entity::{ident, rust_path},
};

/// The text that gives the models of a package their relations; empty when it has none.
pub(super) fn implement(schema: &Schema, package: &Module) -> String {
    let entities = schema.entities().iter();
    let here = entities.filter(|entity| package_of(schema.message(entity.message)) == *package);
    here.map(|entity| implement_one(schema, package, entity))
        .collect::<TokenStream>()
        .to_string()
}

fn implement_one(schema: &Schema, package: &Module, entity: &Entity) -> TokenStream {
    if entity.relations.is_empty() {
        return TokenStream::new();
    }
    let row = path(schema, package, entity.id);
    let methods = entity.relations.iter();
    let methods = methods.map(|relation| method(schema, package, entity, relation));
    quote! {
        impl #row {
            #(#methods)*
        }
    }
}

fn method(schema: &Schema, package: &Module, entity: &Entity, relation: &Relation) -> TokenStream {
    let name = ident(&relation.name);
    let target = path(schema, package, relation.target);
    let number = relation.field;
    let (function, answer) = match &relation.kind {
        RelationKind::BelongsTo { .. } => ("belongs_to", "BelongsTo"),
        RelationKind::HasOne { .. } => ("has_one", "HasOne"),
        RelationKind::HasMany { .. } => ("has_many", "HasMany"),
        RelationKind::HasManyThrough { .. } => ("has_many_through", "HasManyThrough"),
        RelationKind::ReferencesMany { .. } => ("references_many", "ReferencesMany"),
    };
    let (function, answer) = (format_ident!("{function}"), format_ident!("{answer}"));
    let arguments = match &relation.kind {
        RelationKind::HasManyThrough { through, .. } => {
            let links = path(schema, package, *through);
            quote!(::<_, _, #links>)
        }
        _ => TokenStream::new(),
    };
    let text = docs::attributes(&text(schema, entity, relation));
    quote! {
        #text
        pub fn #name(
            &self,
            cx: &impl ::protoloop::__private::Repositories,
        ) -> ::core::result::Result<
            ::protoloop::__private::#answer<#target>,
            ::protoloop::__private::Error,
        > {
            ::protoloop::__private::#function #arguments(self, cx, #number)
        }
    }
}

fn text(schema: &Schema, entity: &Entity, relation: &Relation) -> String {
    let target = schema.entity(relation.target);
    let (one, other, others) = (&entity.singular, &target.singular, &target.plural);
    match &relation.kind {
        RelationKind::BelongsTo { .. } => format!("The {other} that this {one} refers to."),
        RelationKind::HasOne { .. } => format!("The {other} that belongs to this {one}."),
        RelationKind::HasMany { .. } => format!("The {others} that belong to this {one}."),
        RelationKind::HasManyThrough { .. } => {
            format!("The {others} that are linked to this {one}.")
        }
        RelationKind::ReferencesMany { .. } => format!("The {others} that this {one} lists."),
    }
}

fn package_of(message: &Message) -> Module {
    Module::from_protobuf_package_name(&message.package)
}

/// The type of a model's rows as seen from a package.
fn path(schema: &Schema, from: &Module, entity: EntityId) -> TokenStream {
    let message = schema.message(schema.entity(entity).message);
    let package = package_of(message);
    let name = message
        .full_name
        .strip_prefix(&*message.package)
        .unwrap_or(&message.full_name);
    let row = rust_path(name.trim_start_matches('.'));
    if package == *from {
        return row;
    }
    let up = from.parts().map(|_| quote!(super::));
    let down = package.parts().map(|part| {
        // Module's parts are identifiers already, raw ones among them.
        let part: syn::Ident = syn::parse_str(part).unwrap_or_else(|_| ident(part));
        quote!(#part::)
    });
    quote!(#(#up)* #(#down)* #row)
}
