//! The fixed order of named phases that every call goes through.

mod behavior;
mod layer;
mod limits;
mod panic;
mod proxy;
mod trace;
mod watched;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use protoloop_core::{BoxFuture, Call, Handler, Reply, Result};

pub use behavior::FieldBehavior;
pub use layer::{CallLayer, HandlerService, TowerLayer, layer_fn};
pub(crate) use limits::Departure;
pub use limits::Limits;
pub use panic::CatchPanic;
pub use proxy::TrustedProxy;
pub use trace::Trace;
pub(crate) use watched::Watched;

/// A named place in the sequence. A call meets the phases in the order of declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Span, trace id, the log line of the call.
    Trace,
    /// Concurrency and time.
    Limits,
    /// Who calls.
    Authenticate,
    /// Whether they may.
    Authorize,
    /// Repeated requests and cached replies.
    Idempotency,
    /// Whether the request keeps the schema's rules.
    Validate,
    /// The application's own interceptors.
    Intercept,
    /// The handler of the method.
    Invoke,
}

impl Phase {
    /// All phases, first to last.
    pub const ALL: [Self; 8] = [
        Self::Trace,
        Self::Limits,
        Self::Authenticate,
        Self::Authorize,
        Self::Idempotency,
        Self::Validate,
        Self::Intercept,
        Self::Invoke,
    ];

    /// The name as documents and logs write it, such as `authenticate`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Limits => "limits",
            Self::Authenticate => "authenticate",
            Self::Authorize => "authorize",
            Self::Idempotency => "idempotency",
            Self::Validate => "validate",
            Self::Intercept => "intercept",
            Self::Invoke => "invoke",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where in a phase a layer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Before,
    Within,
    After,
}

#[derive(Clone)]
struct Entry {
    phase: Phase,
    place: Place,
    layer: Arc<dyn CallLayer>,
}

/// The layers of every phase, outermost first. An empty phase costs nothing: it is no layer at all.
///
/// Layers of the same phase and place run in the order they were added.
#[derive(Clone, Default)]
pub struct Sequence {
    entries: Vec<Entry>,
}

impl Sequence {
    /// A sequence without any layer.
    #[must_use]
    pub fn builder() -> Self {
        Self::default()
    }

    /// The sequence that a server starts from: tracing, `limits`, and a handler's panic turned into INTERNAL.
    #[must_use]
    pub fn standard(limits: Limits) -> Self {
        Self::builder()
            .at(Phase::Trace, Trace)
            .at(Phase::Limits, limits)
            .at(Phase::Invoke, CatchPanic)
    }

    /// Adds a layer that runs before a phase's own.
    #[must_use]
    pub fn before(self, phase: Phase, layer: impl CallLayer) -> Self {
        self.add(phase, Place::Before, Arc::new(layer))
    }

    /// Adds a layer that is the phase's own, such as an authentication strategy at [`Phase::Authenticate`].
    #[must_use]
    pub fn at(self, phase: Phase, layer: impl CallLayer) -> Self {
        self.add(phase, Place::Within, Arc::new(layer))
    }

    /// Adds a layer that runs after a phase's own. After [`Phase::Invoke`] it is the one next to the handler.
    #[must_use]
    pub fn after(self, phase: Phase, layer: impl CallLayer) -> Self {
        self.add(phase, Place::After, Arc::new(layer))
    }

    /// Adds every layer of `other`, behind those that stand at the same place.
    #[must_use]
    pub fn extend(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self
    }

    fn add(mut self, phase: Phase, place: Place, layer: Arc<dyn CallLayer>) -> Self {
        self.entries.push(Entry {
            phase,
            place,
            layer,
        });
        self
    }

    /// The phases that have layers and the layers' names, in the order a call meets them.
    #[must_use]
    pub fn describe(&self) -> Vec<(Phase, &str)> {
        self.ordered()
            .into_iter()
            .map(|entry| (entry.phase, entry.layer.name()))
            .collect()
    }

    /// Puts the whole sequence in front of a handler.
    #[must_use]
    pub fn wrap(&self, handler: Arc<dyn Handler>) -> Arc<dyn Handler> {
        self.ordered()
            .into_iter()
            .rev()
            .fold(handler, |inner, entry| entry.layer.layer(inner))
    }

    /// The layers that look at who calls, in front of a handler that lets everybody in; `None` where there are none.
    pub(crate) fn admission(&self) -> Option<Arc<dyn Handler>> {
        let entries: Vec<_> = self
            .entries
            .iter()
            .filter(|entry| entry.phase == Phase::Authenticate)
            .cloned()
            .collect();
        (!entries.is_empty()).then(|| Self { entries }.wrap(Arc::new(Admitted)))
    }

    fn ordered(&self) -> Vec<&Entry> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(|entry| (entry.phase, entry.place));
        entries
    }
}

/// Lets every call in.
struct Admitted;

impl Handler for Admitted {
    fn call(&self, _: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(std::future::ready(Ok(Reply::unary(Bytes::new()))))
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.describe()).finish()
    }
}

#[cfg(test)]
mod tests;
