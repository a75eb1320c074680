//! The shortest spelling of a type that means it.

use std::collections::HashSet;

use super::raw::{File, Message};
use crate::read::join;

/// Full names of all packages, messages, enums and services of a set.
#[derive(Debug, Default)]
pub(super) struct Names {
    full: HashSet<String>,
}

impl Names {
    pub(super) fn collect(files: &[File]) -> Self {
        let mut names = Self::default();
        for file in files {
            let mut package = file.package.as_str();
            while !package.is_empty() {
                names.full.insert(package.to_owned());
                package = package.rsplit_once('.').map_or("", |(outer, _)| outer);
            }
            for message in &file.message_type {
                names.message(&file.package, message);
            }
            let enums = file.enum_type.iter().map(|item| &item.name);
            let services = file.service.iter().map(|item| &item.name);
            for name in enums.chain(services) {
                names.add(&file.package, name);
            }
        }
        names
    }

    fn message(&mut self, scope: &str, message: &Message) {
        let full_name = self.add(scope, &message.name);
        for nested in &message.nested_type {
            self.message(&full_name, nested);
        }
        for item in &message.enum_type {
            self.add(&full_name, &item.name);
        }
    }

    fn add(&mut self, scope: &str, name: &str) -> String {
        let full_name = join(scope, name).as_ref().to_owned();
        self.full.insert(full_name.clone());
        full_name
    }

    /// A type as it is written inside a scope: relative to the package where that leads to it, else in full.
    pub(super) fn spell(&self, type_name: &str, scope: &str, package: &str) -> String {
        let full_name = type_name.trim_start_matches('.');
        let within = full_name
            .strip_prefix(package)
            .and_then(|rest| rest.strip_prefix('.'));
        let candidates = within.into_iter().chain([full_name]);
        for candidate in candidates {
            if self.leads_to(candidate, scope).as_deref() == Some(full_name) {
                return candidate.to_owned();
            }
        }
        format!(".{full_name}")
    }

    /// A name in full, with a leading dot where it would be taken for another without.
    pub(super) fn spell_in_full(&self, full_name: &str, scope: &str) -> String {
        match self.leads_to(full_name, scope) {
            Some(found) if found != full_name => format!(".{full_name}"),
            _ => full_name.to_owned(),
        }
    }

    /// What compilers take a relative name for: the first part is looked up from the inside out.
    fn leads_to(&self, name: &str, mut scope: &str) -> Option<String> {
        let first = name.split('.').next().unwrap_or(name);
        loop {
            if self.full.contains(join(scope, first).as_ref()) {
                return Some(join(scope, name).as_ref().to_owned());
            }
            if scope.is_empty() {
                return None;
            }
            scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    }
}
