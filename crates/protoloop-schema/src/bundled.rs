//! The `.proto` files that come with the toolkit: our annotations, `google/api`, `google/rpc`, `google/type`,
//! `google/longrunning`, `buf/validate`.

use std::{collections::HashMap, sync::OnceLock};

use prost::{Message as _, bytes::Bytes};

use crate::descriptor::{FileHead, FileSet};

/// The encoded `FileDescriptorSet` of the bundled files and of `google/protobuf/*`, imports first, without source info.
#[must_use]
pub fn descriptor_set() -> &'static [u8] {
    include_bytes!("generated/bundled.binpb")
}

/// Import path and text of every bundled file, by path; `google/protobuf/*`, which every compiler brings, left out.
#[must_use]
pub fn files() -> &'static [(&'static str, &'static str)] {
    include!("generated/sources.rs")
}

/// The encoded `FileDescriptorProto` of a bundled file or of one in `google/protobuf`.
#[must_use]
pub fn descriptor(name: &str) -> Option<Bytes> {
    static BY_NAME: OnceLock<HashMap<String, Bytes>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| {
        let set = FileSet::decode(descriptor_set()).expect("codegen wrote a descriptor set");
        let named = set.file.into_iter().map(|encoded| {
            let head = FileHead::decode(encoded.clone()).expect("codegen wrote descriptors");
            (head.name, encoded)
        });
        named.collect()
    });
    by_name.get(name).cloned()
}
