//! Request bodies that are not JSON: `google.api.HttpBody`.

use protoloop_wire::Writer;

use super::assign::BodyPart;

/// `HttpBody.content_type`.
const CONTENT_TYPE: u32 = 1;
/// `HttpBody.data`.
const DATA: u32 = 2;

/// The body as an `HttpBody`: field `number` of the request, or the request itself.
pub(super) fn body_part(number: Option<u32>, content_type: &str, data: &[u8]) -> BodyPart {
    if content_type.is_empty() && data.is_empty() {
        return BodyPart::Absent;
    }
    let bytes = record(number, content_type, data);
    match number {
        Some(number) => BodyPart::field(number, bytes),
        None => BodyPart::Whole(bytes),
    }
}

/// An `HttpBody`, under its tag where it has a number.
pub(super) fn record(number: Option<u32>, content_type: &str, data: &[u8]) -> Vec<u8> {
    let mut writer = Writer::with_capacity(content_type.len() + data.len() + 24);
    let open = number.map(|number| writer.open(number));
    if !content_type.is_empty() {
        writer.string(CONTENT_TYPE, content_type);
    }
    if !data.is_empty() {
        writer.bytes(DATA, data);
    }
    if let Some(open) = open {
        writer.close(open);
    }
    writer.finish()
}
