//! Any text: decoding never panics, and what it accepts is a well-formed message that decodes again from its own JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use protoloop_fuzz::fixture;
use protoloop_wire::{Limits, check, json};

fuzz_target!(|text: &[u8]| {
    let (tables, ids) = fixture();
    for id in *ids {
        for ignore_unknown in [false, true] {
            let options = json::DecodeOptions {
                ignore_unknown,
                ..json::DecodeOptions::default()
            };
            let Ok(wire) = json::decode(tables, id, text, &options) else {
                continue;
            };
            check(tables, id, &wire, &Limits::default()).expect("decoding writes well-formed messages");
            let mut back = Vec::new();
            json::encode(tables, id, &wire, &json::EncodeOptions::default(), &mut back)
                .expect("what came from JSON has a JSON form");
            let again = json::decode(tables, id, &back, &options).expect("our own JSON is read");
            assert_eq!(again, wire);
        }
        let _ = json::present(tables, id, text, &json::DecodeOptions::default());
    }
});
