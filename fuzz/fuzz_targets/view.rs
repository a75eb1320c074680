//! Any bytes: views read what they can and never panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use protoloop_fuzz::fixture;
use protoloop_wire::{
    View,
    mask::{self, Mask},
};

fuzz_target!(|bytes: &[u8]| {
    let (tables, ids) = fixture();
    for id in *ids {
        let view = View::new(tables, id, bytes);
        read(&view, 3);
        let mask = Mask::of(&view);
        let _ = mask::project(&view, &mask);
        let _ = mask::merge(&view, &view, &mask);
    }
});

fn read(view: &View<'_>, depth: usize) {
    for field in view.table().fields() {
        let number = field.number();
        let _ = (view.get(number), view.has(number), view.map(number).count());
        let _ = (view.string(number), view.message_merged(number), view.path(&[number, 1, 1]));
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
