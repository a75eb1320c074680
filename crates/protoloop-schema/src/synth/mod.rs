//! Adds to a file what `(protoloop.v1.model).expose` asks for: requests, answers, a service and its routes.
//!
//! A service of that name in the file of the model is not replaced but completed: it keeps its methods, custom or
//! standard, and gets the standard ones that it does not declare.
//!
//! Field numbers are fixed per role, so that clients survive any change of the model's own fields:
//!
//! | message | fields |
//! |---|---|
//! | CreateTodoRequest | `todo` 1, `validate_only` 2, `request_id` 3, `todo_id` 4 (ids given by clients only) |
//! | GetTodoRequest | the key 1, `read_mask` 2, `include` 3 |
//! | ListTodosRequest | `filter` 1, `order_by` 2, `page_size` 3, `page_token` 4, `skip` 5, `read_mask` 6, `include` 7, `show_deleted` 8 |
//! | ListTodosResponse | `todos` 1, `next_page_token` 2, `total_size` 3 (with `total_size: true` only) |
//! | UpdateTodoRequest | `todo` 1, `update_mask` 2, `allow_missing` 3, `validate_only` 4 |
//! | DeleteTodoRequest | the key 1, `etag` 2, `allow_missing` 3 |
//! | UndeleteTodoRequest (with `soft_delete: true` only) | the key 1, `etag` 2, `validate_only` 3 |
//! | CountTodosRequest, CountTodosResponse | `filter` 1, `show_deleted` 2 (with `soft_delete: true` only); `count` 1 |
//! | BatchGetTodosRequest | the keys 1, `read_mask` 2, `include` 3 |
//! | BatchDeleteTodosRequest | the keys 1 |
//! | BatchCreateTodosRequest, BatchUpdateTodosRequest | `requests` 1 |
//! | PurgeTodosRequest, PurgeTodosResponse | `filter` 1, `force` 2; `purge_count` 1, `purge_sample` 2 |
//! | BulkUpdateTodosRequest, BulkUpdateTodosResponse | `filter` 1, `todo` 2, `update_mask` 3, `validate_only` 4; `update_count` 1 |
//! | ListBooksOfAuthorRequest | the other model's id 11, the rest as ListTodosRequest |
//! | CreateBookOfAuthorRequest | the other model's id 11, the rest as CreateTodoRequest |
//! | GetProfileOfAuthorRequest | the other model's id 11, `read_mask` 2, `include` 3 |
//! | LinkTagsToBookRequest, UnlinkTagsFromBookRequest | the other model's id 11, the ids 1 |
//! | BatchGetTodosResponse, BatchCreateTodosResponse, BatchUpdateTodosResponse | `todos` 1 |
//!
//! Of an id of several fields the first is number 1, and the others follow from 21 on; its batches have `requests` 1, as
//! BatchCreate has.

mod batch;
mod build;
mod fields;
mod file;
mod graft;
mod merge;
mod methods;
mod related;
mod resource;

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::{
    descriptor::{File, Source, path},
    read::{LoadedFile, Report, join},
};
use build::Addition;
use resource::Resource;
pub(crate) use resource::{plural_name, singular_name};

/// Full names of what was made.
pub(crate) type Made = HashSet<String>;

/// What was made.
#[derive(Default)]
pub(crate) struct Expanded {
    pub(crate) made: Made,
    /// The paths above models that are exposed for writing: `/v1`.
    pub(crate) written: BTreeSet<String>,
}

pub(crate) use batch::add as add_batch;

/// Adds to every file what its exposed models ask for.
pub(crate) fn expand(files: &mut [LoadedFile], report: &mut Report) -> Expanded {
    let owners = owners(files);
    let models = related::models(files);
    let mut made = Made::new();
    let mut written = BTreeSet::new();
    for index in 0..files.len() {
        let file = &files[index].decoded;
        let source = Source::new(file);
        let mut additions = Vec::new();
        for resource in Resource::all(file, &source, report) {
            written.extend(resource.written_below());
            let mut addition = methods::addition(&resource, &models);
            if !is_present(&addition, file) {
                addition.merge_into(file, &mut made);
            }
            let clashes = clashes(&addition, files, index, &owners);
            match clashes {
                Clashes::None if addition.is_empty() => {}
                Clashes::None => {
                    made.extend(addition.names(&file.package));
                    additions.push(addition);
                }
                // A set that this function has already been over.
                Clashes::Same => made.extend(addition.names(&file.package)),
                Clashes::Other(clashes) => {
                    for clash in clashes {
                        clash.report(files, &resource, report);
                    }
                }
            }
        }
        if !additions.is_empty() {
            drop(source);
            file::append(&mut files[index], additions);
        }
    }
    Expanded { made, written }
}

/// A declaration that has a name which is to be made.
struct Clash {
    full_name: String,
    owner: Owner,
}

enum Clashes {
    None,
    /// All of it is there, exactly as it would be made.
    Same,
    Other(Vec<Clash>),
}

/// Where a top-level name is declared: file and path.
#[derive(Clone, Copy)]
struct Owner {
    file: usize,
    element: [i32; 2],
}

fn owners(files: &[LoadedFile]) -> HashMap<String, Owner> {
    let mut owners = HashMap::new();
    for (index, file) in files.iter().enumerate() {
        let file = &file.decoded;
        let messages = file.message_type.iter().map(|item| &item.name);
        let enums = file.enum_type.iter().map(|item| &item.name);
        let services = file.service.iter().map(|item| &item.name);
        let named = (0..)
            .zip(messages)
            .map(|(at, name)| ([path::FILE_MESSAGE, at], name))
            .chain(
                (0..)
                    .zip(enums)
                    .map(|(at, name)| ([path::FILE_ENUM, at], name)),
            )
            .chain(
                (0..)
                    .zip(services)
                    .map(|(at, name)| ([path::FILE_SERVICE, at], name)),
            );
        for (element, name) in named {
            let owner = Owner {
                file: index,
                element,
            };
            owners.insert(join(&file.package, name).as_ref().to_owned(), owner);
        }
    }
    owners
}

fn clashes(
    addition: &Addition,
    files: &[LoadedFile],
    index: usize,
    owners: &HashMap<String, Owner>,
) -> Clashes {
    let file = &files[index].decoded;
    let found: Vec<_> = addition
        .names(&file.package)
        .filter_map(|full_name| {
            let owner = *owners.get(&full_name)?;
            Some(Clash { full_name, owner })
        })
        .collect();
    if found.is_empty() {
        return Clashes::None;
    }
    match is_present(addition, file) {
        true => Clashes::Same,
        false => Clashes::Other(found),
    }
}

/// Whether the file has all of it, exactly as it would be made.
fn is_present(addition: &Addition, file: &File) -> bool {
    let (messages, service) = addition.descriptors();
    messages
        .iter()
        .all(|message| file.message_type.contains(message))
        && file.service.contains(&service)
}

impl Clash {
    fn report(&self, files: &[LoadedFile], resource: &Resource<'_>, report: &mut Report) {
        let source = Source::new(&files[self.owner.file].decoded);
        report.error(
            source.location(&self.owner.element),
            format!(
                "{} is declared here, and `expose` of {} makes it too",
                self.full_name, resource.full_name
            ),
            format!(
                "give it another name, or leave `expose` out of {} and write the service yourself; methods of your own \
                 are added to a service of that name when it stands in the file of the model",
                resource.message.name
            ),
        );
    }
}
