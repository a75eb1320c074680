//! Calls that are sent twice.

use protoloop_core::CallContext;

use crate::testing::Shop;

#[test]
fn a_repeated_request_is_answered_again() {
    let shop = Shop::new();
    let request = r#"{"book":{"title":"a"},"request_id":"r"}"#;
    let first = shop.ok("BookService/CreateBook", request);
    assert_eq!(shop.ok("BookService/CreateBook", request), first);
    assert_eq!(shop.ok("BookService/CountBooks", "{}"), r#"{"count":"1"}"#);
    assert_eq!(
        shop.err(
            "BookService/CreateBook",
            r#"{"book":{"title":"b"},"request_id":"r"}"#
        ),
        "INVALID_ARGUMENT: request_id: was used for another request; make a new one for each"
    );
    let failing = r#"{"book":{},"request_id":"s"}"#;
    for _ in 0..2 {
        let error = shop.err("BookService/CreateBook", failing);
        assert_eq!(error, "INVALID_ARGUMENT: book.title: is required");
    }
}

#[test]
fn callers_do_not_get_the_answers_of_others() {
    let shop = Shop::new();
    let request = r#"{"book":{"title":"a"},"request_id":"r"}"#;
    let other = r#"{"book":{"title":"b"},"request_id":"r"}"#;
    let mut answers = Vec::new();
    let callers: [&[(&'static str, &str)]; 6] = [
        &[],
        &[("authorization", "Bearer a")],
        &[("authorization", "Bearer b")],
        &[("cookie", "Bearer a")],
        &[("authorization", "Bearer a"), ("cookie", "s=1")],
        &[("cookie", "s=1"), ("cookie", "t=1")],
    ];
    for caller in callers {
        let call = |request| {
            let mut context = CallContext::new();
            for (name, value) in caller {
                let value = value.parse().expect("a header value");
                context.metadata_mut().append(*name, value);
            }
            let answer = shop.call_with(context, "BookService/CreateBook", request);
            answer.map_err(|error| error.to_string())
        };
        let first = call(request).expect("an id that this caller did not use");
        assert_eq!(call(request).as_ref(), Ok(&first), "{caller:?}");
        call(other).expect_err("used for another request");
        assert!(!answers.contains(&first), "{caller:?}");
        answers.push(first);
    }
}
