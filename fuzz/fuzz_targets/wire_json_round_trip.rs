//! Any bytes: encoding never panics, and the JSON means the same message, whatever the order of the fields was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use protoloop_fuzz::fixture;
use protoloop_wire::{canonicalize, json};

fuzz_target!(|wire: &[u8]| {
    let (tables, ids) = fixture();
    for id in *ids {
        let encode = |wire: &[u8]| {
            let mut text = Vec::new();
            json::encode(tables, id, wire, &json::EncodeOptions::default(), &mut text).map(|()| text)
        };
        let Ok(text) = encode(wire) else { continue };
        let canonical = canonicalize(tables, id, wire).expect("it had a JSON form");
        assert_eq!(encode(&canonical).expect("the same message"), text);
        let options = json::DecodeOptions::default();
        let back = json::decode(tables, id, &text, &options).expect("our own JSON is read");
        assert_eq!(encode(&back).expect("it came from JSON"), text);
    }
});
