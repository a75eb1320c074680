//! What the handlers of an application share.

use std::{collections::HashMap, fmt, sync::Arc};

use protoloop_core::{Error, Handler, MethodInfo, Result};
use protoloop_repository::{Record, Repository};
use protoloop_schema::Schema;

/// The standard methods and the repositories of an application. Cloning it is cheap.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    schema: Arc<Schema>,
    /// By method index.
    standard: Vec<Option<Arc<dyn Handler>>>,
    /// By full name of the model's message.
    repositories: HashMap<String, Arc<dyn Repository<Record>>>,
}

impl Engine {
    /// `standard` has one entry per method of the schema, in order.
    pub(crate) fn new(
        schema: Arc<Schema>,
        standard: Vec<Option<Arc<dyn Handler>>>,
        repositories: HashMap<String, Arc<dyn Repository<Record>>>,
    ) -> Self {
        Self(Arc::new(Inner {
            schema,
            standard,
            repositories,
        }))
    }

    pub(crate) fn schema(&self) -> &Arc<Schema> {
        &self.0.schema
    }

    /// The standard engine's handler of each method, by index.
    pub(crate) fn standard(&self, index: usize) -> Option<&Arc<dyn Handler>> {
        self.0.standard.get(index)?.as_ref()
    }

    /// The method of a path that generated code names.
    pub(crate) fn method(&self, path: &str) -> Result<&Arc<MethodInfo>> {
        let method = self.0.schema.method_by_path(path).ok_or_else(|| {
            Error::internal_error(format!(
                "{path} is not in the application's schema: give `Application::new` the DESCRIPTOR_SET generated with it"
            ))
        })?;
        Ok(&method.info)
    }

    pub(crate) fn repository(&self, model: &str) -> Result<&Arc<dyn Repository<Record>>> {
        self.0.repositories.get(model).ok_or_else(|| {
            Error::internal_error(format!(
                "{model} is not a model of the application's schema; give it `option (protoloop.v1.model) = {{}}`"
            ))
        })
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut models: Vec<_> = self.0.repositories.keys().collect();
        models.sort();
        f.debug_struct("Engine")
            .field("models", &models)
            .finish_non_exhaustive()
    }
}
