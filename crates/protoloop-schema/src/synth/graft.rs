//! Adds methods to services within an encoded file.

use prost::{
    Message as _,
    bytes::Buf as _,
    encoding::{
        DecodeContext, WireType, decode_key, decode_varint, encode_key, encode_varint, skip_field,
    },
};

use crate::descriptor::{Method, Service, path};

/// Methods for a service that the file has.
pub(super) struct Graft {
    /// Position of the service.
    pub(super) service: usize,
    pub(super) methods: Vec<Method>,
}

/// The encoded file with the methods behind those of their services. Everything else keeps its bytes, unknown options
/// included.
pub(super) fn methods(encoded: &[u8], grafts: &[Graft]) -> Vec<u8> {
    const SERVICE: u32 = path::FILE_SERVICE.cast_unsigned();
    let mut grown = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    let mut services = 0;
    while rest.has_remaining() {
        let start = rest;
        let (tag, wire_type) = decode_key(&mut rest).expect("the file was decoded before");
        if (tag, wire_type) != (SERVICE, WireType::LengthDelimited) {
            skip_field(wire_type, tag, &mut rest, DecodeContext::default())
                .expect("the file was decoded before");
            grown.extend_from_slice(&start[..start.len() - rest.len()]);
            continue;
        }
        let service = take_delimited(&mut rest);
        let added = additions(grafts, services);
        services += 1;
        encode_key(tag, wire_type, &mut grown);
        encode_varint((service.len() + added.len()) as u64, &mut grown);
        grown.extend_from_slice(service);
        grown.extend_from_slice(&added);
    }
    grown
}

fn take_delimited<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let length = decode_varint(rest).expect("the file was decoded before");
    let length = usize::try_from(length).expect("the length of a slice in memory");
    let (taken, behind) = rest.split_at(length);
    *rest = behind;
    taken
}

/// Two encodings of a service in a row are one service with the methods of both.
fn additions(grafts: &[Graft], service: usize) -> Vec<u8> {
    let own = grafts.iter().filter(|graft| graft.service == service);
    let added = Service {
        method: own.flat_map(|graft| graft.methods.clone()).collect(),
        ..Service::default()
    };
    added.encode_to_vec()
}
