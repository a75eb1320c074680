//! Watches: they feed what is known, and say who is to be looked at.
//!
//! Of most objects only metadata is asked for; it tells whether one of our fields was changed.

use std::{collections::BTreeSet, fmt::Debug, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt as _};
use k8s_openapi::api::{
    apps::v1::Deployment,
    batch::v1::Job,
    core::v1::{ConfigMap, Secret},
};
use kube::{
    Api, Client, Resource, ResourceExt,
    core::{ApiResource, DeserializeGuard, DynamicObject, DynamicResourceScope, PartialObjectMeta},
    runtime::{
        WatchStreamExt as _,
        reflector::{ObjectRef, store::Writer},
        watcher::{self, Event},
    },
};
use serde::de::DeserializeOwned;

use super::{
    Cache, Context, Key, Observed,
    context::{Queue, Unsynced},
    references::Kind,
};
use crate::{
    api::Microservice,
    children::{ChildKind, MANAGED_BY},
};

/// Objects that one list answers at most, so that memory stays small.
const PAGE: u32 = 100;

/// Where we look: everywhere, or in one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope(pub(super) Option<String>);

impl Scope {
    fn api<K>(&self, client: &Client) -> Api<K>
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        match &self.0 {
            Some(namespace) => Api::namespaced(client.clone(), namespace),
            None => Api::all(client.clone()),
        }
    }

    fn dynamic<K: Resource<DynamicType = ApiResource, Scope = DynamicResourceScope>>(
        &self,
        client: &Client,
        kind: ChildKind,
    ) -> Api<K> {
        let resource = kind.api_resource();
        match &self.0 {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        }
    }
}

fn ours() -> watcher::Config {
    watcher::Config::default()
        .any_semantic()
        .page_size(PAGE)
        .labels(&format!("{MANAGED_BY}={}", super::FIELD_MANAGER))
}

/// Watches the Microservices; never returns. One that cannot be read is told of and left out: it must not stop the others.
pub(super) async fn services(
    context: Arc<Context>,
    scope: Scope,
    mut writer: Writer<Microservice>,
    queue: Queue,
    unsynced: Unsynced,
) {
    let mut unsynced = Some(unsynced);
    let api: Api<DeserializeGuard<Microservice>> = scope.api(context.client());
    let config = watcher::Config::default().any_semantic().page_size(PAGE);
    let mut stream = std::pin::pin!(watcher::watcher(api, config).default_backoff());
    let reader = writer.as_reader();
    let mut told = std::collections::HashMap::<ObjectRef<Microservice>, u64>::new();
    while let Some(event) = stream.next().await {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(%error, "the watch of Microservices broke off");
                context.metrics.failed("WatchMicroservice");
                continue;
            }
        };
        let Some(event) = readable(event, &context) else {
            continue;
        };
        writer.apply_watcher_event(&event);
        context.count_services(reader.len());
        match &event {
            Event::Apply(service) | Event::InitApply(service) => {
                let reference = ObjectRef::from_obj(service);
                let matters = relevant(service);
                if told.insert(reference.clone(), matters) != Some(matters) {
                    send(&queue, reference);
                }
            }
            Event::Delete(service) => {
                told.remove(&ObjectRef::from_obj(service));
                context.forget(&service.uid().unwrap_or_default());
                context.index.replace(
                    &service.namespace().unwrap_or_default(),
                    &service.name_any(),
                    &super::References::default(),
                );
            }
            Event::Init => {}
            Event::InitDone => {
                unsynced.take();
                let present: BTreeSet<_> = reader
                    .state()
                    .iter()
                    .map(|service| ObjectRef::from_obj(&**service).to_string())
                    .collect();
                told.retain(|reference, _| present.contains(&reference.to_string()));
            }
        }
    }
}

/// What of a resource a reconcile depends on: not its status, which we write ourselves.
fn relevant(service: &Microservice) -> u64 {
    let metadata = &service.metadata;
    let value = serde_json::json!([
        metadata.uid,
        metadata.generation,
        metadata.labels,
        metadata.annotations,
        metadata.deletion_timestamp
    ]);
    super::observed::digest(&value)
}

fn readable(
    event: Event<DeserializeGuard<Microservice>>,
    context: &Context,
) -> Option<Event<Microservice>> {
    let read = |guard: DeserializeGuard<Microservice>| match guard.0 {
        Ok(mut service) => {
            service.metadata.managed_fields = None;
            Some(service)
        }
        Err(invalid) => {
            let name = invalid.metadata.name.as_deref().unwrap_or_default();
            tracing::warn!(name, error = %invalid.error, "a Microservice cannot be read; is its definition of another version?");
            context.metrics.failed("Unreadable");
            None
        }
    };
    Some(match event {
        Event::Init => Event::Init,
        Event::InitDone => Event::InitDone,
        Event::InitApply(guard) => Event::InitApply(read(guard)?),
        Event::Apply(guard) => Event::Apply(read(guard)?),
        Event::Delete(guard) => Event::Delete(read(guard)?),
    })
}

/// Watches the children of one kind; never returns.
pub(super) async fn children(
    context: Arc<Context>,
    scope: Scope,
    kind: ChildKind,
    queue: Queue,
    unsynced: Unsynced,
) {
    let client = context.client().clone();
    match kind {
        ChildKind::Deployment => {
            let stream = watcher::watcher(scope.api::<Deployment>(&client), ours());
            follow(
                &context,
                &scope,
                kind,
                &queue,
                stream,
                Observed::of_deployment,
                unsynced,
            )
            .await;
        }
        ChildKind::GrpcRoute | ChildKind::HttpRoute => {
            let stream = watcher::watcher(scope.dynamic::<DynamicObject>(&client, kind), ours());
            let read = |object: &DynamicObject| Observed::of_answer(kind, object);
            follow(&context, &scope, kind, &queue, stream, read, unsynced).await;
        }
        _ => {
            let stream = watcher::watcher(
                scope.dynamic::<PartialObjectMeta<DynamicObject>>(&client, kind),
                ours(),
            );
            let read = |object: &PartialObjectMeta<DynamicObject>| Observed::of(&object.metadata);
            follow(&context, &scope, kind, &queue, stream, read, unsynced).await;
        }
    }
}

