//! An upstream's schema by server reflection.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::uri::PathAndQuery;
use prost::Message as _;
use prost_types::FileDescriptorProto;
use protoloop_core::{Code, Error, Result};
use tokio::sync::mpsc;
use tonic::{Request, Streaming, client::Grpc};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, ServerReflectionResponse, server_reflection_request::MessageRequest,
    server_reflection_response::MessageResponse,
};

use crate::{
    Upstream,
    codec::RawCodec,
    exchange::{self, Wire},
};

/// Both versions have the same messages; the older one is what older servers know.
const PATHS: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// More files than any schema has; an upstream that answers ever new imports must come to an end.
const MAX_FILES: usize = 10_000;

/// What an upstream says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reflected {
    /// Full names of its services, without those of gRPC's own (`grpc.…`).
    pub services: BTreeSet<String>,
    /// Encoded `FileDescriptorProto`s by name: those of the services, and everything that they import.
    pub files: BTreeMap<String, Bytes>,
}

/// Asks an upstream for its services and for all files behind them: `grpc.reflection.v1`, or `v1alpha` where that is not
/// there.
///
/// # Errors
/// The upstream does not answer, has no reflection, or answers something that is no descriptor.
pub async fn reflect(upstream: &Upstream) -> Result<Reflected> {
    let mut last = None;
    for path in PATHS {
        match ask(upstream, PathAndQuery::from_static(path)).await {
            Err(error) if error.code() == Code::Unimplemented => last = Some(error),
            other => return other,
        }
    }
    let error = Error::unimplemented(format!(
        "{} has no server reflection; give its descriptor set as a file",
        upstream.url()
    ));
    Err(match last {
        Some(cause) => error.with_source(cause),
        None => error,
    })
}

async fn ask(upstream: &Upstream, path: PathAndQuery) -> Result<Reflected> {
    let mut session = Session::open(upstream, path).await?;
    let mut reflected = Reflected::default();
    let listed = session
        .ask(MessageRequest::ListServices(String::new()))
        .await?;
    let MessageResponse::ListServicesResponse(listed) = listed else {
        return Err(session.wrong("something else than its services"));
    };
    let names = listed.service.into_iter().map(|service| service.name);
    reflected.services = names.filter(|name| !name.starts_with("grpc.")).collect();
    let mut missing = Vec::new();
    for service in reflected.services.clone() {
        let request = MessageRequest::FileContainingSymbol(service);
        session
            .files(request, &mut reflected.files, &mut missing)
            .await?;
    }
    while let Some(name) = missing.pop() {
        if reflected.files.contains_key(&name) {
            continue;
        }
        let request = MessageRequest::FileByFilename(name.clone());
        session
            .files(request, &mut reflected.files, &mut missing)
            .await?;
        if !reflected.files.contains_key(&name) {
            return Err(session.wrong(&format!("another file than {name}, which it was asked for")));
        }
    }
    Ok(reflected)
}

/// One reflection stream: a question, an answer, and so on.
struct Session<'a> {
    upstream: &'a Upstream,
    questions: mpsc::Sender<Bytes>,
    answers: Streaming<Bytes>,
}

impl<'a> Session<'a> {
    async fn open(upstream: &'a Upstream, path: PathAndQuery) -> Result<Self> {
        let (questions, mut receiver) = mpsc::channel::<Bytes>(1);
        // Some servers send their headers with the first answer only, so the first question must not wait for them.
        let first = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        drop(questions.send(first.encode_to_vec().into()).await);
        let outgoing = futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx));
        let shared = upstream.shared();
        let mut client: Grpc<Wire> =
            exchange::client(Wire::picking(shared.clone()), &shared.origin)
                .max_decoding_message_size(shared.config.max_response_bytes);
        let answer = client
            .streaming(Request::new(outgoing), path, RawCodec)
            .await;
        let mut answers = answer.map_err(exchange::error)?.into_inner();
        // The answer to the first question comes again when it is asked in earnest; this one shows that it is known.
        if let Some(Err(status)) = answers.next().await {
            return Err(exchange::error(status));
        }
        Ok(Self {
            upstream,
            questions,
            answers,
        })
    }

    async fn ask(&mut self, question: MessageRequest) -> Result<MessageResponse> {
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(question),
        };
        if self
            .questions
            .send(request.encode_to_vec().into())
            .await
            .is_err()
        {
            return Err(self.wrong("no further question"));
        }
        let answer = match self.answers.next().await {
            Some(Ok(answer)) => ServerReflectionResponse::decode(answer),
            Some(Err(status)) => return Err(exchange::error(status)),
            None => return Err(self.wrong("the end of the stream")),
        };
        let answer = answer.map_err(|error| self.wrong(&error.to_string()))?;
        match answer.message_response {
            Some(MessageResponse::ErrorResponse(error)) => Err(self.wrong(&error.error_message)),
            Some(answer) => Ok(answer),
            None => Err(self.wrong("nothing")),
        }
    }

    /// Adds the files of an answer, and the names of those that they import.
    async fn files(
        &mut self,
        question: MessageRequest,
        files: &mut BTreeMap<String, Bytes>,
        missing: &mut Vec<String>,
    ) -> Result<()> {
        let MessageResponse::FileDescriptorResponse(answer) = self.ask(question).await? else {
            return Err(self.wrong("something else than files"));
        };
        for encoded in answer.file_descriptor_proto {
            let file = FileDescriptorProto::decode(&*encoded)
                .map_err(|error| self.wrong(&format!("a file that does not decode: {error}")))?;
            let name = file.name().to_owned();
            missing.extend(file.dependency);
            files.entry(name).or_insert_with(|| encoded.into());
        }
        if files.len() > MAX_FILES {
            return Err(self.wrong("more files than a schema can have"));
        }
        Ok(())
    }

    fn wrong(&self, what: &str) -> Error {
        let url = self.upstream.url();
        Error::unavailable(format!("the reflection service of {url} answered: {what}"))
    }
}
