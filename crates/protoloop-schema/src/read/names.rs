//! Gives every message and enum its id and finds them by name.

use std::{collections::HashMap, sync::Arc};

use super::{Input, report::Report};
use crate::{
    EntityId, EnumId, Message, MessageId,
    descriptor::{self, Enum, path},
};

/// What a full name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    Message(MessageId),
    Enum(EnumId),
    Service,
}

/// Where a declaration stands.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) full_name: Arc<str>,
    /// Index among the files.
    pub(crate) input: usize,
    /// Path of the element in its file.
    pub(crate) path: Vec<i32>,
}

/// All names of a set. Messages and enums are listed in the order of their ids.
#[derive(Debug, Default)]
pub(crate) struct Names {
    symbols: HashMap<Arc<str>, Symbol>,
    pub(crate) messages: Vec<Declared>,
    pub(crate) enums: Vec<Declared>,
}

impl Names {
    pub(crate) fn collect(inputs: &[Input<'_>], report: &mut Report) -> Self {
        let mut names = Self::default();
        for (index, input) in inputs.iter().enumerate() {
            let mut walk = Walk {
                names: &mut names,
                input,
                index,
                path: Vec::new(),
                report: &mut *report,
            };
            walk.file();
        }
        names
    }

    /// The type of a name as descriptors spell it, `.todo.v1.Todo`.
    pub(crate) fn resolve(&self, type_name: &str) -> Option<Symbol> {
        self.get(type_name.strip_prefix('.').unwrap_or(type_name))
    }

    pub(crate) fn get(&self, full_name: &str) -> Option<Symbol> {
        self.symbols.get(full_name).copied()
    }

    pub(crate) fn message(&self, type_name: &str) -> Option<MessageId> {
        match self.resolve(type_name) {
            Some(Symbol::Message(id)) => Some(id),
            Some(Symbol::Enum(_) | Symbol::Service) | None => None,
        }
    }
}

/// The model of a name, full or relative to a package and the packages around it.
pub(crate) fn find_model(
    names: &Names,
    messages: &[Message],
    package: &str,
    name: &str,
) -> Option<EntityId> {
    let mut scope = package;
    loop {
        if let Some(Symbol::Message(id)) = names.get(&join(scope, name)) {
            return messages[id.index()].entity;
        }
        if scope.is_empty() {
            return None;
        }
        scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
    }
}

/// One pass over one file.
struct Walk<'a, 'b> {
    names: &'b mut Names,
    input: &'b Input<'a>,
    index: usize,
    path: Vec<i32>,
    report: &'b mut Report,
}

impl Walk<'_, '_> {
    fn file(&mut self) {
        let file = self.input.file;
        let scope = &*file.package;
        self.each(path::FILE_MESSAGE, &file.message_type, |walk, message| {
            walk.message(scope, message);
        });
        self.each(path::FILE_ENUM, &file.enum_type, |walk, item| {
            walk.enumeration(scope, item);
        });
        self.each(path::FILE_SERVICE, &file.service, |walk, service| {
            let full_name = join(scope, &service.name);
            walk.insert(full_name, Symbol::Service);
        });
    }

    fn message(&mut self, scope: &str, message: &descriptor::Message) {
        let full_name = join(scope, &message.name);
        let id = MessageId(count(&self.names.messages));
        let declared = self.declared(&full_name);
        self.names.messages.push(declared);
        self.insert(full_name.clone(), Symbol::Message(id));
        self.each(
            path::MESSAGE_NESTED,
            &message.nested_type,
            |walk, nested| {
                walk.message(&full_name, nested);
            },
        );
        self.each(path::MESSAGE_ENUM, &message.enum_type, |walk, item| {
            walk.enumeration(&full_name, item);
        });
    }

    fn enumeration(&mut self, scope: &str, item: &Enum) {
        let full_name = join(scope, &item.name);
        let id = EnumId(count(&self.names.enums));
        let declared = self.declared(&full_name);
        self.names.enums.push(declared);
        self.insert(full_name, Symbol::Enum(id));
    }

    fn each<T>(&mut self, number: i32, items: &[T], mut visit: impl FnMut(&mut Self, &T)) {
        for (index, item) in (0..).zip(items) {
            self.path.extend([number, index]);
            visit(self, item);
            self.path.truncate(self.path.len() - 2);
        }
    }

    fn declared(&self, full_name: &Arc<str>) -> Declared {
        Declared {
            full_name: full_name.clone(),
            input: self.index,
            path: self.path.clone(),
        }
    }

    fn insert(&mut self, full_name: Arc<str>, symbol: Symbol) {
        if self.names.symbols.contains_key(&full_name) {
            self.report.error(
                self.input.source.location(&self.path),
                format!("{full_name} is declared twice"),
                "give one of the two another name or package",
            );
        }
        self.names.symbols.insert(full_name, symbol);
    }
}

/// `package.Name`; the bare name without a package.
pub(crate) fn join(scope: &str, name: &str) -> Arc<str> {
    if scope.is_empty() {
        name.into()
    } else {
        format!("{scope}.{name}").into()
    }
}

fn count<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}
