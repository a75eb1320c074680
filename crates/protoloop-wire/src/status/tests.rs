use std::time::Duration;

use bytes::Bytes;
use protoloop_core::{Detail, FieldViolation, HelpLink, PreconditionViolation, QuotaViolation};

use super::*;
use crate::testing::fixture;

fn details() -> Vec<Detail> {
    vec![
        Detail::ErrorInfo {
            reason: "STOCK_EMPTY".into(),
            domain: "shop.v1".into(),
            metadata: vec![("item".into(), "7".into())],
        },
        Detail::BadRequest(vec![FieldViolation {
            field: "todo.title".into(),
            description: "is \"required\"".into(),
            reason: String::new(),
        }]),
        Detail::PreconditionFailure(vec![PreconditionViolation {
            kind: "FOREIGN_KEY".into(),
            subject: "author_id".into(),
            description: "no such author".into(),
        }]),
        Detail::QuotaFailure(vec![QuotaViolation {
            subject: "user:1".into(),
            description: "10 per minute".into(),
        }]),
        Detail::ResourceInfo {
            resource_type: "todo.v1.Todo".into(),
            resource_name: "42".into(),
            description: "is gone".into(),
        },
        Detail::RetryInfo {
            retry_delay: Duration::from_millis(1500),
        },
        Detail::Help(vec![HelpLink {
            description: "how".into(),
            url: "https://example.com".into(),
        }]),
        Detail::LocalizedMessage {
            locale: "de".into(),
            message: "nicht da".into(),
        },
        Detail::Other {
            type_url: "type.googleapis.com/acme.v1.Reason".into(),
            value: Bytes::from_static(&[1, 2, 3]),
        },
    ]
}

fn error() -> Error {
    details()
        .into_iter()
        .fold(Error::not_found("no todo 42"), Error::with_detail)
}

#[test]
fn every_detail_comes_back() {
    let back = decode(&encode(&error())).unwrap();
    assert_eq!(back.code(), Code::NotFound);
    assert_eq!(back.message(), "no todo 42");
    assert_eq!(back.details(), details());
}

#[test]
fn the_wire_form_is_that_of_google_rpc() {
    // Encoded by hand: code 5, message, one Any with a ResourceInfo.
    let one = Error::not_found("x").with_detail(Detail::LocalizedMessage {
        locale: "en".into(),
        message: "y".into(),
    });
    let mut any = Writer::new();
    any.string(1, "type.googleapis.com/google.rpc.LocalizedMessage");
    any.bytes(2, b"\x0A\x02en\x12\x01y");
    let mut expected = b"\x08\x05\x12\x01x".to_vec();
    let mut status = Writer::new();
    status.bytes(3, &any.finish());
    expected.extend(status.finish());
    assert_eq!(encode(&one), expected);
}

#[test]
fn an_unreadable_detail_is_kept_and_loses_nothing_else() {
    let mut any = Writer::new();
    any.string(1, "type.googleapis.com/google.rpc.BadRequest");
    any.bytes(2, &[0x0A, 9]);
    let mut status = Writer::new();
    status.int32(1, 99);
    status.string(2, "odd");
    status.bytes(3, &any.finish());
    let back = decode(&status.finish()).unwrap();
    assert_eq!((back.code(), back.message()), (Code::Unknown, "odd"));
    assert!(matches!(&back.details()[0], Detail::Other { value, .. } if value[..] == [0x0A, 9]));
    assert!(decode(&[0x12, 9]).is_err());
}

#[test]
fn the_envelope_is_that_of_aip_193() {
    let tables = &fixture().tables;
    let text = String::from_utf8(to_json(tables, &error(), 404, Shape::Envelope)).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let expected = serde_json::json!({"error": {"code": 404, "message": "no todo 42", "status": "NOT_FOUND", "details": [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "STOCK_EMPTY", "domain": "shop.v1", "metadata": {"item": "7"}},
        {"@type": "type.googleapis.com/google.rpc.BadRequest",
         "fieldViolations": [{"field": "todo.title", "description": "is \"required\""}]},
        {"@type": "type.googleapis.com/google.rpc.PreconditionFailure",
         "violations": [{"type": "FOREIGN_KEY", "subject": "author_id", "description": "no such author"}]},
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure",
         "violations": [{"subject": "user:1", "description": "10 per minute"}]},
        {"@type": "type.googleapis.com/google.rpc.ResourceInfo", "resourceType": "todo.v1.Todo", "resourceName": "42",
         "description": "is gone"},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.500s"},
        {"@type": "type.googleapis.com/google.rpc.Help", "links": [{"description": "how", "url": "https://example.com"}]},
        {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "de", "message": "nicht da"},
        {"@type": "type.googleapis.com/acme.v1.Reason", "value": "AQID"},
    ]}});
    assert_eq!(value, expected);
    let plain = to_json(
        tables,
        &Error::internal_error("secret"),
        500,
        Shape::Envelope,
    );
    assert_eq!(
        plain,
        br#"{"error":{"code":500,"message":"internal error","status":"INTERNAL"}}"#
    );
    let known = Error::aborted("x").with_detail(Detail::Other {
        type_url: "t/kitchen.v1.Spoon".into(),
        value: Bytes::from_static(&[0x10, 3]),
    });
    let text = String::from_utf8(to_json(tables, &known, 409, Shape::Envelope)).unwrap();
    assert!(
        text.ends_with(r#""details":[{"@type":"t/kitchen.v1.Spoon","size":3}]}}"#),
        "{text}"
    );
}

#[test]
fn an_error_in_its_other_shapes() {
    let tables = &fixture().tables;
    let error = Error::aborted("again").with_detail(Detail::LocalizedMessage {
        locale: "de".into(),
        message: "nochmal".into(),
    });
    let text = |shape| String::from_utf8(to_json(tables, &error, 412, shape)).unwrap();
    let details = r#""details":[{"@type":"type.googleapis.com/google.rpc.LocalizedMessage","locale":"de","message":"nochmal"}]"#;
    assert_eq!(
        text(Shape::Status),
        format!(r#"{{"code":10,"message":"again",{details}}}"#)
    );
    let problem = r#""type":"about:blank","title":"Precondition Failed","status":412,"detail":"again","code":"ABORTED""#;
    assert_eq!(
        text(Shape::Problem("Precondition Failed")),
        format!("{{{problem},{details}}}")
    );
}
