//! Messages on the wire that are none, and requests that are wrong.

use std::fmt::Write as _;

use tonic::Code;

use super::table::with_kitchen;
use crate::support::grpc::unary;

/// A method of the dish service, a request, the code it gets and what the message names.
type Row = (&'static str, Vec<u8>, Code, &'static str);

fn refuse(rows: &[Row]) {
    with_kitchen(|server| {
        let mut wrong = String::new();
        for (method, message, code, names) in rows {
            let shown: Vec<_> = message.iter().take(24).collect();
            let path = if method.starts_with('/') {
                (*method).to_owned()
            } else {
                format!("/kitchen.v1.DishService/{method}")
            };
            match unary(server, &path, message) {
                Ok(answer) => {
                    let _ = write!(
                        wrong,
                        "\n{method} {shown:02x?}\n    was answered: {answer:02x?}"
                    );
                }
                Err(status) if status.code() == *code && status.message().contains(names) => {}
                Err(status) => {
                    let _ = write!(
                        wrong,
                        "\n{method} {shown:02x?}\n    not {code:?} naming {names:?}: {status:?}"
                    );
                }
            }
        }
        wrong
    });
}

/// A length-delimited field.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = content.len();
    while length >= 0x80 {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).expect("seven bits are left"));
    bytes.extend_from_slice(content);
    bytes
}

#[test]
fn bytes_that_are_no_message_are_refused() {
    use Code::InvalidArgument;
    let dish = |content: &[u8]| field(1, content);
    refuse(&[
        // A length that goes beyond the end.
        ("CreateDish", vec![0x0a, 10, 1], InvalidArgument, "dish"),
        ("CreateDish", vec![0x0a], InvalidArgument, ""),
        (
            "CreateDish",
            dish(&[0x12, 5, b'a']),
            InvalidArgument,
            "name",
        ),
        // A varint without an end, and one that is too long.
        ("CreateDish", dish(&[0x28, 0xff]), InvalidArgument, "small"),
        (
            "CreateDish",
            [vec![0x08], vec![0xff; 11]].concat(),
            InvalidArgument,
            "",
        ),
        // Half of a fixed number.
        ("CreateDish", dish(&[0x5d, 1, 2]), InvalidArgument, "hash"),
        // Field number zero, and one beyond the largest.
        ("CreateDish", vec![0x02, 0], InvalidArgument, ""),
        (
            "CreateDish",
            vec![0xfa, 0xff, 0xff, 0xff, 0xff, 0x7f, 0],
            InvalidArgument,
            "",
        ),
        // Wire types that do not exist.
        ("CreateDish", vec![0x0e], InvalidArgument, ""),
        ("CreateDish", vec![0x0f], InvalidArgument, ""),
        // The end of a group that did not begin, and a group without an end.
        ("CreateDish", vec![0x0c], InvalidArgument, ""),
        ("CreateDish", vec![0x0b], InvalidArgument, ""),
        // Text that is not UTF-8.
        (
            "CreateDish",
            dish(&field(2, b"\xff")),
            InvalidArgument,
            "dish.name",
        ),
        ("GetDish", field(1, b"\xc3\x28"), InvalidArgument, "id"),
        (
            "ListDishes",
            field(1, b"\xed\xa0\x80"),
            InvalidArgument,
            "filter",
        ),
    ]);
}

#[test]
fn nesting_is_bounded() {
    let within = |times: usize| (0..times).fold(Vec::new(), |inner, _| field(3, &inner));
    let dish = |origin: &[u8]| {
        let mut content = vec![0xca, 0x01];
        content.extend_from_slice(&field(0, origin)[1..]);
        field(1, &content)
    };
    refuse(&[
        (
            "CreateDish",
            dish(&within(200)),
            Code::InvalidArgument,
            "deep",
        ),
        (
            "CreateDish",
            dish(&within(5_000)),
            Code::InvalidArgument,
            "deep",
        ),
        ("CreateDish", vec![0x13; 100_000], Code::InvalidArgument, ""),
    ]);
}

#[test]
fn requests_without_what_they_need_are_refused() {
    use Code::{InvalidArgument, NotFound, Unimplemented};
    refuse(&[
        ("CreateDish", vec![], InvalidArgument, "dish"),
        ("GetDish", vec![], InvalidArgument, "id"),
        ("GetDish", field(1, b"nowhere"), NotFound, "nowhere"),
        ("UpdateDish", vec![], InvalidArgument, "dish"),
        ("UpdateDish", field(1, b""), InvalidArgument, "id"),
        ("DeleteDish", vec![], InvalidArgument, "id"),
        ("DeleteDish", field(1, b"nowhere"), NotFound, "nowhere"),
        ("NoSuchMethod", vec![], Unimplemented, "NoSuchMethod"),
        (
            "/kitchen.v1.NoService/Get",
            vec![],
            Unimplemented,
            "NoService",
        ),
        (
            "/kitchen.v1.OvenService/Bake",
            vec![],
            Unimplemented,
            "Bake",
        ),
    ]);
}

#[test]
fn a_message_that_is_too_large_is_refused() {
    let large = field(1, &field(2, &vec![b'x'; 5 << 20]));
    refuse(&[("CreateDish", large, Code::ResourceExhausted, "large")]);
}
