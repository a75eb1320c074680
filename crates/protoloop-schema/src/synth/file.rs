//! Appends new elements to an encoded file.

use prost::{Message as _, bytes::Bytes};

use super::build::Addition;
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
    let encoded = [
        &*file.encoded,
        &*addendum(&file.decoded, additions).encode_to_vec(),
    ]
    .concat();
    file.encoded = Bytes::from(encoded);
    file.decoded = File::decode(file.encoded.clone()).expect("two sound encodings in a row");
}

fn addendum(file: &File, additions: Vec<Addition>) -> File {
    let mut addendum = File::default();
    let mut comments = SourceCodeInfo::default();
    for addition in additions {
        let (messages, service) = addition.descriptors();
        let first = index(file.message_type.len() + addendum.message_type.len());
        let service_at = index(file.service.len() + addendum.service.len());
        comments
            .location
            .extend(locations(&addition, first, service_at));
        addendum.message_type.extend(messages);
        addendum.service.push(service);
    }
    let missing = IMPORTS
        .into_iter()
        .filter(|import| !file.dependency.iter().any(|present| present == import))
        .filter(|import| uses(&addendum, import));
    addendum.dependency = missing.map(str::to_owned).collect();
    addendum.source_code_info = Some(comments);
    addendum
}

/// Whether new elements refer to an import; all of them have routes.
fn uses(addendum: &File, import: &str) -> bool {
    let mut fields = addendum
        .message_type
        .iter()
        .flat_map(|message| &message.field);
    let mut methods = addendum.service.iter().flat_map(|service| &service.method);
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

fn locations(addition: &Addition, first: i32, service: i32) -> Vec<SourceLocation> {
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
    place(&[path::FILE_SERVICE, service], &addition.service.comment);
    for (index, method) in (0..).zip(&addition.service.methods) {
        let element = [path::FILE_SERVICE, service, path::SERVICE_METHOD, index];
        place(&element, &method.comment);
    }
    all
}

fn index(position: usize) -> i32 {
    i32::try_from(position).unwrap_or(i32::MAX)
}
