//! Files, messages, enums and services.

use std::collections::HashMap;

use super::{
    extensions::Extensions,
    field::is_map_entry,
    raw::{Enum, Field, File, Message, Method, Range, Service},
    scope::Names,
    text::{Text, quote},
};
use crate::{
    Schema,
    descriptor::{Type, path},
    read::join,
};

/// The end of an open range, behind the largest field number.
const MAX_RANGE: i32 = 536_870_912;
/// What stands for `max` in the reserved numbers of an enum.
const MAX_ENUM: i32 = i32::MAX;

/// Writes one file.
pub(super) struct Printer<'a> {
    pub(super) schema: &'a Schema,
    /// The bundled files, for the declarations of options.
    pub(super) standard: &'a Schema,
    pub(super) extensions: &'a Extensions,
    pub(super) names: &'a Names,
    pub(super) file: &'a File,
    pub(super) proto3: bool,
    comments: HashMap<&'a [i32], &'a str>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(
        schema: &'a Schema,
        standard: &'a Schema,
        extensions: &'a Extensions,
        names: &'a Names,
        file: &'a File,
    ) -> Self {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let comments = locations
            .filter(|location| !location.leading_comments.is_empty())
            .map(|location| (&*location.path, &*location.leading_comments));
        Self {
            schema,
            standard,
            extensions,
            names,
            file,
            proto3: file.syntax == "proto3",
            comments: comments.collect(),
        }
    }

    pub(super) fn print(&self) -> String {
        let mut text = Text::default();
        self.head(&mut text);
        let file = self.file;
        for (index, message) in (0..).zip(&file.message_type) {
            self.message(
                &mut text,
                &[path::FILE_MESSAGE, index],
                message,
                &file.package,
            );
        }
        for (index, item) in (0..).zip(&file.enum_type) {
            self.enumeration(&mut text, &[path::FILE_ENUM, index], item, &file.package);
        }
        self.extensions(&mut text, &file.extension, &file.package);
        for (index, service) in (0..).zip(&file.service) {
            self.service(&mut text, &[path::FILE_SERVICE, index], service);
        }
        text.finish()
    }

    fn head(&self, text: &mut Text) {
        let file = self.file;
        self.comment(text, &[path::FILE_SYNTAX]);
        let syntax = if self.proto3 { "proto3" } else { "proto2" };
        text.line(&format!("syntax = \"{syntax}\";"));
        if !file.package.is_empty() {
            text.gap();
            text.line(&format!("package {};", file.package));
        }
        text.gap();
        for (index, import) in (0..).zip(&file.dependency) {
            let how = if file.public_dependency.contains(&index) {
                "public "
            } else if file.weak_dependency.contains(&index) {
                "weak "
            } else {
                ""
            };
            text.line(&format!("import {how}{};", quote(import.as_bytes())));
        }
        text.gap();
        self.option_lines(
            text,
            "google.protobuf.FileOptions",
            &file.options,
            &file.package,
        );
    }

    fn message(&self, text: &mut Text, element: &[i32], message: &Message, scope: &str) {
        text.gap();
        self.comment(text, element);
        text.block(&format!("message {}", message.name), |text| {
            self.message_body(text, element, message, scope);
        });
    }

    fn message_body(&self, text: &mut Text, element: &[i32], message: &Message, scope: &str) {
        let scope = join(scope, &message.name);
        self.option_lines(
            text,
            "google.protobuf.MessageOptions",
            &message.options,
            &scope,
        );
        self.reserved(
            text,
            &message.reserved_range,
            &message.reserved_name,
            -1,
            MAX_RANGE - 1,
        );
        for range in &message.extension_range {
            text.line(&format!(
                "extensions {};",
                spell_range(range, -1, MAX_RANGE - 1)
            ));
        }
        for (index, nested) in (0..).zip(&message.nested_type) {
            if !is_map_entry(nested) && !is_group(message, nested) {
                let element = [element, &[path::MESSAGE_NESTED, index]].concat();
                self.message(text, &element, nested, &scope);
            }
        }
        for (index, item) in (0..).zip(&message.enum_type) {
            self.enumeration(
                text,
                &[element, &[path::MESSAGE_ENUM, index]].concat(),
                item,
                &scope,
            );
        }
        let nested = !message.nested_type.is_empty() || !message.enum_type.is_empty();
        if nested && !message.field.is_empty() {
            text.gap();
        }
        self.fields(text, element, message, &scope);
        self.extensions(text, &message.extension, &scope);
    }

    /// Fields in order; a oneof stands where its first member does.
    fn fields(&self, text: &mut Text, element: &[i32], message: &Message, scope: &str) {
        let mut done = Vec::new();
        for (index, field) in (0..).zip(&message.field) {
            let oneof = field.oneof_index.filter(|_| !field.proto3_optional);
            let Some(oneof) = oneof else {
                self.field(text, element, index, message, scope);
                continue;
            };
            let declared = usize::try_from(oneof)
                .ok()
                .and_then(|at| message.oneof_decl.get(at));
            let Some(declared) = declared.filter(|_| !done.contains(&oneof)) else {
                continue;
            };
            done.push(oneof);
            self.comment(text, &[element, &[ONEOF, oneof]].concat());
            text.block(&format!("oneof {}", declared.name), |text| {
                self.option_lines(
                    text,
                    "google.protobuf.OneofOptions",
                    &declared.options,
                    scope,
                );
                for (index, member) in (0..).zip(&message.field) {
                    if member.oneof_index == Some(oneof) {
                        self.field(text, element, index, message, scope);
                    }
                }
            });
        }
    }

    fn field(&self, text: &mut Text, element: &[i32], index: i32, message: &Message, scope: &str) {
        let Some(field) = usize::try_from(index)
            .ok()
            .and_then(|at| message.field.get(at))
        else {
            return;
        };
        self.comment(text, &[element, &[path::MESSAGE_FIELD, index]].concat());
        let group = (0..)
            .zip(&message.nested_type)
            .find(|(_, nested)| is_group_of(field, nested));
        match group {
            Some((at, nested)) => {
                let element = [element, &[path::MESSAGE_NESTED, at]].concat();
                self.group(text, &element, field, nested, scope);
            }
            None => text.line(&self.field_line(field, Some(message), scope)),
        }
    }

    fn group(&self, text: &mut Text, element: &[i32], field: &Field, group: &Message, scope: &str) {
        let (label, options) = (self.label(field), self.field_options(field, scope));
        let head = format!("{label}group {} = {}{options}", group.name, field.number);
        text.block(&head, |text| self.message_body(text, element, group, scope));
    }

    /// Extensions, together by what they extend.
    fn extensions(&self, text: &mut Text, extensions: &[Field], scope: &str) {
        let mut rest = extensions;
        while let Some(first) = rest.first() {
            let together = rest
                .iter()
                .take_while(|field| field.extendee == first.extendee)
                .count();
            let (now, later) = rest.split_at(together);
            rest = later;
            text.gap();
            let extended = self.names.spell(&first.extendee, scope, &self.file.package);
            text.block(&format!("extend {extended}"), |text| {
                for field in now {
                    text.line(&self.field_line(field, None, scope));
                }
            });
        }
    }

    fn enumeration(&self, text: &mut Text, element: &[i32], item: &Enum, scope: &str) {
        let scope = join(scope, &item.name);
        text.gap();
        self.comment(text, element);
        text.block(&format!("enum {}", item.name), |text| {
            self.option_lines(text, "google.protobuf.EnumOptions", &item.options, &scope);
            self.reserved(text, &item.reserved_range, &item.reserved_name, 0, MAX_ENUM);
            for (index, value) in (0..).zip(&item.value) {
                self.comment(text, &[element, &[path::ENUM_VALUE, index]].concat());
                let options =
                    self.options("google.protobuf.EnumValueOptions", &value.options, &scope);
                let options = match &*options {
                    [] => String::new(),
                    options => format!(" [{}]", options.join(", ")),
                };
                text.line(&format!("{} = {}{options};", value.name, value.number));
            }
        });
    }

    fn reserved(&self, text: &mut Text, ranges: &[Range], names: &[String], last: i32, max: i32) {
        if !ranges.is_empty() {
            let ranges: Vec<_> = ranges
                .iter()
                .map(|range| spell_range(range, last, max))
                .collect();
            text.line(&format!("reserved {};", ranges.join(", ")));
        }
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(|name| quote(name.as_bytes())).collect();
            text.line(&format!("reserved {};", names.join(", ")));
        }
    }

    fn service(&self, text: &mut Text, element: &[i32], service: &Service) {
        text.gap();
        self.comment(text, element);
        let scope = join(&self.file.package, &service.name);
        text.block(&format!("service {}", service.name), |text| {
            self.option_lines(
                text,
                "google.protobuf.ServiceOptions",
                &service.options,
                &scope,
            );
            for (index, method) in (0..).zip(&service.method) {
                let element = [element, &[path::SERVICE_METHOD, index]].concat();
                self.method(text, &element, method, &scope);
            }
        });
    }

    fn method(&self, text: &mut Text, element: &[i32], method: &Method, scope: &str) {
        let spell = |name: &str, streams: bool| {
            let stream = if streams { "stream " } else { "" };
            format!(
                "{stream}{}",
                self.names.spell(name, scope, &self.file.package)
            )
        };
        let head = format!(
            "rpc {}({}) returns ({})",
            method.name,
            spell(&method.input_type, method.client_streaming),
            spell(&method.output_type, method.server_streaming)
        );
        text.gap();
        self.comment(text, element);
        let options = self.options("google.protobuf.MethodOptions", &method.options, scope);
        if options.is_empty() {
            text.line(&format!("{head};"));
        } else {
            text.block(&head, |text| {
                for option in options {
                    text.line(&format!("option {option};"));
                }
            });
        }
    }

    fn option_lines(&self, text: &mut Text, extendee: &str, bytes: &[u8], scope: &str) {
        for option in self.options(extendee, bytes, scope) {
            text.line(&format!("option {option};"));
        }
    }

    fn comment(&self, text: &mut Text, element: &[i32]) {
        if let Some(comment) = self.comments.get(element) {
            text.comment(comment);
        }
    }
}

/// Number of `oneof_decl` in a message's descriptor.
const ONEOF: i32 = 8;

/// `last` is what turns the end of the range into the last number of it.
fn spell_range(range: &Range, last: i32, max: i32) -> String {
    let end = range.end.saturating_add(last);
    if end == range.start {
        range.start.to_string()
    } else if end == max {
        format!("{} to max", range.start)
    } else {
        format!("{} to {end}", range.start)
    }
}

fn is_group(message: &Message, nested: &Message) -> bool {
    message.field.iter().any(|field| is_group_of(field, nested))
}

fn is_group_of(field: &Field, nested: &Message) -> bool {
    field.r#type() == Type::Group && field.type_name.rsplit('.').next() == Some(&*nested.name)
}
