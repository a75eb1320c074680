//! Every metric, in one table: what is recorded is made from it, and the reference is compared with it.

use opentelemetry_semantic_conventions::{attribute as a, metric as m};

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The name, as OpenTelemetry writes it.
    pub name: &'static str,
    /// How values are put together.
    pub kind: Kind,
    /// The unit, in UCUM.
    pub unit: &'static str,
    /// The attributes, which are Prometheus' labels.
    pub attributes: &'static [&'static str],
    /// What it says.
    pub description: &'static str,
}

/// How values are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How many values there were of which size.
    Histogram,
    /// A sum that only grows.
    Counter,
    /// A sum that grows and shrinks.
    UpDownCounter,
    /// The latest value.
    Gauge,
}

impl Kind {
    /// In small letters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Histogram => "histogram",
            Self::Counter => "counter",
            Self::UpDownCounter => "up-down counter",
            Self::Gauge => "gauge",
        }
    }
}

/// Bounds of times of calls, in seconds, as the semantic conventions advise.
pub(crate) const CALL_SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Bounds of times of operations of a database, likewise.
pub(crate) const OPERATION_SECONDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// Bounds of sizes, in bytes: powers of four.
pub(crate) const BYTES: [f64; 11] = [
    64.0,
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

pub(crate) const RPC_DURATION: Definition = Definition {
    name: m::RPC_SERVER_CALL_DURATION,
    kind: Kind::Histogram,
    unit: "s",
    attributes: &[
        a::RPC_SYSTEM_NAME,
        a::RPC_METHOD,
        a::RPC_RESPONSE_STATUS_CODE,
        a::ERROR_TYPE,
    ],
    description: "Time from the head of a gRPC, gRPC-Web or Connect request to the end of its answer.",
};

pub(crate) const RPC_ACTIVE: Definition = Definition {
    name: "protoloop.server.active_calls",
    kind: Kind::UpDownCounter,
    unit: "{call}",
    attributes: &[a::RPC_SYSTEM_NAME],
    description: "gRPC, gRPC-Web and Connect calls in flight.",
};

const HTTP: &[&str] = &[
    a::HTTP_REQUEST_METHOD,
    a::URL_SCHEME,
    a::HTTP_ROUTE,
    a::HTTP_RESPONSE_STATUS_CODE,
    a::ERROR_TYPE,
];

pub(crate) const HTTP_DURATION: Definition = Definition {
    name: m::HTTP_SERVER_REQUEST_DURATION,
    kind: Kind::Histogram,
    unit: "s",
    attributes: HTTP,
    description: "Time from the head of a REST request to the end of its answer.",
};

pub(crate) const HTTP_REQUEST_SIZE: Definition = Definition {
    name: m::HTTP_SERVER_REQUEST_BODY_SIZE,
    kind: Kind::Histogram,
    unit: "By",
    attributes: HTTP,
    description: "Size of the body of a REST request, where its head says it.",
};

pub(crate) const HTTP_RESPONSE_SIZE: Definition = Definition {
    name: m::HTTP_SERVER_RESPONSE_BODY_SIZE,
    kind: Kind::Histogram,
    unit: "By",
    attributes: HTTP,
    description: "Size of the body of the answer to a REST request, as it was sent.",
};

pub(crate) const HTTP_ACTIVE: Definition = Definition {
    name: m::HTTP_SERVER_ACTIVE_REQUESTS,
    kind: Kind::UpDownCounter,
    unit: "{request}",
    attributes: &[a::HTTP_REQUEST_METHOD, a::URL_SCHEME],
    description: "REST requests in flight.",
};

pub(crate) const CLIENT_DURATION: Definition = Definition {
    name: m::RPC_CLIENT_CALL_DURATION,
    kind: Kind::Histogram,
    unit: "s",
    attributes: RPC_DURATION.attributes,
    description: "Time of a gateway's call to its upstream, all attempts together.",
};

pub(crate) const OPERATION_DURATION: Definition = Definition {
    name: m::DB_CLIENT_OPERATION_DURATION,
    kind: Kind::Histogram,
    unit: "s",
    attributes: &[
        a::DB_SYSTEM_NAME,
        a::DB_OPERATION_NAME,
        a::DB_COLLECTION_NAME,
        a::ERROR_TYPE,
    ],
    description: "Time of an operation of a datasource, the wait for a connection included.",
};

pub(crate) const CONNECTIONS: Definition = Definition {
    name: m::DB_CLIENT_CONNECTION_COUNT,
    kind: Kind::UpDownCounter,
    unit: "{connection}",
    attributes: &[
        a::DB_CLIENT_CONNECTION_POOL_NAME,
        a::DB_CLIENT_CONNECTION_STATE,
    ],
    description: "Connections of a datasource that are in use, or open and idle.",
};

pub(crate) const CONNECTIONS_MAX: Definition = Definition {
    name: m::DB_CLIENT_CONNECTION_MAX,
    kind: Kind::UpDownCounter,
    unit: "{connection}",
    attributes: &[a::DB_CLIENT_CONNECTION_POOL_NAME],
    description: "Most connections of a datasource.",
};

pub(crate) const CPU_TIME: Definition = Definition {
    name: m::PROCESS_CPU_TIME,
    kind: Kind::Counter,
    unit: "s",
    attributes: &["cpu.mode"],
    description: "Processor time that the process has had.",
};

pub(crate) const MEMORY: Definition = Definition {
    name: m::PROCESS_MEMORY_USAGE,
    kind: Kind::UpDownCounter,
    unit: "By",
    attributes: &[],
    description: "Physical memory that the process has.",
};

pub(crate) const THREADS: Definition = Definition {
    name: m::PROCESS_THREAD_COUNT,
    kind: Kind::UpDownCounter,
    unit: "{thread}",
    attributes: &[],
    description: "Threads of the process.",
};

pub(crate) const FILES: Definition = Definition {
    name: m::PROCESS_UNIX_FILE_DESCRIPTOR_COUNT,
    kind: Kind::UpDownCounter,
    unit: "{file_descriptor}",
    attributes: &[],
    description: "Files and sockets that the process has open.",
};

pub(crate) const UPTIME: Definition = Definition {
    name: m::PROCESS_UPTIME,
    kind: Kind::Gauge,
    unit: "s",
    attributes: &[],
    description: "Time since telemetry began, which is the start of the process.",
};

pub(crate) const BUILD: Definition = Definition {
    name: "protoloop.build.info",
    kind: Kind::Gauge,
    unit: "",
    attributes: &["version"],
    description: "Always 1; the label says the version of Protoloop.",
};

/// Every metric there is.
pub const METRICS: [Definition; 16] = [
    RPC_DURATION,
    RPC_ACTIVE,
    HTTP_DURATION,
    HTTP_REQUEST_SIZE,
    HTTP_RESPONSE_SIZE,
    HTTP_ACTIVE,
    CLIENT_DURATION,
    OPERATION_DURATION,
    CONNECTIONS,
    CONNECTIONS_MAX,
    CPU_TIME,
    MEMORY,
    THREADS,
    FILES,
    UPTIME,
    BUILD,
];
