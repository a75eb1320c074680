//! Envoy in front of replicas: it balances calls, not connections.

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use super::Load;
use crate::support::{
    self, database_in,
    envoy::{Envoy, free_address},
    folder, http, pause,
    served::Served,
    tools,
};

const REPLICAS: usize = 3;

/// Envoy and what it stands in front of.
struct Mesh {
    replicas: Vec<Served>,
    envoy: Envoy,
    /// Where Envoy tells how it is.
    admin: SocketAddr,
    database: String,
    _folder: tempfile::TempDir,
}

impl Mesh {
    fn start(program: &Path) -> Self {
        let folder = folder();
        let database = database_in(&folder);
        let any = || "127.0.0.1:0".to_owned();
        let replicas: Vec<_> = (0..REPLICAS).map(|_| replica(&database, &any())).collect();
        let addresses: Vec<_> = replicas.iter().map(Served::address).collect();
        let admin = free_address();
        let config = |address| config(address, admin, &addresses);
        let mesh = Self {
            envoy: Envoy::start(program, folder.path(), config),
            replicas,
            admin,
            database,
            _folder: folder,
        };
        mesh.until_healthy();
        mesh
    }

    /// Waits until calls go to every replica.
    fn until_healthy(&self) {
        let begun = Instant::now();
        let all = format!("membership_healthy: {REPLICAS}");
        loop {
            let path = "/stats?filter=cluster.replicas.membership_healthy";
            let told = http::get(self.admin, path).text();
            if told.contains(&all) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{told}");
            pause(Duration::from_millis(20));
        }
    }

    /// Ends a replica and starts another one on its port; gives what the first one logged.
    fn restart(&mut self, index: usize) -> String {
        let old = self.replicas.remove(index);
        let address = old.address().to_string();
        let ended = old.terminate();
        assert!(ended.status.success(), "{}", ended.log);
        self.replicas
            .insert(index, replica(&self.database, &address));
        self.until_healthy();
        ended.log
    }
}

/// It goes on answering for longer than Envoy takes to see that it is not ready.
fn replica(database: &str, listen: &str) -> Served {
    let arguments = [
        "--drain-delay=500ms",
        "--grace-period=10s",
        "--listen",
        listen,
    ];
    Served::start_with(&support::todo(), database, &arguments)
}

/// Envoy gathers changes of health for a second before its workers hear of them, unless it is told not to.
fn config(listen: SocketAddr, admin: SocketAddr, replicas: &[SocketAddr]) -> String {
    let types = "type.googleapis.com/envoy.extensions";
    let socket = |address: &SocketAddr| {
        format!(
            r#"{{ socket_address: {{ address: "127.0.0.1", port_value: {} }} }}"#,
            address.port()
        )
    };
    let endpoints: String = replicas
        .iter()
        .map(|address| format!("\n        - endpoint: {{ address: {} }}", socket(address)))
        .collect();
    format!(
        r#"admin: {{ address: {} }}
static_resources:
  listeners:
  - address: {}
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": {types}.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: http
          codec_type: HTTP2
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes: [{{ match: {{ prefix: "/" }}, route: {{ cluster: replicas, timeout: 0s }} }}]
          http_filters:
          - name: router
            typed_config:
              "@type": {types}.filters.http.router.v3.Router
  clusters:
  - name: replicas
    type: STATIC
    lb_policy: ROUND_ROBIN
    common_lb_config: {{ update_merge_window: 0s }}
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": {types}.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {{ http2_protocol_options: {{}} }}
    health_checks:
    - timeout: 1s
      interval: 0.05s
      no_traffic_interval: 0.05s
      unhealthy_threshold: 1
      healthy_threshold: 1
      grpc_health_check: {{ service_name: readiness }}
    load_assignment:
      cluster_name: replicas
      endpoints:
      - lb_endpoints:{endpoints}
"#,
        socket(&admin),
        socket(&listen),
    )
}

#[test]
fn calls_of_one_channel_are_spread_over_all_replicas() {
    let (Some(python), Some(envoy)) = (tools::python(), tools::envoy()) else {
        return;
    };
    let mut mesh = Mesh::start(&envoy);
    let load = Load::start_with(&python, mesh.envoy.address, &[1, 1000]);
    let (answered, failed, what) = load.end();
    assert_eq!((answered, failed), (1000, 0), "{what}");
    let counts: Vec<_> = std::mem::take(&mut mesh.replicas)
        .into_iter()
        .map(|replica| {
            let log = replica.terminate().log;
            log.lines()
                .filter(|line| line.contains("todo.v1.TodoService"))
                .count()
        })
        .collect();
    assert_eq!(counts.iter().sum::<usize>(), 1000, "{counts:?}");
    for count in &counts {
        assert!((300..=367).contains(count), "{counts:?}");
    }
}

#[test]
fn replicas_behind_envoy_are_restarted_and_no_call_fails() {
    let (Some(python), Some(envoy)) = (tools::python(), tools::envoy()) else {
        return;
    };
    let mut mesh = Mesh::start(&envoy);
    let load = Load::start(&python, mesh.envoy.address, 4);
    for index in 0..REPLICAS {
        pause(Duration::from_millis(300));
        let log = mesh.restart(index);
        assert!(log.contains("CreateTodo"), "it has answered: {log}");
    }
    pause(Duration::from_millis(300));
    let (answered, failed, what) = load.end();
    assert_eq!(failed, 0, "of {answered}: {what}");
    assert!(answered > 100, "{answered}");
}
