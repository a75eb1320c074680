//! The messages that annotations are written with, generated from `proto/`.

/// `google.api`.
#[allow(warnings, clippy::all, reason = "generated")]
pub(crate) mod google_api {
    include!("generated/google.api.rs");
}

/// `protoloop.v1`.
#[allow(warnings, clippy::all, reason = "generated")]
pub(crate) mod protoloop_v1 {
    include!("generated/protoloop.v1.rs");
}
