mod bad;
mod differential;
mod good;

use super::*;
use crate::testing::{KITCHEN, LEGACY, fixture};

fn decode_as(name: &str, json: &str) -> Result<Vec<u8>, JsonError> {
    let fixture = fixture();
    decode(
        &fixture.tables,
        fixture.id(name),
        json.as_bytes(),
        &DecodeOptions::default(),
    )
}

fn encode_as(name: &str, wire: &[u8], options: &EncodeOptions) -> Result<String, JsonError> {
    let fixture = fixture();
    let mut out = Vec::new();
    encode(&fixture.tables, fixture.id(name), wire, options, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}
