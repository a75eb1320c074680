//! Generates the prost types and their pbjson serde for `bench/v1/messages.proto`, without protoc.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler
        .include_imports(true)
        .open_file("bench/v1/messages.proto")?;
    let set = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptors.bin"), &set)?;
    prost_build::Config::new()
        .compile_well_known_types()
        .extern_path(".google.protobuf", "::pbjson_types")
        .compile_fds(prost_types::FileDescriptorSet::decode(&set[..])?)?;
    pbjson_build::Builder::new()
        .register_descriptors(&set)?
        .build(&[".bench.v1"])?;
    Ok(())
}
