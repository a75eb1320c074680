//! The arguments of a List: filter, order, page token, field mask.

use protoloop_repository::{Cursor, Filter, Inclusion, Model, OrderBy, PageTokenKey, Scope};
use protoloop_wire::{
    Limits, View, check,
    mask::{self, Mask},
};

use crate::fixture::fixture;

/// A filter, and behind a zero byte a row: a filter that passes the types answers for any row, and its negation answers
/// the opposite.
pub fn filter(input: &[u8]) {
    let model = &*fixture().model;
    let (text, row) = split(input);
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let filter = match Filter::parse(model, text) {
        Ok(filter) => filter,
        Err(error) => {
            let shown = error.at_field("filter").message().to_owned();
            assert!(!shown.is_empty());
            return;
        }
    };
    let not = Filter::Not(Box::new(filter.clone()));
    for row in [&b""[..], row] {
        if is_row(model, row) {
            assert_ne!(
                filter.matches(model, row),
                not.matches(model, row),
                "{text}"
            );
        }
    }
}

/// A filter object, for a model that is related to itself: one that is read answers for any row, and says the same when
/// white space stands around it. The same text as the value of `include` does not panic.
pub fn filter_object(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    for model in &fixture().models {
        let include = Inclusion::parse(model, text);
        let scope = match Scope::parse(model, text) {
            Ok(scope) => scope,
            Err(error) => {
                assert!(!error.message.is_empty() && error.column > 0);
                continue;
            }
        };
        if text.len() < 1000 {
            assert_eq!(
                Scope::parse(model, &format!(" {text}\n")).as_ref(),
                Ok(&scope)
            );
            let again = Inclusion::parse(model, &format!("\n{text} "));
            assert_eq!(again.is_ok(), include.is_ok());
        }
        if let Some(filter) = scope.filter {
            let not = Filter::Not(Box::new(filter.clone()));
            assert_ne!(
                filter.matches(model, b""),
                not.matches(model, b""),
                "{text}"
            );
        }
    }
}

/// Order, page token and mask, a line each, and behind a zero byte a row.
pub fn list_arguments(input: &[u8]) {
    let fixture = fixture();
    let model = &*fixture.model;
    let (text, row) = split(input);
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    if let Ok(order) = OrderBy::parse(model, line()) {
        order_and_token(model, &order, line(), row);
    }
    let id = model.message().id;
    let Ok(mask) = Mask::parse(&fixture.tables, id, line().split(',')) else {
        return;
    };
    let view = View::new(&fixture.tables, id, row);
    if is_row(model, row) {
        let part = mask::project(&view, &mask);
        let part = View::new(&fixture.tables, id, &part);
        assert_eq!(mask::project(&part, &mask), mask::project(&view, &mask));
        let _merged = mask::merge(&view, &part, &mask);
    }
}

fn order_and_token(model: &Model, order: &OrderBy, token: &str, row: &[u8]) {
    let terms = order.terms();
    for (at, term) in terms.iter().enumerate() {
        let twice = terms[..at].iter().any(|other| other.path == term.path);
        assert!(!twice, "{} is there twice", term.path);
    }
    for key in model.key_order().terms() {
        assert!(terms.iter().any(|term| term.path == key.path));
    }
    let key = PageTokenKey::new(b"fuzz");
    assert!(key.open(&["x"], order, token).is_err(), "a forged token");
    if !is_row(model, row) {
        return;
    }
    let place = Cursor::of_row(model, order, row);
    let token = key.seal(&["x"], &place);
    let opened = key.open(&["x"], order, &token).expect("our own token");
    // By order and not by equality: a place may be at NaN.
    assert!(opened.compare(order, &place).is_eq());
    assert!(key.open(&["y"], order, &token).is_err());
}

/// What stands before and behind the first zero byte.
fn split(input: &[u8]) -> (&[u8], &[u8]) {
    let at = input.iter().position(|byte| *byte == 0);
    let at = at.unwrap_or(input.len());
    (&input[..at], input.get(at + 1..).unwrap_or_default())
}

/// Handlers see only what was checked.
fn is_row(model: &Model, row: &[u8]) -> bool {
    let id = model.message().id;
    check(model.tables(), id, row, &Limits::default()).is_ok()
}
