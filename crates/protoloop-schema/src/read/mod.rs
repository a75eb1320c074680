//! From descriptors to the model.

mod defaults;
mod entities;
mod enums;
mod extensions;
mod fields;
mod files;
mod filled;
mod indexes;
mod keys;
mod messages;
mod names;
mod references;
mod relations;
mod report;
mod routes;
mod services;
mod standards;
mod unserved;

use std::collections::HashMap;

use crate::{
    Diagnostics, ReadOptions, Schema,
    descriptor::{File, Source},
    synth::{self, Expanded, Made},
};
pub(crate) use fields::{lower_camel, scalar};
pub(crate) use files::LoadedFile;
use names::Names;
pub(crate) use names::join;
pub(crate) use report::Report;

/// One decoded file with its source info.
struct Input<'a> {
    file: &'a File,
    source: Source<'a>,
}

/// What the readers of single elements share.
struct Reader<'a> {
    names: Names,
    made: Made,
    /// Where the methods stand, in the order of their ids.
    methods: Vec<names::Declared>,
    inputs: &'a [Input<'a>],
    report: Report,
    options: &'a ReadOptions,
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
        Self::read(bytes, &ReadOptions::default())
    }

    /// The same, with a say in which services are read and which routes they have.
    ///
    /// # Errors
    /// As [`Schema::from_descriptor_set`]; and rules that select nothing.
    pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<Self, Diagnostics> {
        let mut report = Report::default();
        let mut set = files::load(bytes, options, &mut report);
        if report.has_errors() {
            return Err(report.finish());
        }
        let Expanded { made, written } = synth::expand(&mut set, &mut report);
        if options.batch {
            synth::add_batch(&mut set, &written);
        }
        files::complete(&mut set);
        let set = files::sort(set, &mut report);
        let inputs: Vec<_> = set.iter().map(Input::new).collect();
        let names = Names::collect(&inputs, &mut report);
        let mut reader = Reader {
            names,
            made,
            methods: Vec::new(),
            inputs: &inputs,
            report,
            options,
        };
        let mut messages = reader.messages();
        let enums = reader.enums();
        let extensions = reader.extensions();
        let (entities, references) = reader.entities(&mut messages);
        let (services, mut methods) = reader.services();
        reader.routes(&mut methods, &messages);
        reader.standards(&mut methods, &entities, &messages);
        if reader.report.has_errors() {
            return Err(reader.report.finish());
        }
        let schema = Self {
            messages_by_name: index(&messages, |message| (message.full_name.clone(), message.id)),
            enums_by_name: index(&enums, |item| (item.full_name.clone(), item.id)),
            methods_by_path: index(&methods, |method| (method.info.path.clone(), method.id)),
            messages,
            enums,
            extensions,
            services,
            methods,
            entities,
            references,
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
