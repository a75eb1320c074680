//! Envoy in front of the upstream.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::{self, echo::Echo};

/// Envoy with its transcoder; killed when dropped.
pub(super) struct Envoy {
    process: Child,
    pub(super) address: SocketAddr,
}

/// How long it may take to come up.
const START: Duration = Duration::from_secs(20);

impl Envoy {
    /// Starts it with the transcoder's defaults, but for errors, which it is to write in JSON.
    pub(super) fn start(program: &Path, echo: &Echo) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound listener");
        drop(listener);
        let file = echo.folder.path().join("envoy.yaml");
        std::fs::write(&file, config(address, echo)).expect("the folder is ours");
        let log = echo.folder.path().join("envoy.log");
        let out = std::fs::File::create(&log).expect("the folder is ours");
        let process = Command::new(program)
            .args([
                "--concurrency",
                "1",
                "--log-level",
                "error",
                "--disable-hot-restart",
            ])
            .arg("-c")
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(out)
            .spawn()
            .expect("Envoy starts");
        let mut envoy = Self { process, address };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = envoy.process.try_wait().expect("it can be asked");
            assert!(
                ended.is_none() && begun.elapsed() < START,
                "Envoy does not come up: {}",
                std::fs::read_to_string(&log).unwrap_or_default()
            );
            support::pause(Duration::from_millis(50));
        }
        envoy
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn config(listen: SocketAddr, echo: &Echo) -> String {
    let types = "type.googleapis.com/envoy.extensions";
    let filters = format!("{types}.filters");
    format!(
        r#"static_resources:
  listeners:
  - address: {{ socket_address: {{ address: "127.0.0.1", port_value: {} }} }}
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
              services: [shapes.v1.Shapes]
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
        - endpoint: {{ address: {{ socket_address: {{ address: "127.0.0.1", port_value: {} }} }} }}
"#,
        listen.port(),
        echo.descriptors.display(),
        echo.port
    )
}
