//! Envoy's transcoder in front of the upstream.

use std::{net::SocketAddr, path::Path};

use crate::support::{echo::Echo, envoy::Envoy};

/// Starts it with the transcoder's defaults, but for errors, which it is to write in JSON.
pub(super) fn start(program: &Path, echo: &Echo) -> Envoy {
    Envoy::start(program, echo.folder.path(), |address| config(address, echo))
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
