//! Any bytes: what is well-formed stays so, comes out canonical, and reads the same through a view.

#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use protoloop_fuzz::fixture;
use protoloop_wire::{Limits, View, canonicalize, check};

fuzz_target!(|bytes: &[u8]| {
    let (tables, ids) = fixture();
    for id in *ids {
        let checked = check(tables, id, bytes, &Limits::default());
        let Ok(canonical) = canonicalize(tables, id, bytes) else {
            assert!(checked.is_err());
            continue;
        };
        let again = canonicalize(tables, id, &canonical).expect("canonical bytes are well-formed");
        assert!(matches!(again, Cow::Borrowed(_)));
        if checked.is_err() {
            continue;
        }
        check(tables, id, &canonical, &Limits::default()).expect("well-formed stays so");
        let (before, after) = (View::new(tables, id, bytes), View::new(tables, id, &canonical));
        for field in before.table().fields() {
            let number = field.number();
            assert_eq!(before.has(number), after.has(number), "{}", field.name());
            if field.is_singular() && field.message().is_none() && before.has(number) {
                let (a, b) = (before.get(number), after.get(number));
                assert_eq!(format!("{a:?}"), format!("{b:?}"), "{}", field.name());
            }
            if field.is_packable() {
                assert_eq!(before.repeated(number).count(), after.repeated(number).count());
            }
        }
    }
});
