//! Pages of other origins.

use super::*;

const PAGE: &str = "https://shop.example";

fn allowing(cors: Cors) -> ServerConfig {
    ServerConfig {
        cors,
        ..ServerConfig::default()
    }
}

fn only(origin: &str) -> ServerConfig {
    allowing(Cors::Origins(vec![origin.to_owned()]))
}

fn preflight() -> Request<Full<Bytes>> {
    Request::options("/echo.v1.Echo/Say")
        .header("origin", PAGE)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "content-type,x-grpc-web,x-user",
        )
        .body(Full::default())
        .expect("a good request")
}

/// The same call over each protocol that a page can speak, and one that is refused.
fn calls() -> [Request<Full<Bytes>>; 5] {
    let post = |path: &str, kind: &str, body: Bytes| {
        Request::post(path)
            .header("origin", PAGE)
            .header("content-type", kind)
            .body(Full::new(body))
            .expect("a good request")
    };
    let say = "/echo.v1.Echo/Say";
    [
        post(say, "application/grpc-web+proto", frame(&text("hi"))),
        post(say, "application/proto", text("hi")),
        post(say, "application/json", Bytes::from_static(b"{}")),
        post("/nowhere", "application/json", Bytes::new()),
        post("/livez", "application/json", Bytes::new()),
    ]
}

#[tokio::test]
async fn no_other_origin_may_call_unless_it_is_told() {
    let answer = ask(preflight()).await;
    let names = ["allow-origin", "allow-headers", "allow-methods"];
    for name in names {
        let name = format!("access-control-{name}");
        assert!(!answer.headers.contains_key(&name), "{name}");
    }
    for call in calls() {
        let path = call.uri().clone();
        let answer = ask(call).await;
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{path}"
        );
        assert!(
            !answer.headers.contains_key("access-control-expose-headers"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_preflight_allows_what_it_is_asked() {
    let answer = ask_with(allowing(Cors::Any), preflight()).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    let names = &answer.headers["access-control-allow-headers"];
    assert_eq!(names, "content-type,x-grpc-web,x-user");
    assert_eq!(answer.headers["access-control-max-age"], "7200");

    let answer = ask_with(only(PAGE), preflight()).await;
    assert_eq!(answer.headers["access-control-allow-origin"], PAGE);
    assert_eq!(answer.headers["vary"], "origin");
    let answer = ask_with(only("https://other.example"), preflight()).await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
    assert_eq!(answer.headers["vary"], "origin");
}

#[tokio::test]
async fn answers_show_their_headers_to_pages_that_may_call() {
    for call in calls() {
        let path = call.uri().clone();
        let answer = ask_with(only(PAGE), call).await;
        assert_eq!(
            answer.headers["access-control-allow-origin"], PAGE,
            "{path}"
        );
        let exposed = answer.headers["access-control-expose-headers"]
            .to_str()
            .expect("ASCII");
        for name in [
            "*",
            "grpc-status",
            "grpc-message",
            "grpc-status-details-bin",
            "etag",
        ] {
            assert!(
                exposed.split(", ").any(|one| one == name),
                "{path}: {exposed}"
            );
        }
        assert!(
            !answer
                .headers
                .contains_key("access-control-allow-credentials")
        );
    }
    for call in calls() {
        let answer = ask_with(only("https://other.example"), call).await;
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
}

#[test]
fn origins_are_read_from_text() {
    let of = |text: &str| text.parse::<Cors>();
    assert_eq!(of(""), Ok(Cors::Off));
    assert_eq!(of("*"), Ok(Cors::Any));
    let two = vec![
        "https://a.example".to_owned(),
        "http://localhost:5173".to_owned(),
    ];
    assert_eq!(
        of("https://a.example, http://localhost:5173"),
        Ok(Cors::Origins(two))
    );
    for wrong in [
        "a.example",
        "https://a.example/",
        "https://a.example/shop",
        "https://a.example?x",
        "https://A.example",
        "*,https://a.example",
        "https://a.example,",
    ] {
        let problem = of(wrong).expect_err(wrong);
        assert!(problem.contains("must be a scheme and a host"), "{problem}");
    }
}
