//! The operator: keeps a cluster as its Microservices say.
//!
//! The way of a change: a watch ([`watch`]) notes it in what is known ([`Cache`], [`Index`]) and names the service that it concerns;
//! [`reconcile`] asks what may be served ([`gate::before`]), renders the children, and [`apply`] brings the cluster there;
//! what was found out becomes conditions, and events where they change.
//!
//! Several operators may run: all watch, one writes ([`Leadership`]).

mod apply;
mod conditions;
mod context;
mod gate;
mod http;
mod lease;
mod metrics;
mod observed;
mod reconcile;
mod references;
mod report;
mod rollout;
mod rollouts;
mod watch;

use std::{convert::Infallible, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use kube::{
    Client,
    runtime::{
        applier,
        controller::Config,
        reflector::{ObjectRef, Store, store::Writer},
    },
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use crate::{
    api::Microservice,
    children::{Apis, ChildKind},
    client::discover,
};

pub use apply::HANDOVER;
pub use conditions::{Finding, Transition, merge, transitions, with_ready};
pub use context::{Context, Error};
pub use gate::Verdict;
pub use lease::{Leadership, LeaseSettings, Lost};
pub use metrics::{Gauges, Metrics};
pub use observed::{Cache, Detail, FIELD_MANAGER, Key, Observed, ParentState};
pub use references::{Contents, Index, Keys, Kind, References};

use watch::Scope;

/// How often it is looked which optional APIs there are.
const DISCOVERY: Duration = Duration::from_secs(30);

/// How an operator runs.
#[derive(Debug)]
pub struct Settings {
    /// Where it looks; everywhere when empty.
    pub namespaces: Vec<String>,
    /// The image that serves schemas and gateways, unless a service names one.
    pub runtime_image: String,
    /// Who it is, in events and in the Lease.
    pub identity: String,
    /// How it is found out who writes; `None` for an operator that is alone.
    pub lease: Option<LeaseSettings>,
    /// Where metrics and readiness are told.
    pub listener: Option<TcpListener>,
    /// Services that are looked at side by side.
    pub concurrency: u16,
    /// Services whose pods are replaced at once, where it was not their own resource that changed.
    pub max_rollouts: u16,
}

/// Why an operator ended that was not asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another one may write now.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// A part of it ended, which none should.
    #[error("a part of the operator has ended: {0}")]
    Ended(String),
}

/// Runs until `stop`, and then lets go of the Lease.
///
/// # Errors
/// When the Lease is lost or a part breaks; the process has to be started anew then.
pub async fn run(
    client: Client,
    settings: Settings,
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let leadership = Arc::new(Leadership::new(settings.lease.is_none()));
    let context = Context::new(
        client.clone(),
        settings.runtime_image,
        settings.identity,
        Arc::clone(&leadership),
        settings.max_rollouts,
    );
    let context = Arc::new(context);
    let mut parts = JoinSet::new();
    if let Some(listener) = settings.listener {
        parts.spawn(http::serve(listener, Arc::clone(&context)));
    }
    match discover(&client).await {
        Ok(apis) => drop(context.apis.send_replace(apis)),
        Err(error) => tracing::warn!(%error, "it cannot be found out which APIs there are"),
    }
    parts.spawn(watch::discovery(Arc::clone(&context), DISCOVERY));
    for scope in scopes(settings.namespaces) {
        parts.spawn(keep(Arc::clone(&context), scope, settings.concurrency));
    }
    let (end, ended) = oneshot::channel::<()>();
    let ended = async move { drop(ended.await) };
    let lease = async {
        match settings.lease {
            Some(settings) => lease::hold(client, settings, &leadership, ended).await,
            None => {
                ended.await;
                Ok(())
            }
        }
    };
    let mut lease = std::pin::pin!(lease);
    tokio::select! {
        lost = &mut lease => return Ok(lost?),
        Some(part) = parts.join_next() => {
            return Err(RunError::Ended(part.err().map_or_else(|| "without an error".to_owned(), |error| error.to_string())));
        }
        () = stop => {}
    }
    // Nothing is written any more when the Lease is let go of.
    parts.shutdown().await;
    drop(end);
    Ok(lease.await?)
}

fn scopes(namespaces: Vec<String>) -> Vec<Scope> {
    if namespaces.is_empty() {
        return vec![Scope(None)];
    }
    namespaces
        .into_iter()
        .map(|namespace| Scope(Some(namespace)))
        .collect()
}

/// Keeps one scope; never returns.
async fn keep(context: Arc<Context>, scope: Scope, concurrency: u16) {
    let writer = Writer::<Microservice>::default();
    let services = writer.as_reader();
    context.add_store(services.clone());
    let (queue, received) = mpsc::unbounded_channel();
    let mut watches = JoinSet::new();
    watches.spawn(watch::services(
        Arc::clone(&context),
        scope.clone(),
        writer,
        queue.clone(),
        context::Unsynced::of(&context),
    ));
    let always = |kind: ChildKind| kind.is_in(Apis::default());
    watch_children(&mut watches, &context, &scope, &queue, always);
    watches.spawn(watch::jobs(
        Arc::clone(&context),
        scope.clone(),
        queue.clone(),
    ));
    for kind in [Kind::Secret, Kind::ConfigMap] {
        watches.spawn(watch::references(
            Arc::clone(&context),
            scope.clone(),
            kind,
            queue.clone(),
        ));
    }
    watches.spawn(optional(Arc::clone(&context), scope, queue.clone()));
    // Listened to from now on: what changes before the task runs is not missed.
    let leads = context.leadership.changes();
    let apis = context.apis.subscribe();
    let everyone = everyone(Arc::clone(&context), services.clone(), queue, leads, apis);
    watches.spawn(everyone);
    // Before everything has been read, objects that are there would look as if they were not.
    while !context.is_synced() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let requests = stream::unfold(received, |mut received| async {
        let reference = received.recv().await?;
        Some((Ok::<_, Infallible>(reference), received))
    });
    let reconciles = applier(
        |service, context| Box::pin(reconcile::reconcile(service, context)),
        |service, error, context| reconcile::again(&service, error, &context),
        context,
        services,
        Box::pin(requests),
        Config::default().concurrency(concurrency),
    );
    reconciles.for_each(|_| std::future::ready(())).await;
}

/// Watches the children of some kinds.
fn watch_children(
    watches: &mut JoinSet<()>,
    context: &Arc<Context>,
    scope: &Scope,
    queue: &context::Queue,
    which: impl Fn(ChildKind) -> bool,
) {
    for kind in ChildKind::ALL.iter().copied().filter(|kind| which(*kind)) {
        watches.spawn(watch::children(
            Arc::clone(context),
            scope.clone(),
            kind,
            queue.clone(),
            context::Unsynced::of(context),
        ));
    }
}

/// Watches the children of optional kinds while there are such; never returns.
async fn optional(context: Arc<Context>, scope: Scope, queue: context::Queue) {
    let mut apis = context.apis.subscribe();
    loop {
        let present = *apis.borrow_and_update();
        let mut watches = JoinSet::new();
        let optional = |kind: ChildKind| kind.is_in(present) && !kind.is_in(Apis::default());
        watch_children(&mut watches, &context, &scope, &queue, optional);
        if apis.changed().await.is_err() {
            return std::future::pending().await;
        }
        watches.shutdown().await;
    }
}

/// Has every service looked at when something changes that concerns all: we begin to lead, or an API comes or goes.
async fn everyone(
    context: Arc<Context>,
    services: Store<Microservice>,
    queue: context::Queue,
    mut leads: tokio::sync::watch::Receiver<bool>,
    mut apis: tokio::sync::watch::Receiver<crate::children::Apis>,
) {
    loop {
        tokio::select! {
            Ok(()) = leads.changed() => {
                let leading = *leads.borrow_and_update();
                tracing::info!(leading, "leadership");
                // Another one may have written meanwhile.
                context.forget_statuses();
                if !leading {
                    continue;
                }
            }
            Ok(()) = apis.changed() => {
                tracing::info!(apis = ?*apis.borrow_and_update(), "optional APIs");
            }
            else => return std::future::pending().await,
        }
        for service in services.state() {
            // Nobody listens any more only when everything ends.
            let _ = queue.send(ObjectRef::from_obj(&*service));
        }
    }
}
