//! Columns of JSON: lists, maps and messages as ProtoJSON with proto names and enum numbers.

use protoloop_core::{Error, Result};
use protoloop_wire::{
    View,
    json::{DecodeOptions, EncodeOptions, decode_field, encode_field},
};

/// Deeper than any message that the edge lets in.
const DEPTH: usize = 512;

/// The text of a field; `None` when it is absent or empty.
pub(crate) fn write(view: &View<'_>, number: u32) -> Result<Option<String>> {
    if !view.has(number) {
        return Ok(None);
    }
    let options = EncodeOptions {
        proto_names: true,
        enum_numbers: true,
        proto_mask_paths: true,
        depth: DEPTH,
        ..EncodeOptions::default()
    };
    let mut text = Vec::new();
    let id = view.table().id();
    encode_field(view.tables(), id, number, view.bytes(), &options, &mut text)?;
    String::from_utf8(text)
        .map(Some)
        .map_err(|error| Error::internal_error("JSON that is not UTF-8").with_source(error))
}

/// The encoded field of a text. What the schema no longer knows is stepped over.
pub(crate) fn read(view: &View<'_>, number: u32, text: &str) -> Option<Vec<u8>> {
    let options = DecodeOptions {
        ignore_unknown: true,
        proto_mask_paths: true,
        depth: DEPTH,
        size: usize::MAX,
    };
    decode_field(
        view.tables(),
        view.table().id(),
        number,
        text.as_bytes(),
        &options,
    )
    .ok()
}
