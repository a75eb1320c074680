//! Handlers of every kind of method, called in the process.

use std::path::PathBuf;

use futures_util::StreamExt as _;
use http::{HeaderName, HeaderValue};
use prost::Message;
use protoloop::{
    __private::{Bytes, Handler, Service as _},
    Application, Call, CallContext, Code, Context, Error, ResponseStream, Result, Streaming,
};
use protoloop_build::compile;
use protoloop_core::{Inbound, Outbound};

use crate::golden::handlers::{
    chat::v1::{
        ChatService, ChatServiceServer, ListenRequest, SayRequest, SayResponse,
        say_response::Answer,
    },
    google::rpc::Status,
};

#[derive(Debug)]
struct Chat;

fn said(text: impl Into<String>) -> SayResponse {
    SayResponse {
        answer: Some(Answer::Text(text.into())),
    }
}

impl ChatService for Chat {
    async fn say(&self, cx: &Context, request: SayRequest) -> Result<SayResponse> {
        if request.text.is_empty() {
            return Err(Error::invalid_field("text", "is required"));
        }
        cx.append_header(
            HeaderName::from_static("x-said"),
            HeaderValue::from_static("yes"),
        );
        Ok(said(request.text.to_uppercase()))
    }

    async fn listen(
        &self,
        cx: &Context,
        request: ListenRequest,
    ) -> Result<ResponseStream<SayResponse>> {
        let method = cx.method().name.to_string();
        let texts = [
            Ok(said(request.room)),
            Ok(said(method)),
            Err(Error::aborted("over")),
        ];
        Ok(Box::pin(futures_util::stream::iter(texts)))
    }

    async fn upload(&self, _: &Context, mut request: Streaming<SayRequest>) -> Result<()> {
        let mut count = 0;
        while request.message().await?.is_some() {
            count += 1;
        }
        match count {
            2 => Ok(()),
            _ => Err(Error::out_of_range(format!("{count} messages"))),
        }
    }

    async fn talk(
        &self,
        _: &Context,
        request: Streaming<SayRequest>,
    ) -> Result<ResponseStream<SayResponse>> {
        Ok(Box::pin(request.map(|message| Ok(said(message?.text)))))
    }

    async fn r#move(&self, _: &Context, (): ()) -> Result<Status> {
        Ok(Status {
            code: 7,
            ..Status::default()
        })
    }
}

fn application() -> Application {
    let proto = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../protoloop-build/tests/golden/handlers/chat.proto"
    );
    let compiled = compile(&[PathBuf::from(proto)], &[]).expect("compiles");
    Application::new(compiled.schema.descriptor_set()).expect("a schema")
}

/// The reply of one method as header `x-said`, messages decoded, and the error that ended it.
async fn call(method: &str, messages: &[&str]) -> (Option<String>, Vec<Bytes>, Option<Error>) {
    let server = application().service(ChatServiceServer::new(Chat)).build();
    let server = server.await.expect("starts");
    let path = format!("/chat.v1.ChatService/{method}");
    let info = &server
        .schema()
        .method_by_path(&path)
        .expect("a method")
        .info;
    let messages = messages.iter().map(|text| {
        let text = (*text).to_owned();
        // `ListenRequest.room` and `SayRequest.text` have the same number and type.
        let request = SayRequest {
            text,
            ..SayRequest::default()
        };
        Ok(request.encode_to_vec().into())
    });
    let mut messages: Vec<Result<Bytes>> = messages.collect();
    let messages = match info.client_streaming {
        true => Inbound::Stream(Box::pin(futures_util::stream::iter(messages))),
        false => Inbound::One(messages.remove(0).expect("one message")),
    };
    let call = Call {
        method: info.clone(),
        context: CallContext::new(),
        messages,
    };
    let reply = match server.handler().call(call).await {
        Ok(reply) => reply,
        Err(error) => return (None, Vec::new(), Some(error)),
    };
    let header = reply
        .metadata
        .get("x-said")
        .map(|value| value.to_str().expect("text").to_owned());
    match reply.messages {
        Outbound::One(message) => (header, vec![message], None),
        Outbound::Stream(mut stream) => {
            let mut received = Vec::new();
            while let Some(message) = stream.next().await {
                match message {
                    Ok(message) => received.push(message),
                    Err(error) => return (header, received, Some(error)),
                }
            }
            (header, received, None)
        }
    }
}

fn texts(messages: &[Bytes]) -> Vec<String> {
    let decode = |bytes: &Bytes| SayResponse::decode(bytes.clone()).expect("a response");
    let text = |message: SayResponse| match message.answer {
        Some(Answer::Text(text)) => text,
        other => panic!("no text: {other:?}"),
    };
    messages.iter().map(decode).map(text).collect()
}

#[tokio::test]
async fn one_in_one_out() {
    let (header, messages, error) = call("Say", &["hi"]).await;
    assert!(error.is_none());
    assert_eq!(texts(&messages), ["HI"]);
    assert_eq!(header.as_deref(), Some("yes"));
    let (_, _, error) = call("Say", &[""]).await;
    assert_eq!(error.expect("refused").message(), "text: is required");
}

#[tokio::test]
async fn one_in_many_out_and_an_error_at_the_end() {
    let (_, messages, error) = call("Listen", &["hall"]).await;
    assert_eq!(texts(&messages), ["hall", "Listen"]);
    assert_eq!(error.expect("ended").code(), Code::Aborted);
}

#[tokio::test]
async fn many_in_one_out() {
    let (_, messages, error) = call("Upload", &["a", "b"]).await;
    assert!(error.is_none());
    assert_eq!(messages, [Bytes::new()]);
    let (_, _, error) = call("Upload", &["a"]).await;
    assert_eq!(error.expect("too few").code(), Code::OutOfRange);
}

#[tokio::test]
async fn many_in_many_out() {
    let (_, messages, _) = call("Talk", &["a", "b", "c"]).await;
    assert_eq!(texts(&messages), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_request_that_is_no_message_is_refused() {
    let server = application().service(ChatServiceServer::new(Chat)).build();
    let server = server.await.expect("starts");
    let method = server.schema().method_by_path("/chat.v1.ChatService/Say");
    let method = method.expect("a method").info.clone();
    let call = Call::unary(method, CallContext::new(), Bytes::from_static(&[0xff]));
    let error = server.handler().call(call).await.expect_err("refused");
    assert_eq!(error.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_custom_method_that_nobody_implements_keeps_the_application_from_starting() {
    let error = application().build().await.expect_err("incomplete");
    assert_eq!(error.problems().len(), 5);
    assert!(error.problems()[0].contains("nobody implements /chat.v1.ChatService/Say"));
    assert_eq!(ChatServiceServer::new(Chat).name(), "chat.v1.ChatService");
}
