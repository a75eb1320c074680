//! Appends new elements to an encoded file.

use prost::{Message as _, bytes::Bytes};

use super::{
    build::Addition,
    graft::{self, Graft},
};
use crate::{
    descriptor::{File, SourceCodeInfo, SourceLocation, path},
    read::LoadedFile,
};

/// What new elements may refer to.
const IMPORTS: [&str; 4] = [
    "google/api/annotations.proto",
    "google/api/field_behavior.proto",
    "google/protobuf/empty.proto",
    "google/protobuf/field_mask.proto",
];

/// Two encoded messages in a row are their merger, so the file keeps every byte it came with.
pub(super) fn append(file: &mut LoadedFile, additions: Vec<Addition>) {
    let (addendum, grafts) = addendum(&file.decoded, additions);
    let grown = graft::methods(&file.encoded, &grafts);
    let encoded = [grown, addendum.encode_to_vec()].concat();
    file.encoded = Bytes::from(encoded);
    file.decoded = File::decode(file.encoded.clone()).expect("two sound encodings in a row");
}

/// The new elements of a file, and the methods to add to its present services.
fn addendum(file: &File, additions: Vec<Addition>) -> (File, Vec<Graft>) {
    let mut addendum = File::default();
    let mut grafts = Vec::new();
    let mut comments = SourceCodeInfo::default();
    for addition in additions {
        let (messages, service) = addition.descriptors();
        let first = index(file.message_type.len() + addendum.message_type.len());
        let (service_at, method_at) = match addition.into {
            Some(at) => (at, file.service[at].method.len()),
            None => (file.service.len() + addendum.service.len(), 0),
        };
        let all = locations(&addition, first, index(service_at), index(method_at));
        comments.location.extend(all);
        addendum.message_type.extend(messages);
        match addition.into {
            Some(service) => grafts.push(Graft {
                service,
                methods: addition.descriptors().1.method,
            }),
            None => addendum.service.push(service),
        }
    }
    let missing = IMPORTS
        .into_iter()
        .filter(|import| !file.dependency.iter().any(|present| present == import))
        .filter(|import| uses(&addendum, &grafts, import));
    addendum.dependency = missing.map(str::to_owned).collect();
    addendum.source_code_info = Some(comments);
    (addendum, grafts)
}

/// Whether new elements refer to an import; all of them have routes.
fn uses(addendum: &File, grafts: &[Graft], import: &str) -> bool {
    let mut fields = addendum
        .message_type
        .iter()
        .flat_map(|message| &message.field);
    let made = addendum.service.iter().flat_map(|service| &service.method);
    let mut methods = made.chain(grafts.iter().flat_map(|graft| &graft.methods));
    match import {
        "google/protobuf/empty.proto" => {
            methods.any(|method| method.output_type == ".google.protobuf.Empty")
        }
        "google/protobuf/field_mask.proto" => {
            fields.any(|field| field.type_name == ".google.protobuf.FieldMask")
        }
        _ => true,
    }
}

fn locations(addition: &Addition, first: i32, service: i32, method: i32) -> Vec<SourceLocation> {
    let mut all = Vec::new();
    let mut place = |path: &[i32], comment: &str| {
        all.push(SourceLocation {
            path: path.to_vec(),
            span: addition.span.clone(),
            leading_comments: format!(" {}\n", comment.replace('\n', "\n ")),
            trailing_comments: String::new(),
        });
    };
    for (at, message) in (first..).zip(&addition.messages) {
        place(&[path::FILE_MESSAGE, at], &message.comment);
        for (index, field) in (0..).zip(&message.fields) {
            let element = [path::FILE_MESSAGE, at, path::MESSAGE_FIELD, index];
            place(&element, &field.comment);
        }
    }
    if addition.into.is_none() {
        place(&[path::FILE_SERVICE, service], &addition.service.comment);
    }
    for (index, new) in (method..).zip(&addition.service.methods) {
        let element = [path::FILE_SERVICE, service, path::SERVICE_METHOD, index];
        place(&element, &new.comment);
    }
    all
}

fn index(position: usize) -> i32 {
    i32::try_from(position).unwrap_or(i32::MAX)
}
