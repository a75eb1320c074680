//! Bringing in generated code.

/// Brings in what `protoloop_build::Builder` wrote in the `build.rs`: one module per part of each package's name, and
/// `DESCRIPTOR_SET`.
///
/// ```text
/// protoloop::include_proto!();
/// use todo::v1::{Todo, TodoService, TodoServiceServer};
/// ```
#[macro_export]
macro_rules! include_proto {
    () => {
        include!(concat!(env!("OUT_DIR"), "/protoloop.rs"));
    };
}
