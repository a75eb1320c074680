//! Which model is stored where.

use std::{collections::HashMap, sync::Arc};

use protoloop_core::observe::{Datasource, Observer, WatchesOperations};
use protoloop_repository::{Connector, Model, Observed, OnStart, Record, Repository};

use super::error::whole;

/// The stamped repository of each model, by the model's full name.
pub(super) type Repositories = HashMap<String, Arc<dyn Repository<Record>>>;

/// Prepares every datasource for its models and opens their repositories.
///
/// # Errors
/// Every problem of every datasource.
pub(super) async fn open(
    datasources: &[(String, Arc<dyn Connector>)],
    migrate: Option<OnStart>,
    models: &[Arc<Model>],
    observer: Option<&Arc<dyn Observer>>,
) -> Result<Repositories, Vec<String>> {
    let mut problems = repeated(datasources);
    problems.extend(homeless(datasources, models));
    let mut repositories = Repositories::new();
    for (name, connector) in datasources {
        let own: Vec<_> = models
            .iter()
            .filter(|model| *model.entity().datasource == **name)
            .cloned()
            .collect();
        let prepared = match migrate {
            Some(how) => connector.prepare_as(&own, how).await,
            None => connector.prepare(&own).await,
        };
        if let Err(error) = prepared {
            problems.push(format!("datasource {name}: {}", whole(&error)));
            continue;
        }
        let watch = observer.map(|observer| watch(&**observer, name, connector));
        for model in own {
            match connector.repository(&model) {
                Ok(repository) => {
                    let repository = match &watch {
                        Some(watch) => Arc::new(Observed::new(repository, Arc::clone(watch))),
                        None => repository,
                    };
                    repositories.insert(model.full_name().to_owned(), repository);
                }
                Err(error) => problems.push(format!("datasource {name}: {}", whole(&error))),
            }
        }
    }
    match problems.is_empty() {
        true => Ok(repositories),
        false => Err(problems),
    }
}

fn watch(
    observer: &dyn Observer,
    name: &str,
    connector: &Arc<dyn Connector>,
) -> Arc<dyn WatchesOperations> {
    // Whoever watches shall not keep it open.
    let looked_at = Arc::downgrade(connector);
    observer.datasource(Datasource {
        name: name.into(),
        kind: connector.name().to_owned(),
        connections: Box::new(move || looked_at.upgrade()?.connections()),
    })
}

/// Datasources that were given twice.
fn repeated(datasources: &[(String, Arc<dyn Connector>)]) -> Vec<String> {
    let is_repeated = |index: usize| {
        let (name, _) = &datasources[index];
        datasources[..index].iter().any(|(other, _)| other == name)
    };
    (0..datasources.len())
        .filter(|index| is_repeated(*index))
        .map(|index| format!("datasource {}: given twice", datasources[index].0))
        .collect()
}

/// Models whose datasource is not there.
fn homeless(datasources: &[(String, Arc<dyn Connector>)], models: &[Arc<Model>]) -> Vec<String> {
    models
        .iter()
        .map(|model| (model, &model.entity().datasource))
        .filter(|(_, wanted)| datasources.iter().all(|(name, _)| **name != ***wanted))
        .map(|(model, wanted)| {
            format!(
                "{} is stored in the datasource {wanted}, which the application does not have; \
                 add `.datasource(\"{wanted}\", …)`",
                model.full_name()
            )
        })
        .collect()
}
