//! Generates messages, handler trait and client of `proto/`.

fn main() -> Result<(), protoloop_build::BuildError> {
    protoloop_build::Builder::new().compile(&["proto"])
}
