//! What is known to differ. The reasons stand in `docs/reference/http-mapping.md`.

/// What differs, as the page calls it.
pub(super) type What = &'static str;

/// The requests that are answered differently.
pub(super) const DIFFERENCES: &[(What, &[&str])] = &[
    (
        "A path or method without a route",
        &[
            "segments that do not fit",
            "an empty last segment",
            "no such path",
            "another method",
            "head",
            "options",
            "another method by a header",
        ],
    ),
    (
        "A query key that names no field",
        &[
            "an unknown key",
            "an unknown nested key",
            "a key through a scalar",
            "a map entry by a dot",
        ],
    ),
    ("System parameters", &["a system parameter", "an api key"]),
    (
        "Broken escapes, and bytes that are not UTF-8",
        &[
            "broken utf-8 in a path",
            "a broken escape",
            "half an escape",
            "a broken escape in a query",
            "broken utf-8 in a query",
        ],
    ),
    (
        "Empty segments and a slash at the end",
        &[
            "a slash at the end of several",
            "a slash at the end",
            "an empty segment",
        ],
    ),
    ("`**` in the middle", &["none in the middle"]),
    (
        "A field twice, in whatever places",
        &[
            "a singular field twice",
            "a member twice",
            "a path field in the query",
            "a path field in the body",
            "a whole body with a query",
            "the body's field in the query",
        ],
    ),
    ("A body where none belongs", &["a body where none belongs"]),
    ("Unknown members of JSON", &["an unknown member"]),
    ("Maps in a query", &["a map entry"]),
    ("Lists of messages in a query", &["a list of messages"]),
    (
        "`Struct` and `Value` in a query",
        &[
            "a struct",
            "a value of text",
            "a value of a number",
            "a value of a quoted text",
        ],
    ),
    (
        "Loose scalars in a query",
        &["no bool", "a number with a plus"],
    ),
    (
        "An enum's undeclared number in a query",
        &["an enum by an undeclared number"],
    ),
    ("`+` in a query", &["a plus in a query"]),
    (
        "A body of nothing or spaces",
        &["spaces for a body", "no body for a field"],
    ),
    (
        "An empty `HttpBody`",
        &["no content in and out", "any content out of a field"],
    ),
    (
        "A stream that fails behind its first message",
        &["a stream that fails late"],
    ),
    (
        "The forms of a stream",
        &["a stream as events", "a stream as lines"],
    ),
    (
        "The gateway's own errors",
        &["one message for a stream", "half a stream in"],
    ),
    (
        "Types and codings that are not JSON",
        &["json that says it is text", "a coding nobody knows"],
    ),
    ("An `Accept` without JSON", &["an answer nobody takes"]),
    ("Forms", &["a form"]),
];
