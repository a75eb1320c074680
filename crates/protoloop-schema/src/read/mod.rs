//! From descriptors to the model.

mod defaults;
mod enums;
mod fields;
mod files;
mod messages;
mod names;
mod report;
mod services;

use std::collections::HashMap;

use crate::{
    Diagnostics, Schema,
    descriptor::{File, Source},
};
use names::Names;
use report::Report;

/// One decoded file with its source info.
struct Input<'a> {
    file: &'a File,
    source: Source<'a>,
}

/// What the readers of single elements share.
struct Reader<'a> {
    names: Names,
    inputs: &'a [Input<'a>],
    report: Report,
}

impl Schema {
    /// Reads an encoded `google.protobuf.FileDescriptorSet`.
    ///
    /// Imports that the toolkit bundles may be missing from the set. Source info is optional, but without it
    /// diagnostics name files and elements only.
    ///
    /// # Errors
    /// Every problem of the set at once, sorted by place; warnings among them.
    pub fn from_descriptor_set(bytes: &[u8]) -> Result<Self, Diagnostics> {
        let mut report = Report::default();
        let set = files::load(bytes, &mut report);
        if report.has_errors() {
            return Err(report.finish());
        }
        let inputs: Vec<_> = set.iter().map(Input::new).collect();
        let names = Names::collect(&inputs, &mut report);
        let mut reader = Reader {
            names,
            inputs: &inputs,
            report,
        };
        let messages = reader.messages();
        let enums = reader.enums();
        let (services, methods) = reader.services();
        if reader.report.has_errors() {
            return Err(reader.report.finish());
        }
        let schema = Self {
            messages_by_name: index(&messages, |message| (message.full_name.clone(), message.id)),
            enums_by_name: index(&enums, |item| (item.full_name.clone(), item.id)),
            methods_by_path: index(&methods, |method| (method.info.path.clone(), method.id)),
            messages,
            enums,
            services,
            methods,
            entities: Vec::new(),
            descriptor_set: files::encode(&set),
            warnings: reader.report.finish().0,
        };
        Ok(schema)
    }
}

impl<'a> Input<'a> {
    fn new(file: &'a files::LoadedFile) -> Self {
        Self {
            file: &file.decoded,
            source: Source::new(&file.decoded),
        }
    }
}

fn index<T, K, V>(items: &[T], entry: impl Fn(&T) -> (K, V)) -> HashMap<K, V>
where
    K: Eq + std::hash::Hash,
{
    items.iter().map(entry).collect()
}
