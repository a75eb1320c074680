{{/* Where the container listens: grpc, http (the same number where one port answers both) and metrics. */}}
{{- define "protoloop.listening" -}}
{{- $ports := dict -}}
{{- if eq (include "protoloop.source" .) "image" -}}
{{- $given := .Values.image.ports | default (dict "grpc" 8080 "http" 8080) -}}
{{- with $given.grpc -}}{{- $_ := set $ports "grpc" (int .) -}}{{- end -}}
{{- with $given.http -}}{{- $_ := set $ports "http" (int .) -}}{{- end -}}
{{- else -}}
{{- $ports = dict "grpc" 8080 "http" 8080 -}}
{{- end -}}
{{- if kindIs "map" .Values.metrics -}}
{{- with .Values.metrics.port | default (ternary 0 9464 (eq (include "protoloop.source" .) "image")) -}}
{{- if not (has (int .) (values $ports)) -}}{{- $_ := set $ports "metrics" (int .) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $ports -}}
{{- end -}}

{{/* The name of the container's port for HTTP: a pod may name a port only once. */}}
{{- define "protoloop.httpName" -}}
{{- $ports := include "protoloop.listening" . | fromYaml -}}
{{- if and $ports.grpc (eq ($ports.grpc | int) ($ports.http | default 0 | int)) -}}grpc{{- else -}}http{{- end -}}
{{- end -}}

{{- define "protoloop.ports" -}}
{{- $ports := include "protoloop.listening" . | fromYaml -}}
{{- $all := list -}}
{{- range $name := list "grpc" "http" "metrics" -}}
{{- $port := index $ports $name -}}
{{- if and $port (not (and (eq $name "http") (eq (include "protoloop.httpName" $) "grpc"))) -}}
{{- $all = append $all (dict "name" $name "containerPort" $port "protocol" "TCP") -}}
{{- end -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}

{{/* What the restricted profile of pod security asks of a container, and a root file system that nobody writes to. */}}
{{- define "protoloop.restricted" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end -}}

{{- define "protoloop.podSecurity" -}}
runAsNonRoot: true
{{- if ne (include "protoloop.source" .) "image" }}
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* The variable with the database's URL. */}}
{{- define "protoloop.datasource" -}}
{{- with .Values.datasource }}
- name: PROTOLOOP_DB
  {{- if .url }}
  value: {{ .url | quote }}
  {{- else }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret.name | quote }}
      key: {{ .secret.key | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The beginning of the database's URL, where it is known. */}}
{{- define "protoloop.databaseKind" -}}
{{- with .Values.datasource -}}{{- with .url -}}{{- splitList ":" . | first -}}{{- end -}}{{- end -}}
{{- end -}}

{{/* Whether a pod migrates, waits for who does, or refuses to start. */}}
{{- define "protoloop.migrate" -}}
{{- $kind := include "protoloop.databaseKind" . -}}
{{- if ne $kind "memory" -}}
{{- $mode := .Values.migrations.mode -}}
{{- if or (eq $mode "OnStart") (and (eq $mode "Job") (eq $kind "sqlite")) -}}apply
{{- else if eq $mode "Job" -}}wait
{{- else -}}check
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The variables by which a process knows which pod it is. */}}
{{- define "protoloop.describe" -}}
{{- range list "POD_NAME=metadata.name" "POD_NAMESPACE=metadata.namespace" "POD_UID=metadata.uid" "NODE_NAME=spec.nodeName" }}
- name: {{ splitList "=" . | first }}
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: {{ splitList "=" . | last }}
{{- end }}
- name: OTEL_SERVICE_NAME
  value: {{ include "protoloop.name" . | quote }}
{{- end -}}

{{- define "protoloop.telemetry" -}}
{{- $attributes := "service.namespace=$(POD_NAMESPACE),service.instance.id=$(POD_UID),k8s.namespace.name=$(POD_NAMESPACE),k8s.pod.name=$(POD_NAME),k8s.pod.uid=$(POD_UID),k8s.node.name=$(NODE_NAME)" -}}
{{- with include "protoloop.version" . -}}{{- $attributes = printf "%s,service.version=%s" $attributes . -}}{{- end -}}
{{- range $key, $value := (.Values.telemetry | default dict).attributes -}}
{{- $attributes = printf "%s,%s=%s" $attributes $key $value -}}
{{- end }}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: {{ $attributes | quote }}
{{- with .Values.telemetry }}
{{- with .endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- if not (kindIs "invalid" .sampledPercent) }}
- name: OTEL_TRACES_SAMPLER
  value: parentbased_traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ divf .sampledPercent 100 | printf "%.2f" | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What `protoloop serve` and `protoloop gateway` are told. */}}
{{- define "protoloop.runtimeEnvironment" -}}
- name: PROTOLOOP_LISTEN
  value: 0.0.0.0:8080
