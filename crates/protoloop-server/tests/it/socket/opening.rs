//! Which sockets are opened, and what is said where one is not.

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{Empty, Full};
use hyper::ext::Protocol;
use hyper_util::rt::{TokioExecutor, TokioIo};
use protoloop_server::{Cors, ServerConfig, TlsFiles};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use super::{Socket, Talking, request, start, start_with};
use crate::{http1, tls};

/// Status and error message.
async fn refused(talking: &Talking, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let request = request(talking.server.addr, path, headers);
    let (mut head, ()) = request.into_parts();
    head.uri = path.parse().expect("a path");
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().expect("a name");
        head.headers.insert(name, value.parse().expect("a value"));
    }
    let request = http::Request::from_parts(head, Full::<Bytes>::default());
    let response = http1::send(talking.server.addr, request).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    let error: serde_json::Value = serde_json::from_slice(response.body()).expect("JSON");
    assert_eq!(error["error"]["code"], response.status().as_u16());
    let message = error["error"]["message"].as_str().expect("a message");
    (response.status().as_u16(), message.to_owned())
}

#[tokio::test]
async fn what_is_refused_has_its_own_status() {
    let talking = start().await;
    let chat = "/v1/rooms/a/chat";
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], u16, &'a str);
    let cases: &[Case<'_>] = &[
        ("/v1/nothing", &[], 404, "no method is bound to GET"),
        ("/v1/say/hi", &[], 400, "rooms.v1.Rooms/Say does not stream"),
        ("/v1/rooms/%zz/chat", &[], 400, "path: "),
        ("/v1/rooms/a/chat?text=x", &[], 400, "text: "),
        ("/v1/rooms/a/listen?count=x", &[], 400, "count: "),
        (
            "/v1/rooms/a/chat?alt=media",
            &[],
            400,
            "query parameter alt",
        ),
        (
            chat,
            &[("sec-websocket-version", "8")],
            426,
            "Sec-WebSocket-Version",
        ),
        (
            chat,
            &[("sec-websocket-key", "short")],
            400,
            "Sec-WebSocket-Key",
        ),
        (chat, &[("connection", "close")], 400, "Connection: "),
        (
            chat,
            &[("sec-websocket-protocol", "soap")],
            400,
            "Sec-WebSocket-Protocol",
        ),
        (
            chat,
            &[("x-request-timeout", "soon")],
            400,
            "header x-request-timeout",
        ),
        // What the method itself says before it asks for a message.
        (chat, &[("x-refuse", "1")], 401, "who are you?"),
        ("/v1/repeat/fail", &[], 404, "there is no such thing"),
    ];
    for (path, headers, status, message) in cases {
        let (found, told) = refused(&talking, path, headers).await;
        assert_eq!(found, *status, "{path} {headers:?}: {told}");
        assert!(told.starts_with(message), "{path} {headers:?}: {told}");
    }
}

