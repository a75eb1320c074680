//! From a schema and its repositories to handlers.

use std::{collections::HashMap, fmt, sync::Arc};

use protoloop_core::{Error, Handler, Result};
use protoloop_wire::Tables;

use super::batch_write::{BatchWrite, Overridden};
use super::operation::{Operation, Subject, Subjects};
use super::request_ids::RequestIds;
use crate::{Managed, Model, PageTokenKey, Record, Repository};

/// Makes the handlers of a schema's standard methods.
pub struct StandardEngine {
    tables: Arc<Tables>,
    page_tokens: PageTokenKey,
    /// By full name of the model's message: a user's repository may belong to another instance of the same schema.
    repositories: HashMap<String, Arc<Managed>>,
    overridden: Overridden,
    /// By datasource.
    request_ids: HashMap<String, Arc<RequestIds>>,
}

impl StandardEngine {
    /// An engine without repositories, whose page tokens are signed with the default key.
    #[must_use]
    pub fn new(tables: &Arc<Tables>) -> Self {
        Self {
            tables: Arc::clone(tables),
            page_tokens: PageTokenKey::default(),
            repositories: HashMap::new(),
            overridden: Overridden::default(),
            request_ids: HashMap::new(),
        }
    }

    /// Signs page tokens with a key of the application's own.
    #[must_use]
    pub fn page_token_key(mut self, key: PageTokenKey) -> Self {
        self.page_tokens = key;
        self
    }

    /// Serves the model of a repository from it: the plain one of a connector, or a user's behind
    /// [`Recode`](crate::Recode).
    #[must_use]
    pub fn repository(self, repository: Arc<dyn Repository<Record>>) -> Self {
        self.managed(Arc::new(Managed::new(repository)))
    }

    /// Serves the model of a repository that is managed already.
    #[must_use]
    pub fn managed(mut self, repository: Arc<Managed>) -> Self {
        let name = repository.model().full_name().to_owned();
        self.repositories.insert(name, repository);
        self
    }

    /// Stores the answers to calls with a `request_id` on models of a datasource, in its own transactions. Without, they
    /// are remembered by the process.
    #[must_use]
    pub fn request_ids(mut self, datasource: &str, stored: RequestIds) -> Self {
        let stored = Arc::new(stored);
        self.request_ids.insert(datasource.to_owned(), stored);
        self
    }

    /// Where it is told, once it is known, which standard methods the application answers itself.
    #[must_use]
    pub fn overridden(&self) -> Overridden {
        self.overridden.clone()
    }

    /// One entry per method of the schema, by `MethodInfo::index`; `None` where the method is not standard.
    ///
    /// # Errors
    /// FAILED_PRECONDITION that names every model with standard methods and no repository.
    pub fn handlers(&self) -> Result<Vec<Option<Arc<dyn Handler>>>> {
        let schema = self.tables.schema();
        let subjects = self.subjects()?;
        let mut missing: Vec<&str> = schema
            .methods()
            .iter()
            .filter_map(|method| Some(method.standard.as_ref()?.entity))
            .filter(|entity| !subjects.contains_key(entity))
            .map(|entity| &*schema.message(schema.entity(entity).message).full_name)
            .collect();
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            return Err(Error::failed_precondition(format!(
                "no repository serves {}",
                missing.join(", ")
            )));
        }
        let subjects = Arc::new(subjects);
        let methods = schema.methods().iter();
        let operations: Vec<_> = methods
            .map(|method| Operation::new(&subjects, method).map(Arc::new))
            .collect();
        let batch = BatchWrite::new(&self.tables, &operations, &self.overridden);
        let mut handlers: Vec<_> = operations
            .into_iter()
            .map(|operation| operation.map(|operation| operation as Arc<dyn Handler>))
            .collect();
        if let Some((index, batch)) = batch {
            handlers[index] = Some(Arc::new(batch));
        }
        Ok(handlers)
    }

    /// The models that have a repository, those without standard methods among them: their rows can be included.
    fn subjects(&self) -> Result<Subjects> {
        let mut subjects = Subjects::new();
        for entity in self.tables.schema().entities() {
            let model = Model::new(&self.tables, entity.id)?;
            if let Some(repository) = self.repositories.get(model.full_name()) {
                let stored = self.request_ids.get(&*entity.datasource).cloned();
                let repository = Arc::clone(repository);
                let subject = Subject::new(model, repository, &self.page_tokens, stored);
                subjects.insert(entity.id, Arc::new(subject));
            }
        }
        Ok(subjects)
    }
}

impl fmt::Debug for StandardEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut models: Vec<_> = self.repositories.keys().collect();
        models.sort();
        f.debug_struct("StandardEngine")
            .field("models", &models)
            .finish_non_exhaustive()
    }
}
