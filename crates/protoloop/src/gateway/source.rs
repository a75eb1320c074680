//! Where the schema comes from.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use prost::Message as _;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use protoloop_core::observe::Observer;
use protoloop_schema::{HttpConfig, ReadOptions, Schema};
use protoloop_upstream::{Upstreams, reflect};

use super::GatewayError;

/// Between two attempts to read the schema of an upstream that cannot be reached yet.
const PAUSE: Duration = Duration::from_secs(1);

/// How long an upstream may take to tell its schema.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub(super) enum Whence {
    /// Every upstream is asked.
    Reflection,
    /// An encoded descriptor set.
    File(PathBuf),
}

/// Where schema and rules come from, and who answers which service.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) whence: Whence,
    pub(super) rules: Option<PathBuf>,
    pub(super) unbound: bool,
    pub(super) upstreams: Upstreams,
    /// Who is told of the calls to them.
    pub(super) observer: Option<Arc<dyn Observer>>,
}

/// What a schema is made of; two equal ones make equal schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Loaded {
    /// An encoded `FileDescriptorSet`.
    set: Vec<u8>,
    services: HashSet<String>,
    /// The rules' file name and text.
    rules: Option<(String, String)>,
    unbound: bool,
}

/// Why there is nothing to make a schema of.
pub(super) enum LoadError {
    /// It may be there in a moment.
    Later(String),
    Wrong(GatewayError),
}

impl Source {
    /// The files whose change means a new schema.
    pub(super) fn files(&self) -> Vec<&Path> {
        let descriptors = match &self.whence {
            Whence::File(file) => Some(file),
            Whence::Reflection => None,
        };
        descriptors
            .into_iter()
            .chain(&self.rules)
            .map(PathBuf::as_path)
            .collect()
    }

    /// Reads until the upstreams can be reached.
    pub(super) async fn first(&self) -> Result<Loaded, GatewayError> {
        loop {
            match self.load().await {
                Ok(loaded) => return Ok(loaded),
                Err(LoadError::Wrong(error)) => return Err(error),
                Err(LoadError::Later(why)) => {
                    tracing::warn!(why, "waiting for the upstream's schema");
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(super) async fn load(&self) -> Result<Loaded, LoadError> {
        let rules = match &self.rules {
            None => None,
            Some(path) => {
                let text = tokio::fs::read_to_string(path).await;
                let text = text.map_err(|error| unreadable(path, &error))?;
                Some((path.display().to_string(), text))
            }
        };
        let (set, services) = match &self.whence {
            Whence::Reflection => self.reflected().await?,
            Whence::File(path) => {
                let set = tokio::fs::read(path).await;
                let set = set.map_err(|error| unreadable(path, &error))?;
                let services = self.services_of(path, &set)?;
                (set, services)
            }
        };
        Ok(Loaded {
            set,
            services,
            rules,
            unbound: self.unbound,
        })
    }

    /// The services of a descriptor set that an upstream answers.
    fn services_of(&self, path: &Path, set: &[u8]) -> Result<HashSet<String>, LoadError> {
        let set = FileDescriptorSet::decode(set).map_err(|error| {
            let path = path.display();
            LoadError::Wrong(GatewayError::text(&format_args!(
                "{path}: this is no google.protobuf.FileDescriptorSet: {error}"
            )))
        })?;
        if set.file.is_empty() {
            // So is a file that somebody has begun to write.
            let path = path.display();
            let text = format_args!("{path}: this descriptor set holds no file");
            return Err(LoadError::Wrong(GatewayError::text(&text)));
        }
        let names = set.file.iter().flat_map(|file| {
            let package = file.package().to_owned();
            let services = file.service.iter();
            services.map(move |service| match &*package {
                "" => service.name().to_owned(),
                package => format!("{package}.{}", service.name()),
            })
        });
        let served = names
            .filter(|name| !name.starts_with("grpc.") && self.upstreams.of_service(name).is_some());
        Ok(served.collect())
    }

    /// Asks every upstream, and takes of each what it is there for.
    async fn reflected(&self) -> Result<(Vec<u8>, HashSet<String>), LoadError> {
        let mut files: BTreeMap<String, Bytes> = BTreeMap::new();
        let mut services = HashSet::new();
        for (selector, upstream) in self.upstreams.iter() {
            let asked = tokio::time::timeout(PATIENCE, reflect(upstream)).await;
            let asked = asked.map_err(|_| {
                LoadError::Later(format!("{}: no answer within {PATIENCE:?}", upstream.url()))
            })?;
            let reflected = asked.map_err(|error| match error.code() {
                protoloop_core::Code::Unimplemented => {
                    LoadError::Wrong(GatewayError::text(&error.message()))
                }
                _ => LoadError::Later(format!(
                    "{}: {}",
                    error.message(),
                    error.internal().unwrap_or_default()
                )),
            })?;
            let own = reflected.services.into_iter().filter(|name| {
                let answers = self.upstreams.of_service(name);
                answers.is_some_and(|answers| Arc::ptr_eq(answers, upstream))
            });
            let before = services.len();
            services.extend(own);
            if services.len() == before {
                tracing::warn!(upstream = upstream.url(), %selector, "has no service that is asked of it");
            }
            for (name, file) in reflected.files {
                let known = files.entry(name).or_insert_with(|| file.clone());
                if *known != file {
                    let name = FileDescriptorProto::decode(&*file)
                        .map(|file| file.name.unwrap_or_default());
                    tracing::debug!(
                        file = name.unwrap_or_default(),
                        "upstreams differ in a file; the first one counts"
                    );
                }
            }
        }
        let set = FileSet {
            file: files.into_values().collect(),
        };
        Ok((set.encode_to_vec(), services))
    }
}

/// A `FileDescriptorSet` whose files stay encoded, so that no option is lost.
#[derive(Clone, PartialEq, prost::Message)]
struct FileSet {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    file: Vec<Bytes>,
}

fn unreadable(path: &Path, error: &std::io::Error) -> LoadError {
    LoadError::Wrong(GatewayError::text(&format_args!(
        "{}: {error}",
        path.display()
    )))
}

impl Loaded {
    /// # Errors
    /// Everything that is wrong with the descriptors and the rules.
    pub(super) fn schema(&self) -> Result<Schema, GatewayError> {
        let http = match &self.rules {
            Some((file, text)) => HttpConfig::parse(file, text)?,
            None => HttpConfig::default(),
        };
        let options = ReadOptions {
            services: Some(self.services.clone()),
            http,
            unbound: self.unbound,
            batch: false,
            upstream: true,
        };
        Ok(Schema::read(&self.set, &options)?)
    }
}
