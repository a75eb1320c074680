//! From what an application is made of to a server.

use std::{collections::HashMap, sync::Arc};

use protoloop_core::Handler;
use protoloop_repository::{
    Connector, Hooks, Managed, Model, Record, Repository, RequestIds, StandardEngine,
    engine::Overridden,
};
use protoloop_schema::Schema;
use protoloop_server::{Check, Dispatcher, Server};
use protoloop_wire::Tables;

use super::{
    Application, ApplicationError, ApplicationServer,
    datasources::{self, Repositories},
    error::whole,
};
use crate::typed::{Engine, Service};

pub(super) async fn build(application: Application) -> Result<ApplicationServer, ApplicationError> {
    let schema = Arc::clone(&application.schema);
    let tables = Tables::new(&schema);
    let models = Model::all(&tables).map_err(|error| ApplicationError::one(whole(&error)))?;
    let repositories = datasources::open(
        &application.datasources,
        application.migrate,
        &models,
        application.config.observer.as_ref(),
    )
    .await
    .map_err(ApplicationError::new)?;
    let mut standard = StandardEngine::new(&tables);
    for (datasource, stored) in request_ids(&application) {
        standard = standard.request_ids(datasource, stored);
    }
    standard = standard.page_token_key(application.page_token_key);
    let (engine, overridden) = engine(standard, &tables, repositories, &application.hooks)?;
    let fallback = application.fallback.as_ref();
    let dispatcher = dispatcher(
        &engine,
        &overridden,
        &application.services,
        fallback,
        application.complete,
    )?;
    let mut server = Server::builder(tables, dispatcher)
        .config(application.config)
        .layers(application.layers);
    let checks = application.datasources.iter().map(ping);
    for check in checks.chain(application.checks) {
        server = server.check(check);
    }
    let server = server
        .build()
        .map_err(|error| ApplicationError::new(error.problems().to_vec()))?;
    let connectors = application.datasources.into_iter();
    Ok(ApplicationServer {
        server,
        schema,
        connectors: connectors.map(|(_, connector)| connector).collect(),
    })
}

/// Where each datasource that outlives the process keeps the answers to calls with a `request_id`.
fn request_ids(application: &Application) -> impl Iterator<Item = (&str, RequestIds)> {
    let keep = application.keep_request_ids;
    let durable = application
        .datasources
        .iter()
        .filter(move |(_, connector)| connector.capabilities().durable && !keep.is_zero());
    let how = application.make_request_ids.or(application.migrate);
    durable.map(move |(name, connector)| {
        let stored = RequestIds::new(Arc::clone(connector)).keep(keep);
        let stored = match how {
            Some(how) => stored.on_start(how),
            None => stored,
        };
        (&**name, stored)
    })
}

/// The standard methods, and the repositories for handlers.
fn engine(
    mut standard: StandardEngine,
    tables: &Arc<Tables>,
    repositories: Repositories,
    hooks: &Hooks,
) -> Result<(Engine, Overridden), ApplicationError> {
    let mut problems = Vec::new();
    for model in hooks.models() {
        if !repositories.contains_key(model) {
            problems.push(format!(
                "a hook is of {model}, which is not a model of the schema"
            ));
        }
    }
    if !problems.is_empty() {
        return Err(ApplicationError::new(problems));
    }
    let managed: HashMap<String, Arc<Managed>> = repositories
        .into_iter()
        .map(|(model, repository)| (model, Arc::new(Managed::with_hooks(repository, hooks))))
        .collect();
    hooks.connect(managed.values());
    for repository in managed.values() {
        standard = standard.managed(Arc::clone(repository));
    }
    let handlers = standard
        .handlers()
        .map_err(|error| ApplicationError::one(whole(&error)))?;
    let repositories = managed.into_iter();
    let repositories = repositories
        .map(|(model, managed)| (model, managed as Arc<dyn Repository<Record>>))
        .collect();
    let engine = Engine::new(Arc::clone(tables.schema()), handlers, repositories);
    Ok((engine, standard.overridden()))
}

/// Engine first, handlers of the application over it, the fallback for the rest.
fn dispatcher(
    engine: &Engine,
    overridden: &Overridden,
    services: &[Box<dyn Service>],
    fallback: Option<&Arc<dyn Handler>>,
    complete: bool,
) -> Result<Dispatcher, ApplicationError> {
    let schema = engine.schema();
    let mut problems = Vec::new();
    let mut own = vec![false; schema.methods().len()];
    let mut handlers: Vec<Option<Arc<dyn Handler>>> = schema
        .methods()
        .iter()
        .map(|method| engine.standard(method.info.index).cloned())
        .collect();
    for service in services {
        for (path, handler) in service.handlers(engine) {
            match (schema.method_by_path(path), handler) {
                (Some(method), Some(handler)) => {
                    overridden.add(path, &handler);
                    handlers[method.info.index] = Some(handler);
                    own[method.info.index] = true;
                }
                // A standard method that is not overridden.
                (Some(_), None) => {}
                (None, _) => problems.push(format!(
                    "{path}: handled by {}, but not in the schema; give `Application::new` the DESCRIPTOR_SET generated \
                     with it",
                    service.name()
                )),
            }
        }
    }
    let dispatcher = Dispatcher::new(Arc::clone(schema)).methods(|method| {
        let handler = handlers[method.info.index].take();
        handler.or_else(|| fallback.cloned())
    });
    let dispatcher = dispatcher.overridden(|method| own[method.info.index]);
    if complete {
        problems.extend(missing(schema, &dispatcher));
    }
    match problems.is_empty() {
        true => Ok(dispatcher),
        false => Err(ApplicationError::new(problems)),
    }
}

/// Methods that nobody implements.
fn missing(schema: &Schema, dispatcher: &Dispatcher) -> Vec<String> {
    let problem = |method: &protoloop_schema::Method| {
        let service = schema.service(method.service);
        format!(
            "{}: nobody implements {}; add `.service({}Server::new(…))`",
            method.location, method.info.path, service.name
        )
    };
    dispatcher.missing().map(problem).collect()
}

fn ping((name, connector): &(String, Arc<dyn Connector>)) -> Check {
    let connector = Arc::clone(connector);
    Check::new(name.as_str(), move || {
        let connector = Arc::clone(&connector);
        async move { connector.ping().await }
    })
}
