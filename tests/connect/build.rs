//! Generates the messages of the suite's interface, without protoc.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler
        .include_imports(true)
        .open_file("connectrpc/conformance/v1/conformance.proto")?;
    let set = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptors.bin"), &set)?;
    prost_build::Config::new()
        .enable_type_names()
        .compile_fds(prost_types::FileDescriptorSet::decode(&set[..])?)?;
    Ok(())
}