- name: PROTOLOOP_DRAIN_DELAY
  value: {{ int .Values.termination.drainSeconds }}s
- name: PROTOLOOP_GRACE_PERIOD
  value: {{ int .Values.termination.graceSeconds }}s
{{- with (include "protoloop.listening" . | fromYaml).metrics }}
- name: PROTOLOOP_METRICS
  value: 0.0.0.0:{{ . }}
{{- end }}
{{- if gt (int .Values.termination.maxConnectionAgeSeconds) 0 }}
- name: PROTOLOOP_MAX_CONNECTION_AGE
  value: {{ int .Values.termination.maxConnectionAgeSeconds }}s
{{- end }}
{{- with .Values.tls }}
- name: PROTOLOOP_TLS_CERT
  value: /etc/protoloop/tls/tls.crt
- name: PROTOLOOP_TLS_KEY
  value: /etc/protoloop/tls/tls.key
{{- if .clientCertificates }}
- name: PROTOLOOP_TLS_CLIENT_CA
  value: /etc/protoloop/tls/ca.crt
{{- end }}
{{- end }}
{{- end -}}

{{- define "protoloop.gatewayEnvironment" -}}
{{- $upstreams := list -}}
{{- range .Values.gateway.upstreams -}}
{{- $upstreams = append $upstreams (ternary (printf "%s=%s" .selector .url) .url (not (empty .selector))) -}}
{{- end }}
- name: PROTOLOOP_UPSTREAM
  value: {{ join " " $upstreams | quote }}
{{- with .Values.gateway.descriptorSet }}
- name: PROTOLOOP_DESCRIPTORS
  value: /etc/protoloop/descriptors/{{ .key }}
{{- end }}
{{- with .Values.gateway.rules }}
- name: PROTOLOOP_CONFIG
  value: /etc/protoloop/rules/{{ .key }}
{{- end }}
{{- if .Values.gateway.unbound }}
- name: PROTOLOOP_UNBOUND
  value: "true"
{{- end }}
{{- end -}}

{{/* All of the container's variables; one of `env` takes the place of ours of the same name. */}}
{{- define "protoloop.environment" -}}
{{- $source := include "protoloop.source" . -}}
{{- $text := printf "%s\n%s\n%s" (include "protoloop.describe" .) (include "protoloop.telemetry" .) (include "protoloop.datasource" .) -}}
{{- if ne $source "image" -}}{{- $text = printf "%s\n%s" $text (include "protoloop.runtimeEnvironment" .) -}}{{- end -}}
{{- if eq $source "gateway" -}}{{- $text = printf "%s\n%s" $text (include "protoloop.gatewayEnvironment" .) -}}{{- end -}}
{{- $all := fromYamlArray $text -}}
{{- if and (eq $source "schema") (include "protoloop.migrate" .) -}}
{{- $all = append $all (dict "name" "PROTOLOOP_MIGRATE" "value" (include "protoloop.migrate" .)) -}}
{{- end -}}
{{- include "protoloop.replaceByKey" (list $all .Values.env "name") -}}
{{- end -}}

{{/* A list whose elements stand for others of the same key, from (list OURS THEIRS KEY): in our place, or at the end. */}}
{{- define "protoloop.replaceByKey" -}}
{{- $key := index . 2 -}}
{{- $theirs := index . 1 | default list -}}
{{- $result := list -}}
{{- $used := list -}}
{{- range $mine := index . 0 -}}
{{- $found := $mine -}}
{{- range $their := $theirs -}}
{{- if eq (get $their $key) (get $mine $key) -}}{{- $found = $their -}}{{- $used = append $used (get $their $key) -}}{{- end -}}
{{- end -}}
{{- $result = append $result $found -}}
{{- end -}}
{{- range $their := $theirs -}}
{{- if not (has (get $their $key) $used) -}}{{- $result = append $result $their -}}{{- end -}}
{{- end -}}
{{- toYaml $result -}}
{{- end -}}

