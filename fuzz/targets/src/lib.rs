//! What each fuzz target does with its input: it must not panic, and where there is a second way to know the outcome,
//! both must agree.
//!
//! The fuzzer's programs (`fuzz/fuzz_targets`) call these functions, and so does the test that replays the corpus.

mod drive;
mod fixture;
mod forms;
mod framing;
mod lists;
mod paths;
mod rest;
mod wire;

pub use forms::{form_multipart, form_url_encoded};
pub use framing::{connect_framing, grpc_framing};
pub use lists::{filter, filter_object, list_arguments};
pub use paths::{path_match, path_template};
pub use rest::{elements, rest_bind};
pub use wire::{canonicalize, json_decode, view, wire_json_round_trip};

/// What a target does with an input.
pub type Target = fn(&[u8]);

/// All of them, by name.
pub const TARGETS: [(&str, Target); 15] = [
    ("canonicalize", canonicalize),
    ("connect_framing", connect_framing),
    ("elements", elements),
    ("filter", filter),
    ("filter_object", filter_object),
    ("form_multipart", form_multipart),
    ("form_url_encoded", form_url_encoded),
    ("grpc_framing", grpc_framing),
    ("json_decode", json_decode),
    ("list_arguments", list_arguments),
    ("path_match", path_match),
    ("path_template", path_template),
    ("rest_bind", rest_bind),
    ("view", view),
    ("wire_json_round_trip", wire_json_round_trip),
];
