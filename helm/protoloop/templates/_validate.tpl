{{/* What values.schema.json cannot say: the same rules, in the same words, as those of the operator's resource. */}}
{{- define "protoloop.validate" -}}
{{- $source := include "protoloop.source" . -}}
{{- $kind := include "protoloop.databaseKind" . -}}
{{- if and (eq $source "schema") (not .Values.datasource) -}}
{{- fail "a schema needs a datasource: a Secret with the URL, or datasource.url=memory: to try it out" -}}
{{- end -}}
{{- if and (eq $source "gateway") .Values.datasource -}}
{{- fail "a gateway stores nothing: leave out datasource" -}}
{{- end -}}
{{- with .Values.datasource -}}
{{- if eq (empty .url) (empty .secret) -}}{{- fail "datasource: give either secret or url" -}}{{- end -}}
{{- end -}}
{{- if and (has $kind (list "sqlite" "memory")) (or .Values.autoscaling (gt (int .Values.replicas) 1)) -}}
{{- fail (printf "datasource.url %s: its data is kept by one pod: leave replicas at 1 and autoscaling out, or use a database server" $kind) -}}
{{- end -}}
{{- if and (kindIs "map" .Values.serviceMonitor) (not (kindIs "map" .Values.metrics)) -}}
{{- fail "serviceMonitor needs metrics: say on which port and path the service shows them" -}}
{{- end -}}
{{- if and (ne $source "image") (kindIs "map" .Values.metrics) -}}
{{- if ne (.Values.metrics.path | default "/metrics") "/metrics" -}}
{{- fail "a schema and a gateway show metrics at /metrics: leave out metrics.path" -}}
{{- end -}}
{{- if eq (int (.Values.metrics.port | default 0)) 8080 -}}
{{- fail "a schema and a gateway are called on port 8080: give metrics another one" -}}
{{- end -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if gt (int (.minReplicas | default 1)) (int .maxReplicas) -}}{{- fail "autoscaling: minReplicas is larger than maxReplicas" -}}{{- end -}}
{{- end -}}
{{- with .Values.routes -}}
{{- if and .grpc .http -}}
{{- if or (not .grpc.hostnames) (not .http.hostnames) -}}
{{- fail "routes: a GRPCRoute and an HTTPRoute may not share a host name: give each hostnames of its own" -}}
{{- end -}}
{{- range .grpc.hostnames -}}
{{- if has . $.Values.routes.http.hostnames -}}
{{- fail (printf "routes: a GRPCRoute and an HTTPRoute may not share a host name: %s is in both" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