{{- define "protoloop.mounts" -}}
{{- $all := list (dict "name" "tmp" "mountPath" "/tmp") -}}
{{- if eq (include "protoloop.source" .) "schema" -}}{{- $all = append $all (include "protoloop.schema.mount" . | fromYaml) -}}{{- end -}}
{{- if .Values.tls -}}{{- $all = append $all (dict "name" "tls" "mountPath" "/etc/protoloop/tls" "readOnly" true) -}}{{- end -}}
{{- with .Values.gateway -}}
{{- if .descriptorSet -}}{{- $all = append $all (dict "name" "descriptors" "mountPath" "/etc/protoloop/descriptors" "readOnly" true) -}}{{- end -}}
{{- if .rules -}}{{- $all = append $all (dict "name" "rules" "mountPath" "/etc/protoloop/rules" "readOnly" true) -}}{{- end -}}
{{- end -}}
{{- include "protoloop.replaceByKey" (list $all .Values.volumeMounts "mountPath") -}}
{{- end -}}

{{/* What probes ask: Grpc, Http, Tcp or Off. */}}
{{- define "protoloop.probeKind" -}}
{{- $ports := include "protoloop.listening" . | fromYaml -}}
{{- $kind := .Values.probes.kind -}}
{{- if ne $kind "Auto" -}}{{- $kind -}}
{{- else if .Values.tls -}}
{{- if or .Values.tls.clientCertificates (not $ports.http) -}}Tcp{{- else -}}Http{{- end -}}
{{- else if $ports.grpc -}}Grpc
{{- else -}}Http
{{- end -}}
{{- end -}}

{{/* One question, from (list ROOT readiness|liveness). The number of the port and not its name: gRPC probes take no other. */}}
{{- define "protoloop.probe" -}}
{{- $root := index . 0 -}}
{{- $about := index . 1 -}}
{{- $ports := include "protoloop.listening" $root | fromYaml -}}
{{- $kind := include "protoloop.probeKind" $root -}}
{{- $ours := ne (include "protoloop.source" $root) "image" -}}
{{- if eq $kind "Grpc" }}
grpc:
  port: {{ $ports.grpc | default $ports.http }}
  {{- if eq $about "readiness" }}
  service: {{ $root.Values.probes.service | default (ternary "readiness" "" $ours) | quote }}
  {{- else }}
  service: {{ ternary "liveness" "" $ours | quote }}
  {{- end }}
{{- else if eq $kind "Http" }}
httpGet:
  path: {{ ternary $root.Values.probes.readyPath $root.Values.probes.livePath (eq $about "readiness") }}
  port: {{ $ports.http | default $ports.grpc }}
  scheme: {{ ternary "HTTPS" "HTTP" (not (empty $root.Values.tls)) }}
{{- else }}
tcpSocket:
  port: {{ $ports.grpc | default $ports.http }}
{{- end }}
{{- end -}}

{{/* The service's container. */}}
{{- define "protoloop.container" -}}
{{- $source := include "protoloop.source" . -}}
name: service
{{- if eq $source "image" }}
image: {{ .Values.image.name | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy | default "IfNotPresent" }}
{{- with .Values.image.command }}
command:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.args }}
args:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- else }}
image: {{ include "protoloop.runtime" . }}
imagePullPolicy: {{ .Values.runtime.pullPolicy | default "IfNotPresent" }}
args:
  {{- if eq $source "schema" }}
  - serve
  - {{ include "protoloop.schema.path" . }}
  {{- else }}
  - gateway
  {{- end }}
  {{- with .Values.args }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
ports:
  {{- include "protoloop.ports" . | nindent 2 }}
env:
  {{- include "protoloop.environment" . | nindent 2 }}
{{- with .Values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
volumeMounts:
  {{- include "protoloop.mounts" . | nindent 2 }}
{{- if ne (include "protoloop.probeKind" .) "Off" }}
startupProbe:
  {{- include "protoloop.probe" (list . "liveness") | nindent 2 }}
  periodSeconds: 2
  failureThreshold: {{ max 1 (div .Values.probes.startupSeconds 2) }}
  timeoutSeconds: 2
livenessProbe:
  {{- include "protoloop.probe" (list . "liveness") | nindent 2 }}
  periodSeconds: 10
  failureThreshold: 6
  timeoutSeconds: 5
readinessProbe:
  {{- include "protoloop.probe" (list . "readiness") | nindent 2 }}
  periodSeconds: 5
  failureThreshold: 2
  timeoutSeconds: 3
{{- end }}
{{- if and (eq $source "image") (gt (int .Values.termination.drainSeconds) 0) }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ int .Values.termination.drainSeconds }}
{{- end }}
terminationMessagePolicy: FallbackToLogsOnError
securityContext:
  {{- include "protoloop.restricted" . | nindent 2 }}
{{- end -}}
