//! Messages as bytes and as JSON.

use std::borrow::Cow;

use protoloop_wire::{
    Limits, View, check, json,
    mask::{self, Mask},
};

use crate::fixture::fixture;

/// Any text: decoding never panics, and what it accepts is a well-formed message that decodes again from its own JSON.
pub fn json_decode(text: &[u8]) {
    let fixture = fixture();
    let tables = &*fixture.tables;
    for id in fixture.messages {
        for ignore_unknown in [false, true] {
            let options = json::DecodeOptions {
                ignore_unknown,
                ..json::DecodeOptions::default()
            };
            let Ok(wire) = json::decode(tables, id, text, &options) else {
                continue;
            };
            check(tables, id, &wire, &Limits::default())
                .expect("decoding writes well-formed messages");
            let mut back = Vec::new();
            json::encode(
                tables,
                id,
                &wire,
                &json::EncodeOptions::default(),
                &mut back,
            )
            .expect("what came from JSON has a JSON form");
            let again = json::decode(tables, id, &back, &options).expect("our own JSON is read");
            assert_eq!(again, wire);
        }
        let _presence = json::present(tables, id, text, &json::DecodeOptions::default());
    }
}

/// Any bytes: encoding never panics, and the JSON means the same message, whatever the order of the fields was.
pub fn wire_json_round_trip(wire: &[u8]) {
    let fixture = fixture();
    let tables = &*fixture.tables;
    for id in fixture.messages {
        let encode = |wire: &[u8]| {
            let mut text = Vec::new();
            json::encode(tables, id, wire, &json::EncodeOptions::default(), &mut text)
                .map(|()| text)
        };
        let Ok(text) = encode(wire) else { continue };
        // A flaw in a member of a oneof that is overruled is not looked at.
        if check(tables, id, wire, &Limits::default()).is_err() {
            continue;
        }
        let canonical = protoloop_wire::canonicalize(tables, id, wire).expect("it is well-formed");
        assert_eq!(encode(&canonical).expect("the same message"), text);
        let options = json::DecodeOptions::default();
        let back = json::decode(tables, id, &text, &options).expect("our own JSON is read");
        assert_eq!(encode(&back).expect("it came from JSON"), text);
    }
}

/// Any bytes: what is well-formed stays so, comes out canonical, and reads the same through a view.
pub fn canonicalize(bytes: &[u8]) {
    let fixture = fixture();
    let tables = &*fixture.tables;
    for id in fixture.messages {
        let checked = check(tables, id, bytes, &Limits::default());
        let Ok(canonical) = protoloop_wire::canonicalize(tables, id, bytes) else {
            assert!(checked.is_err());
            continue;
        };
        let again = protoloop_wire::canonicalize(tables, id, &canonical)
            .expect("canonical bytes are well-formed");
        assert!(matches!(again, Cow::Borrowed(_)));
        if checked.is_err() {
            continue;
        }
        check(tables, id, &canonical, &Limits::default()).expect("well-formed stays so");
        let (before, after) = (
            View::new(tables, id, bytes),
            View::new(tables, id, &canonical),
        );
        for field in before.table().fields() {
            let number = field.number();
            assert_eq!(before.has(number), after.has(number), "{}", field.name());
            if field.is_singular() && field.message().is_none() && before.has(number) {
                let (a, b) = (before.get(number), after.get(number));
                assert_eq!(format!("{a:?}"), format!("{b:?}"), "{}", field.name());
            }
            if field.is_packable() {
                assert_eq!(
                    before.repeated(number).count(),
                    after.repeated(number).count()
                );
            }
        }
    }
}

/// Any bytes: views read what they can and never panic.
pub fn view(bytes: &[u8]) {
    let fixture = fixture();
    for id in fixture.messages {
        let view = View::new(&fixture.tables, id, bytes);
        read(&view, 3);
        let mask = Mask::of(&view);
        let _ = mask::project(&view, &mask);
        let _ = mask::merge(&view, &view, &mask);
    }
}

fn read(view: &View<'_>, depth: usize) {
    for field in view.table().fields() {
        let number = field.number();
        let _ = (view.get(number), view.has(number), view.map(number).count());
        let _ = (
            view.string(number),
            view.message_merged(number),
            view.path(&[number, 1, 1]),
        );
        if depth > 0 {
            let children = view.repeated(number).filter_map(|value| value.as_message());
            for child in children.chain(view.message(number)).take(4) {
                read(&child, depth - 1);
            }
        }
    }
    for oneof in 0..view.table().oneofs() {
        let _ = view.which_oneof(oneof);
    }
}
