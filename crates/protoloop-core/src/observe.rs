//! What a process tells of its work, for metrics and traces.
//!
//! Whoever works says what begins and how it ended; whoever watches implements [`Observer`]. Without an observer nothing is
//! wrapped and nothing is told, so that what is not watched costs nothing.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use http::{HeaderMap, Method, StatusCode, Uri, Version};

use crate::{Code, MethodInfo, Protocol, TraceContext};

/// Watches a process. Each part asks once, when it is put together, for what watches it, so that names and numbers are ready
/// before the first call.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// What watches the requests for a surface; asked again when the schema is replaced.
    fn surface(&self, surface: &Surface) -> Arc<dyn WatchesRequests>;

    /// What watches the work of one datasource.
    fn datasource(&self, datasource: Datasource) -> Arc<dyn WatchesOperations>;

    /// What watches the calls of these methods to other servers.
    fn upstream(&self, methods: &[Arc<MethodInfo>]) -> Arc<dyn WatchesCalls>;
}

/// What a server answers.
#[derive(Clone, Debug, Default)]
pub struct Surface {
    /// The methods of the schema, by their index.
    pub methods: Vec<Arc<MethodInfo>>,
    /// The path templates of the REST routes, in the router's order.
    pub routes: Vec<Arc<str>>,
    /// The services beside the schema's, by full name: health, reflection.
    pub services: Vec<String>,
}

/// The head of a request, before anything is done with it.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// [`Protocol::Rest`] for everything that is plain HTTP.
    pub protocol: Protocol,
    /// The HTTP method.
    pub method: &'a Method,
    /// Path and query.
    pub uri: &'a Uri,
    /// The HTTP version.
    pub version: Version,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// Whether it came over TLS.
    pub secure: bool,
    /// Whether it asks for a page of the server itself, such as `/readyz`.
    pub administrative: bool,
    /// The place that the request has in its trace.
    pub trace: TraceContext,
}

/// Watches the requests that a server answers.
pub trait WatchesRequests: Send + Sync + 'static {
    /// A request begins. Answers its place in the trace, knowing whether it is recorded, which those behind it are told,
    /// and what waits for its end.
    fn begin(&self, head: &RequestHead<'_>) -> (TraceContext, Box<dyn RequestEnds>);
}

/// Waits for the end of a request.
pub trait RequestEnds: Send + Sync {
    /// The request is over: its answer has gone out, or nobody waits for it any more. Every request has an end.
    fn end(self: Box<Self>, end: &RequestEnd);
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestEnd {
    /// The status of the HTTP answer; `None` where the caller went away before there was one.
    pub status: Option<StatusCode>,
    /// The code of the call; `None` where there was none.
    pub code: Option<Code>,
    /// The REST route, by its position in [`Surface::routes`].
    pub route: Option<usize>,
    /// Bytes of the request's body, where its head said how many.
    pub request_bytes: Option<u64>,
    /// Bytes of the answer's body that were handed to the transport.
    pub response_bytes: u64,
}

/// Among the extensions of a request that is watched, and of its call: what those on the way note down for its end.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Noted>);

#[derive(Debug, Default)]
struct Noted {
    /// One more than the position; zero for none.
    route: AtomicU32,
    /// One more than the number; zero for none.
    code: AtomicU32,
}

impl Notes {
    /// Nothing is noted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes the REST route.
    pub fn set_route(&self, route: usize) {
        let number = u32::try_from(route + 1).unwrap_or(0);
        self.0.route.store(number, Ordering::Relaxed);
    }

    /// The REST route, by its position.
    #[must_use]
    pub fn route(&self) -> Option<usize> {
        let number = self.0.route.load(Ordering::Relaxed);
        number.checked_sub(1).map(|route| route as usize)
    }

    /// Notes how the call ended.
    pub fn set_code(&self, code: Code) {
        let number = code.as_i32().unsigned_abs() + 1;
        self.0.code.store(number, Ordering::Relaxed);
    }

    /// How the call ended.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        let number = self.0.code.load(Ordering::Relaxed).checked_sub(1)?;
        i32::try_from(number).ok().map(Code::from_i32)
    }
}

/// A store of rows that is watched.
pub struct Datasource {
    /// As the models name it: `default`.
    pub name: Arc<str>,
    /// What kind of store it is, as its connector says: `postgres`.
    pub kind: String,
    /// Looks at its connections; `None` from a store without any.
    pub connections: Box<dyn Fn() -> Option<Connections> + Send + Sync>,
}

impl fmt::Debug for Datasource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datasource")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// The connections of a store at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// Most that may be open.
    pub most: usize,
    /// Those in use.
    pub used: usize,
    /// Those that are open and unused.
    pub idle: usize,
}

/// Work that a store is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// What is done: `SELECT`, `INSERT`, `UPDATE`, `DELETE`, `BEGIN`, `COMMIT`, `ROLLBACK`, or a word of the store's own.
    pub name: &'static str,
    /// With which rows: the name of the table. Empty for what is done with none.
    pub collection: &'a str,
    /// The place of the call that asks for it.
    pub trace: Option<TraceContext>,
}

/// Watches the work of a store.
pub trait WatchesOperations: Send + Sync + 'static {
    /// Work begins. Dropped without an end it was given up.
    fn begin(&self, operation: &Operation<'_>) -> Box<dyn OperationEnds>;
}

/// Waits for the end of an operation.
pub trait OperationEnds: Send + Sync {
    /// It is over; with the code of what went wrong, if anything did.
    fn end(self: Box<Self>, failed: Option<Code>);
}

/// Watches calls to other servers.
pub trait WatchesCalls: Send + Sync + 'static {
    /// A call begins, for the one whose place in a trace is given. Answers the place of the call itself, which the other
    /// server is told. Dropped without an end it was given up.
    fn begin(
        &self,
        method: &MethodInfo,
        within: Option<TraceContext>,
    ) -> (Option<TraceContext>, Box<dyn OperationEnds>);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_as_they_were_made() {
        let notes = Notes::new();
        assert_eq!((notes.route(), notes.code()), (None, None));
        let other = notes.clone();
        other.set_route(0);
        other.set_code(Code::Ok);
        assert_eq!((notes.route(), notes.code()), (Some(0), Some(Code::Ok)));
        other.set_code(Code::Unauthenticated);
        assert_eq!(notes.code(), Some(Code::Unauthenticated));
    }
}
