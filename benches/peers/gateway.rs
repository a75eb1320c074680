//! A gateway as a process of its own.

use std::{
    env, fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How long a gateway may take until it answers.
const START: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Protoloop,
    Envoy,
    StructuredProxy,
    GrpcGateway,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [
        Self::Protoloop,
        Self::Envoy,
        Self::StructuredProxy,
        Self::GrpcGateway,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Protoloop => "protoloop gateway",
            Self::Envoy => "Envoy",
            Self::StructuredProxy => "structured-proxy",
            Self::GrpcGateway => "grpc-gateway",
        }
    }

    /// How many times the requests per core that the project asks for.
    pub(crate) fn target(self) -> Option<f64> {
        match self {
            Self::Protoloop => None,
            Self::Envoy | Self::StructuredProxy => Some(2.0),
            Self::GrpcGateway => Some(1.5),
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Self::Protoloop => "PROTOLOOP_PEER_PROTOLOOP",
            Self::Envoy => "PROTOLOOP_PEER_ENVOY",
            Self::StructuredProxy => "PROTOLOOP_PEER_STRUCTURED_PROXY",
            Self::GrpcGateway => "PROTOLOOP_PEER_GRPC_GATEWAY",
        }
    }
}

/// A running one; it ends with this value.
pub(crate) struct Gateway {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Gateway {
    /// # Errors
    /// Why it is not there or does not come up.
    pub(crate) async fn start(
        kind: Kind,
        upstream: SocketAddr,
        descriptors: &Path,
        folder: &Path,
    ) -> Result<Self, String> {
        let variable = kind.variable();
        let program = env::var_os(variable).ok_or_else(|| {
            let missing = env::var(format!("{variable}_MISSING"));
            missing.unwrap_or_else(|_| format!("{variable} is not set"))
        })?;
        let address = free_address();
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(PathBuf::from(program));
        arguments(kind, &mut command, address, upstream, descriptors, folder)?;
        let log = fs::File::create(folder.join(format!("{kind:?}.log")));
        let log = log.map_err(|error| error.to_string())?;
        let again = log.try_clone().map_err(|error| error.to_string())?;
        let process = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(again)
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut gateway = Self {
            kind,
            address,
            process,
        };
        gateway.wait(folder).await?;
        Ok(gateway)
    }

    async fn wait(&mut self, folder: &Path) -> Result<(), String> {
        let began = Instant::now();
        loop {
            if TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            let ended = self.process.try_wait().map_err(|error| error.to_string())?;
            if ended.is_some() || began.elapsed() > START {
                let log = fs::read_to_string(folder.join(format!("{:?}.log", self.kind)));
                return Err(format!("it did not come up: {}", log.unwrap_or_default()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The processor time it has used so far.
    pub(crate) fn cpu_time(&self) -> Duration {
        let path = format!("/proc/{}/schedstat", self.process.id());
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id()));
        let threads = threads.unwrap_or_else(|error| panic!("{path}: {error}"));
        let nanoseconds = threads.map(|thread| {
            let thread = thread.expect("an entry of a folder").path();
            // A thread may have ended since.
            let text = fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
            let first = text.split_whitespace().next();
            first.map_or(0, |first| first.parse().expect("nanoseconds"))
        });
        Duration::from_nanos(nanoseconds.sum())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody left to tell.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound listener")
}

fn arguments(
    kind: Kind,
    command: &mut Command,
    listen: SocketAddr,
    upstream: SocketAddr,
    descriptors: &Path,
    folder: &Path,
) -> Result<(), String> {
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| error.to_string())?;
        Ok::<_, String>(path)
    };
    match kind {
        Kind::Protoloop => command
            .args(["gateway", "--log", "off"])
            .args(["--upstream", &format!("http://{upstream}")])
            .args(["--listen", &listen.to_string()])
            .arg("--descriptors")
            .arg(descriptors),
        Kind::Envoy => {
            let config = write("envoy.yaml", envoy(listen, upstream, descriptors))?;
            command
                .args(["--concurrency", "1", "--log-level", "error", "-c"])
                .arg(config)
        }
        Kind::StructuredProxy => {
            let config = write("sp.yaml", structured_proxy(listen, upstream, descriptors))?;
            command
                .env("TOKIO_WORKER_THREADS", "1")
                .env("RUST_LOG", "error")
                .arg("--config")
                .arg(config)
        }
        Kind::GrpcGateway => command
            .env("GOMAXPROCS", "1")
            .args([listen.to_string(), upstream.to_string()]),
    };
    Ok(())
}

fn structured_proxy(listen: SocketAddr, upstream: SocketAddr, descriptors: &Path) -> String {
    format!(
        r#"listen: {{ http: "{listen}" }}
upstream: {{ default: "http://{upstream}" }}
descriptors: [{{ file: "{}" }}]
service: {{ name: todo }}
runtime: {{ worker_threads: 1 }}
metrics: {{ enabled: false }}
"#,
        descriptors.display()
    )
}

fn envoy(listen: SocketAddr, upstream: SocketAddr, descriptors: &Path) -> String {
    let types = "type.googleapis.com/envoy.extensions";
    let filters = format!("{types}.filters");
    format!(
        r#"static_resources:
  listeners:
  - address: {{ socket_address: {{ address: "{}", port_value: {} }} }}
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": {filters}.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: http
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes: [{{ match: {{ prefix: "/" }}, route: {{ cluster: upstream }} }}]
          http_filters:
          - name: transcoder
            typed_config:
              "@type": {filters}.http.grpc_json_transcoder.v3.GrpcJsonTranscoder
              proto_descriptor: "{}"
              services: [todo.v1.TodoService]
              convert_grpc_status: true
          - name: router
            typed_config:
              "@type": {filters}.http.router.v3.Router
              suppress_envoy_headers: true
  clusters:
  - name: upstream
    type: STATIC
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": {types}.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {{ http2_protocol_options: {{}} }}
    load_assignment:
      cluster_name: upstream
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: "{}", port_value: {} }} }} }}
"#,
        listen.ip(),
        listen.port(),
        descriptors.display(),
        upstream.ip(),
        upstream.port()
    )
}
