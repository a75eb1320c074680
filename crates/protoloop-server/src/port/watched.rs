//! Requests that an observer watches.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Extensions, HeaderMap, Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use protoloop_core::{
    BoxFuture, Code, Error, Origin, Protocol, TraceContext,
    observe::{Notes, RequestEnd, RequestEnds, RequestHead, WatchesRequests},
};
use protoloop_gateway::GrpcKind;
use tonic::{Status, body::Body};
use tower::BoxError;

use super::{Port, admin, signs::Signs};
use crate::sequence::Departure;

impl Port {
    /// Answers a request, and tells who watches when it began and how it ended.
    pub(super) fn answer_watched<B>(
        self: Arc<Self>,
        watch: &dyn WatchesRequests,
        mut request: Request<B>,
        origin: Origin,
        signs: Signs,
    ) -> BoxFuture<'static, Response<Body>>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BoxError> + Send,
    {
        let (trace, ends) = watch.begin(&self.head(&request, origin, signs));
        let notes = Notes::new();
        let ending = Ending {
            open: Some((ends, notes.clone())),
            end: RequestEnd {
                request_bytes: request.body().size_hint().exact(),
                ..RequestEnd::default()
            },
        };
        request.extensions_mut().insert(notes);
        let origin = Origin {
            trace: Some(trace),
            ..origin
        };
        let answer = self.answer_traced(request, origin, signs);
        Box::pin(async move { ending.answered(answer.await) })
    }

    fn head<'a, B>(
        &self,
        request: &'a Request<B>,
        origin: Origin,
        signs: Signs,
    ) -> RequestHead<'a> {
        let (method, path) = (request.method(), request.uri().path());
        let protocol = match signs.grpc(request.headers()) {
            Some(GrpcKind::Native) => Protocol::Grpc,
            Some(GrpcKind::Web | GrpcKind::WebText) => Protocol::GrpcWeb,
            None if self.is_connect(request, signs) => Protocol::Connect,
            None => Protocol::Rest,
        };
        RequestHead {
            protocol,
            method,
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
            secure: self.secure,
            administrative: admin::Page::of(method, path).is_some(),
            trace: origin.trace.unwrap_or_else(TraceContext::start),
        }
    }
}

/// Leaves of a request's extensions what is about the call. What else the transport left there is about the connection.
pub(crate) fn keep_what_is_about_the_call(extensions: &mut Extensions) {
    let notes = extensions.remove::<Notes>();
    let departure = extensions.remove::<Departure>();
    extensions.clear();
    if let Some(departure) = departure {
        extensions.insert(departure);
    }
    if let Some(notes) = notes {
        extensions.insert(notes);
    }
}

/// What is known of a request that has not ended yet. Dropped, it ends the request.
struct Ending {
    /// `None` when the end was told.
    open: Option<(Box<dyn RequestEnds>, Notes)>,
    end: RequestEnd,
}

impl Ending {
    fn answered(mut self, response: Response<Body>) -> Response<Body> {
        self.end.status = Some(response.status());
        self.end.code = code_of(&response);
        response.map(|body| Body::new(WatchedBody { body, ending: self }))
    }

    fn tell(&mut self) {
        let Some((ends, notes)) = self.open.take() else {
            return;
        };
        self.end.route = notes.route();
        self.end.code = self.end.code.or_else(|| notes.code());
        ends.end(&self.end);
    }

    /// The caller went away before the whole answer had gone out.
    fn give_up(&mut self) {
        self.end.code = Some(Code::Cancelled);
        self.tell();
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if self.open.is_some() {
            self.give_up();
        }
    }
}

/// The code that an answer's head tells of.
fn code_of(response: &Response<Body>) -> Option<Code> {
    let extensions = response.extensions();
    code_in(response.headers())
        .or_else(|| extensions.get::<Arc<Error>>().map(|error| error.code()))
        .or_else(|| extensions.get::<Code>().copied())
}

/// The code that headers or trailers of gRPC say.
fn code_in(headers: &HeaderMap) -> Option<Code> {
    let number = headers.get("grpc-status")?.to_str().ok()?;
    Some(Code::from_i32(number.parse().unwrap_or(-1)))
}

/// The body of an answer, whose end is the request's.
struct WatchedBody {
    body: Body,
    ending: Ending,
}

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => match frame.data_ref() {
                Some(data) => {
                    this.ending.end.response_bytes += data.len() as u64;
                    // Nobody asks again behind the last piece.
                    if this.body.is_end_stream() {
                        this.ending.tell();
                    }
                }
                // Trailers, which are the end.
                None => {
                    let code = frame.trailers_ref().and_then(code_in);
                    this.ending.end.code = code.or(this.ending.end.code);
                    this.ending.tell();
                }
            },
            Poll::Ready(Some(Err(status))) => {
                this.ending.end.code = Some(Code::from_i32(status.code().into()));
                this.ending.tell();
            }
            Poll::Ready(None) => this.ending.tell(),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for WatchedBody {
    fn drop(&mut self) {
        // A body without a piece is not asked at all, and to HEAD none is sent.
        if self.body.is_end_stream() || self.ending.end.response_bytes == 0 && self.was_whole() {
            self.ending.tell();
        }
    }
}

impl WatchedBody {
    /// Whether the body is not a stream.
    fn was_whole(&self) -> bool {
        self.body.size_hint().exact().is_some()
    }
}
