//! Generates messages, handler traits and clients of `proto/`.

fn main() -> Result<(), protoloop_build::BuildError> {
    protoloop_build::Builder::new().compile(&["proto"])
}