async fn follow<K>(
    context: &Context,
    scope: &Scope,
    kind: ChildKind,
    queue: &Queue,
    stream: impl Stream<Item = watcher::Result<Event<K>>>,
    read: impl Fn(&K) -> Observed,
    unsynced: Unsynced,
) where
    K: ResourceExt + Debug,
{
    let cache: &Cache = &context.cache;
    let mut stream = std::pin::pin!(stream.default_backoff());
    let mut listed = BTreeSet::new();
    let mut unsynced = Some(unsynced);
    let key = |object: &K| Key {
        kind,
        namespace: object.namespace().unwrap_or_default(),
        name: object.name_any(),
    };
    while let Some(event) = stream.next().await {
        match event {
            Ok(Event::Init) => listed.clear(),
            Ok(Event::InitApply(object)) => {
                let key = key(&object);
                tell(queue, &key.namespace, cache.observe(&key, read(&object)));
                listed.insert(key);
            }
            Ok(Event::InitDone) => {
                for (namespace, owner) in
                    cache.retain(kind, scope.0.as_deref(), &|key| listed.contains(key))
                {
                    tell(queue, &namespace, Some(owner));
                }
                listed.clear();
                drop(unsynced.take());
            }
            Ok(Event::Apply(object)) => {
                let key = key(&object);
                tell(queue, &key.namespace, cache.observe(&key, read(&object)));
            }
            Ok(Event::Delete(object)) => {
                let key = key(&object);
                tell(queue, &key.namespace, cache.forget(&key));
            }
            Err(error) => {
                tracing::warn!(%error, kind = kind.as_str(), "a watch broke off");
                context.metrics.failed("WatchChildren");
            }
        }
    }
}

/// Watches the Jobs of our services: whoever waits for one is to look again.
pub(super) async fn jobs(context: Arc<Context>, scope: Scope, queue: Queue) {
    let api: Api<Job> = scope.api(context.client());
    let mut stream = std::pin::pin!(
        watcher::watcher(api, ours())
            .touched_objects()
            .default_backoff()
    );
    while let Some(event) = stream.next().await {
        match event {
            Ok(job) => tell(
                &queue,
                &job.namespace().unwrap_or_default(),
                Observed::of(&job.metadata).owner.map(|(_, name)| name),
            ),
            Err(error) => tracing::warn!(%error, "the watch of Jobs broke off"),
        }
    }
}

/// Watches what pods refer to, by metadata only; never returns.
pub(super) async fn references(context: Arc<Context>, scope: Scope, kind: Kind, queue: Queue) {
    // Histories of Helm's releases are the most and the largest Secrets of many clusters, and nobody's configuration.
    let secrets = watcher::Config::default()
        .any_semantic()
        .page_size(PAGE)
        .fields("type!=helm.sh/release.v1");
    let maps = watcher::Config::default().any_semantic().page_size(PAGE);
    match kind {
        Kind::Secret => {
            follow_references(
                &context,
                kind,
                &queue,
                scope.api::<PartialObjectMeta<Secret>>(context.client()),
                secrets,
            )
            .await;
        }
        Kind::ConfigMap => {
            follow_references(
                &context,
                kind,
                &queue,
                scope.api::<PartialObjectMeta<ConfigMap>>(context.client()),
                maps,
            )
            .await;
        }
    }
}

async fn follow_references<K>(
    context: &Context,
    kind: Kind,
    queue: &Queue,
    api: Api<PartialObjectMeta<K>>,
    config: watcher::Config,
) where
    K: Resource<DynamicType = ()> + Clone + Debug + Send + DeserializeOwned + 'static,
{
    let mut stream = std::pin::pin!(watcher::watcher(api, config).default_backoff());
    while let Some(event) = stream.next().await {
        let (object, present) = match event {
            Ok(Event::Apply(object) | Event::InitApply(object)) => (object, true),
            Ok(Event::Delete(object)) => (object, false),
            Ok(Event::Init | Event::InitDone) => continue,
            Err(error) => {
                tracing::warn!(%error, "a watch of Secrets or ConfigMaps broke off");
                context.metrics.failed("WatchReferences");
                continue;
            }
        };
        let namespace = object.namespace().unwrap_or_default();
        let version = object
            .metadata
            .resource_version
            .as_deref()
            .filter(|_| present);
        let name = object.metadata.name.as_deref().unwrap_or_default();
        for service in context.index.observe(kind, &namespace, name, version) {
            tell(queue, &namespace, Some(service));
        }
    }
}

/// Looks which optional APIs there are, now and from time to time; never returns.
pub(super) async fn discovery(context: Arc<Context>, every: Duration) {
    loop {
        match crate::client::discover(context.client()).await {
            Ok(apis) => {
                context
                    .apis
                    .send_if_modified(|known| std::mem::replace(known, apis) != apis);
            }
            Err(error) => tracing::warn!(%error, "it cannot be found out which APIs there are"),
        }
        tokio::time::sleep(every).await;
    }
}

fn tell(queue: &Queue, namespace: &str, service: Option<String>) {
    if let Some(service) = service {
        send(queue, ObjectRef::new(&service).within(namespace));
    }
}

fn send(queue: &Queue, reference: ObjectRef<Microservice>) {
    // Nobody listens any more only when everything ends.
    let _ = queue.send(reference);
}
