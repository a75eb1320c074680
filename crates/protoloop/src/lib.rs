//! gRPC-first microservices from `.proto` files.
//!
//! - [`Application`]: schema, datasources and handlers in; one port with gRPC, gRPC-Web and REST out.
//! - [`Context`]: what a typed handler is given beside its request.
//! - [`include_proto!`]: brings in what `protoloop_build::Builder` generated in the `build.rs`.
//! - [`prelude`]: the names that handlers need.
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `sqlite` | yes | [`SqliteConnector`] |
//! | `mysql` | no | `mysql`: rows in MySQL and MariaDB |
//! | `postgres` | no | `postgres`: rows in PostgreSQL |
//! | `client` | no | `connect` of generated clients |
//! | `metrics` | no | `otel`: metrics, and a page of them for Prometheus |
//! | `otlp` | no | traces and metrics to a collector |
//! | `gateway` | no | [`Gateway`] and [`InProcess`]: everything in front of other gRPC services |

mod application;
#[cfg(feature = "gateway")]
mod gateway;
mod include;
mod mask;
pub mod prelude;
mod typed;

/// What generated code names. No API.
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use application::{Application, ApplicationError, ApplicationServer, Running};
#[cfg(feature = "gateway")]
pub use gateway::{Gateway, GatewayError, GatewayServer, Reloader};
pub use mask::{FieldMask, field_mask};
pub use protoloop_core::observe;
pub use protoloop_core::{
    BoxFuture, Call, CallContext, Caller, Code, Detail, Error, FieldViolation, Handler, MethodInfo,
    PreconditionViolation, Protocol, Reply, Result,
};
pub use protoloop_repository::{
    BelongsTo, Changes, Connector, ConnectorExt, Entity, Executed, Filter, HasMany, HasManyThrough,
    HasOne, Hook, HookContext, Isolation, Key, KeyValueRepository, KeyValues, Managed,
    MemoryConnector, NativeRow, OnStart, PageTokenKey, Query, Record, ReferencesMany, Repositories,
    Repository, RepositoryExt, RowStream, Save, ShowDeleted, Transaction, TransactionOptions,
    Value,
};
#[cfg(feature = "gateway")]
pub use protoloop_schema::HttpConfig;
pub use protoloop_schema::{Diagnostics, ReadOptions, Schema};
pub use protoloop_server::{
    CallLayer, Check, Cors, Phase, Sequence, ServerConfig, TlsFiles, TowerLayer, TrustedProxy,
    layer_fn, shutdown, telemetry,
};
/// What a server may be told about REST: [`ServerConfig::rest`].
pub mod rest {
    pub use protoloop_server::{
        ErrorFormat, Forms, HeaderNames, HeaderRule, HeaderRules, PathProfile, RestOptions,
        TrailingSlash, UnknownQuery,
    };
}
#[cfg(feature = "mysql")]
pub use protoloop_mysql as mysql;
#[cfg(feature = "postgres")]
pub use protoloop_postgres as postgres;
#[cfg(feature = "sqlite")]
pub use protoloop_sqlite::SqliteConnector;
#[cfg(feature = "metrics")]
pub use protoloop_telemetry as otel;
#[cfg(feature = "gateway")]
pub use protoloop_upstream::{InProcess, RetryPolicy, Selector, UpstreamConfig, UpstreamTls};
pub use typed::{
    Context, HookRepositories, ResponseStream, Service, StandardRequest, Streaming, include,
};
