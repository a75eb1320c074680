//! The program that the official protobuf conformance runner drives.
//!
//! The runner writes length-prefixed `ConformanceRequest`s to its standard input and reads `ConformanceResponse`s from
//! its standard output. `PROTOLOOP_CONFORMANCE_PROTO` names the folder with the runner's own `.proto` files;
//! `tests/tools/conformance-runner.sh` installs both.

use std::{
    env,
    error::Error,
    io::{self, ErrorKind, Read, Write},
    process::ExitCode,
    sync::Arc,
};

use protoloop_schema::{MessageId, Schema};
use protoloop_wire::{Limits, Tables, View, Writer, canonicalize, check, json};

const FILES: [&str; 3] = [
    "conformance/conformance.proto",
    "google/protobuf/test_messages_proto2.proto",
    "google/protobuf/test_messages_proto3.proto",
];

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "conformance_testee: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), Box<dyn Error>> {
    let folder = env::var("PROTOLOOP_CONFORMANCE_PROTO")
        .map_err(|_| "PROTOLOOP_CONFORMANCE_PROTO must name the folder of the test protos")?;
    let mut compiler = protox::Compiler::new([folder])?;
    compiler.include_imports(true).open_files(FILES)?;
    let schema = Schema::from_descriptor_set(&compiler.encode_file_descriptor_set())
        .map_err(|problems| problems.to_string())?;
    let tables = Tables::new(&Arc::new(schema));
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    while let Some(request) = read_frame(&mut input)? {
        let response = answer(&tables, &request);
        output.write_all(&u32::try_from(response.len())?.to_le_bytes())?;
        output.write_all(&response)?;
        output.flush()?;
    }
    Ok(())
}

fn read_frame(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    }
    let mut frame = vec![0; u32::from_le_bytes(length) as usize];
    input.read_exact(&mut frame)?;
    Ok(Some(frame))
}

/// Field numbers of `ConformanceRequest`.
mod request {
    pub(crate) const PROTOBUF: u32 = 1;
    pub(crate) const JSON: u32 = 2;
    pub(crate) const OUTPUT: u32 = 3;
    pub(crate) const MESSAGE_TYPE: u32 = 4;
    pub(crate) const CATEGORY: u32 = 5;
}

/// Field numbers of `ConformanceResponse`.
mod response {
    pub(crate) const PARSE_ERROR: u32 = 1;
    pub(crate) const RUNTIME_ERROR: u32 = 2;
    pub(crate) const PROTOBUF: u32 = 3;
    pub(crate) const JSON: u32 = 4;
    pub(crate) const SKIPPED: u32 = 5;
    pub(crate) const SERIALIZE_ERROR: u32 = 6;
}

/// `WireFormat.PROTOBUF`, `WireFormat.JSON`, `TestCategory.JSON_IGNORE_UNKNOWN_PARSING_TEST`.
const PROTOBUF_OUTPUT: i32 = 1;
const JSON_OUTPUT: i32 = 2;
const IGNORE_UNKNOWN: i32 = 3;

fn answer(tables: &Tables, bytes: &[u8]) -> Vec<u8> {
    let mut out = Writer::new();
    match run(tables, bytes) {
        Ok((number, payload)) => out.bytes(number, &payload),
        Err((number, text)) => out.string(number, &text),
    }
    out.finish()
}

type Outcome = Result<(u32, Vec<u8>), (u32, String)>;

fn run(tables: &Tables, bytes: &[u8]) -> Outcome {
    let skipped = |text: &str| (response::SKIPPED, text.to_owned());
    let id = tables
        .by_name("conformance.ConformanceRequest")
        .ok_or((response::RUNTIME_ERROR, "no conformance.proto".to_owned()))?;
    let request = View::new(tables, id, bytes);
    let name = request.string(request::MESSAGE_TYPE);
    if name == "conformance.FailureSet" {
        return Ok((response::PROTOBUF, Vec::new()));
    }
    let id = tables
        .by_name(name)
        .ok_or_else(|| skipped("editions are not supported"))?;
    let wire = match request.which_oneof(0) {
        Some(request::PROTOBUF) => {
            let wire = request.bytes_field(request::PROTOBUF).to_vec();
            check(tables, id, &wire, &Limits::default()).map_err(|error| parse_error(&error))?;
            wire
        }
        Some(request::JSON) => {
            let options = json::DecodeOptions {
                ignore_unknown: request.enumeration(request::CATEGORY) == IGNORE_UNKNOWN,
                ..json::DecodeOptions::default()
            };
            let text = request.string(request::JSON);
            json::decode(tables, id, text.as_bytes(), &options)
                .map_err(|error| parse_error(&error))?
        }
        _ => return Err(skipped("only protobuf and JSON are read")),
    };
    write(tables, id, &wire, request.enumeration(request::OUTPUT))
}

fn write(tables: &Tables, id: MessageId, wire: &[u8], format: i32) -> Outcome {
    match format {
        PROTOBUF_OUTPUT => {
            let wire = canonicalize(tables, id, wire).map_err(|error| parse_error(&error))?;
            Ok((response::PROTOBUF, wire.into_owned()))
        }
        JSON_OUTPUT => {
            let mut text = Vec::new();
            let options = json::EncodeOptions::default();
            json::encode(tables, id, wire, &options, &mut text)
                .map_err(|error| (response::SERIALIZE_ERROR, error.to_string()))?;
            Ok((response::JSON, text))
        }
        _ => Err((
            response::SKIPPED,
            "only protobuf and JSON are written".to_owned(),
        )),
    }
}

fn parse_error(error: &impl ToString) -> (u32, String) {
    (response::PARSE_ERROR, error.to_string())
}