#[tokio::test]
async fn a_request_without_upgrade_is_one_as_any_other() {
    let talking = start().await;
    let plain = http1::send(talking.server.addr, http1::get("/v1/say/hi")).await;
    assert_eq!(plain.body(), &br#"{"text":"hi"}"#[..]);
    // An upgrade to something else is not for us, and may be ignored.
    let mut h2c = http1::get("/v1/say/hi");
    let headers = h2c.headers_mut();
    headers.insert("upgrade", "h2c".parse().expect("a value"));
    headers.insert("connection", "upgrade".parse().expect("a value"));
    let plain = http1::send(talking.server.addr, h2c).await;
    assert_eq!(plain.body(), &br#"{"text":"hi"}"#[..]);
}

/// A browser lets any page open a socket, with the user's cookies.
#[tokio::test]
async fn pages_of_other_origins_come_without_credentials_if_at_all() {
    let asked = async |cors: Cors, origin: Option<String>| {
        let talking = start_with(ServerConfig {
            cors,
            ..ServerConfig::default()
        })
        .await;
        let addr = talking.server.addr;
        let origin = origin.map(|origin| origin.replace("SELF", &addr.to_string()));
        let mut headers = vec![("cookie", "session=1")];
        headers.extend(origin.iter().map(|origin| ("origin", &**origin)));
        let path = "/v1/repeat/cookie";
        let stream = TcpStream::connect(addr).await.expect("a connection");
        let request = request(addr, path, &headers);
        if tokio_tungstenite::client_async(request, stream)
            .await
            .is_err()
        {
            return refused(&talking, path, &headers).await.0.to_string();
        }
        let mut socket = Socket::open_with(addr, path, &headers).await;
        socket.next().await
    };
    let yes = r#"{"text":"yes"}"#;
    let no = r#"{"text":"no"}"#;
    let page = || Some("https://shop.example".to_owned());
    let own = || Some("http://SELF".to_owned());
    assert_eq!(asked(Cors::Any, None).await, yes, "no browser");
    assert_eq!(asked(Cors::Any, own()).await, yes);
    assert_eq!(asked(Cors::Any, page()).await, no);
    assert_eq!(asked(Cors::Any, Some("null".to_owned())).await, no);
    assert_eq!(asked(Cors::Off, own()).await, yes);
    assert_eq!(asked(Cors::Off, page()).await, "403");
    let shop = || Cors::Origins(vec!["https://shop.example".to_owned()]);
    assert_eq!(asked(shop(), page()).await, no);
    assert_eq!(
        asked(shop(), Some("https://evil.example".to_owned())).await,
        "403"
    );
}

/// RFC 8441.
#[tokio::test]
async fn sockets_are_opened_over_http2_too() {
    let talking = start().await;
    let stream = TcpStream::connect(talking.server.addr)
        .await
        .expect("a connection");
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("HTTP/2");
    let driver = tokio::spawn(connection);
    type Sender = hyper::client::conn::http2::SendRequest<Empty<Bytes>>;
    async fn open(sender: &mut Sender, path: &str) -> http::Response<hyper::body::Incoming> {
        sender.ready().await.expect("open");
        let request = http::Request::connect(format!("http://localhost{path}"))
            .header("sec-websocket-version", "13")
            .header("sec-websocket-protocol", "json")
            .extension(Protocol::from_static("websocket"))
            .body(Empty::<Bytes>::new())
            .expect("a good request");
        sender.send_request(request).await.expect("an answer")
    }
    // The settings of the server, which allow it, may still be on their way.
    let first = http::Request::get("http://localhost/v1/say/hi")
        .body(Empty::<Bytes>::new())
        .expect("a good request");
    sender.send_request(first).await.expect("an answer");
    assert_eq!(open(&mut sender, "/v1/say/hi").await.status(), 400);
    let mut sockets = Vec::new();
    for room in ["a", "b"] {
        let response = open(&mut sender, &format!("/v1/rooms/{room}/chat")).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["sec-websocket-protocol"], "json");
        let stream = hyper::upgrade::on(response).await.expect("a socket");
        let stream = TokioIo::new(stream);
        sockets.push(WebSocketStream::from_raw_socket(stream, Role::Client, None).await);
    }
    for (socket, room) in sockets.iter_mut().zip(["a", "b"]) {
        let hi = Message::text(r#"{"text":"hi"}"#);
        socket.send(hi).await.expect("sent");
        let said = socket.next().await.expect("open").expect("a frame");
        let expected = format!(r#"{{"room":"rooms/{room}","text":"hi"}}"#);
        assert_eq!(said, Message::text(expected));
        socket.send(Message::text("")).await.expect("sent");
        let over = socket.next().await.expect("open").expect("a frame");
        assert!(
            matches!(&over, Message::Close(Some(close)) if u16::from(close.code) == 1000),
            "{over:?}"
        );
    }
    driver.abort();
}

#[tokio::test]
async fn sockets_are_opened_under_tls() {
    let talking = start_with(ServerConfig {
        tls: Some(TlsFiles {
            certificate: tls::file("server.pem"),
            private_key: tls::file("server.key"),
            client_ca: None,
        }),
        ..ServerConfig::default()
    })
    .await;
    let addr = talking.server.addr;
    let stream = tls::connect(addr, b"http/1.1").await;
    let request = request(addr, "/v1/rooms/a/chat", &[]);
    let opened = tokio_tungstenite::client_async(request, stream).await;
    let (mut socket, _) = opened.expect("an open socket");
    let hi = Message::text(r#"{"text":"hi"}"#);
    socket.send(hi).await.expect("sent");
    let said = socket.next().await.expect("open").expect("a frame");
    assert_eq!(said, Message::text(r#"{"room":"rooms/a","text":"hi"}"#));
    socket.close(None).await.expect("sent");
    while let Some(frame) = socket.next().await {
        frame.expect("an orderly end");
    }
}
