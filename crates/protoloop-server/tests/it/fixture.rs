//! A service of every method shape, for the tests.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use prost::Message as _;
use prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    MethodDescriptorProto, ServiceDescriptorProto,
    field_descriptor_proto::{Label, Type},
};
use protoloop_core::{BoxFuture, Call, Detail, Error, Handler, Inbound, Reply, Result};
use protoloop_schema::Schema;
use protoloop_server::Dispatcher;
use protoloop_wire::Tables;

/// `echo.v1.Echo` with its methods: name, client streams, server streams.
const METHODS: [(&str, bool, bool); 8] = [
    ("Say", false, false),
    ("Sleep", false, false),
    ("Panic", false, false),
    ("Fail", false, false),
    ("Missing", false, false),
    ("Repeat", false, true),
    ("Collect", true, false),
    ("Chat", true, true),
];

fn descriptor_set() -> Vec<u8> {
    let text = FieldDescriptorProto {
        name: Some("text".to_owned()),
        number: Some(1),
        label: Some(Label::Optional.into()),
        r#type: Some(Type::String.into()),
        json_name: Some("text".to_owned()),
        ..Default::default()
    };
    let message = DescriptorProto {
        name: Some("Text".to_owned()),
        field: vec![text],
        ..Default::default()
    };
    let method = |(name, client, server): (&str, bool, bool)| MethodDescriptorProto {
        name: Some(name.to_owned()),
        input_type: Some(".echo.v1.Text".to_owned()),
        output_type: Some(".echo.v1.Text".to_owned()),
        client_streaming: Some(client),
        server_streaming: Some(server),
        ..Default::default()
    };
    let service = ServiceDescriptorProto {
        name: Some("Echo".to_owned()),
        method: METHODS.map(method).to_vec(),
        ..Default::default()
    };
    let file = FileDescriptorProto {
        name: Some("echo/v1/echo.proto".to_owned()),
        package: Some("echo.v1".to_owned()),
        message_type: vec![message],
        service: vec![service],
        syntax: Some("proto3".to_owned()),
        ..Default::default()
    };
    FileDescriptorSet { file: vec![file] }.encode_to_vec()
}

pub(crate) fn tables() -> Arc<Tables> {
    let schema = Schema::from_descriptor_set(&descriptor_set()).expect("a good schema");
    Tables::new(&Arc::new(schema))
}

/// Every method but `Missing` is answered by [`Echo`].
pub(crate) fn dispatcher(tables: &Arc<Tables>) -> Dispatcher {
    Dispatcher::new(Arc::clone(tables.schema())).methods(|method| {
        let echo: Arc<dyn Handler> = Arc::new(Echo);
        (&*method.info.name != "Missing").then_some(echo)
    })
}

/// `Text { text }` as protobuf.
pub(crate) fn text(text: &str) -> Bytes {
    let mut writer = protoloop_wire::Writer::new();
    writer.string(1, text);
    writer.finish().into()
}

/// The text of an encoded `Text`; short ones only.
pub(crate) fn read(message: &[u8]) -> &str {
    match message {
        [] => "",
        [10, len, text @ ..] if usize::from(*len) == text.len() => {
            std::str::from_utf8(text).expect("UTF-8")
        }
        other => panic!("not a short Text: {other:?}"),
    }
}

/// Answers what it is told.
pub(crate) struct Echo;

impl Handler for Echo {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        let name = Arc::clone(&call.method.name);
        Box::pin(async move {
            match call.messages {
                Inbound::One(message) => one(&name, message).await,
                Inbound::Stream(messages) if &*name == "Chat" => Ok(Reply::stream(messages)),
                Inbound::Stream(messages) => {
                    let all: Vec<_> = messages.collect().await;
                    let all: Result<Vec<_>> = all.into_iter().collect();
                    let joined: Vec<_> = all?.iter().map(|m| read(m).to_owned()).collect();
                    Ok(Reply::unary(text(&joined.join("+"))))
                }
            }
        })
    }
}

async fn one(name: &str, message: Bytes) -> Result<Reply> {
    match name {
        "Say" => {
            let mut reply = Reply::unary(message);
            let value = "from the handler".parse().expect("a header value");
            reply.metadata.insert("x-head", value);
            let value = "after the message".parse().expect("a header value");
            reply.trailers.insert("x-tail", value);
            Ok(reply)
        }
        "Sleep" => {
            let ms = read(&message).parse().expect("milliseconds");
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Ok(Reply::unary(message))
        }
        "Panic" => panic!("told to"),
        "Fail" => Err(Error::not_found("there is no such thing")
            .with_internal("select * from secrets")
            .with_detail(Detail::ErrorInfo {
                reason: "NO_SUCH_THING".to_owned(),
                domain: "echo.v1".to_owned(),
                metadata: Vec::new(),
            })),
        "Repeat" => {
            let end = match read(&message) {
                "fail" => stream::once(async { Err(Error::aborted("half way")) }).boxed(),
                "panic" => stream::once(async { panic!("in the stream") }).boxed(),
                "endless" => stream::pending().boxed(),
                _ => stream::empty().boxed(),
            };
            let twice = stream::iter([Ok(message.clone()), Ok(message)]);
            Ok(Reply::stream(Box::pin(twice.chain(end))))
        }
        other => panic!("no such method: {other}"),
    }
}
