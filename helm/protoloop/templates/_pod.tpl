{{/* The volumes of the pods; one of `volumes` takes the place of ours of the same name. */}}
{{- define "protoloop.volumes" -}}
{{- $all := list (dict "name" "tmp" "emptyDir" dict) -}}
{{- if eq (include "protoloop.source" .) "schema" -}}{{- $all = append $all (include "protoloop.schema.volume" . | fromYaml) -}}{{- end -}}
{{- with .Values.tls -}}{{- $all = append $all (dict "name" "tls" "secret" (dict "secretName" .secret)) -}}{{- end -}}
{{- with .Values.gateway -}}
{{- with .descriptorSet -}}{{- $all = append $all (dict "name" "descriptors" "configMap" (dict "name" .name)) -}}{{- end -}}
{{- with .rules -}}{{- $all = append $all (dict "name" "rules" "configMap" (dict "name" .name)) -}}{{- end -}}
{{- end -}}
{{- include "protoloop.replaceByKey" (list $all .Values.volumes "name") -}}
{{- end -}}

{{/* Digest of what the Secrets and ConfigMaps hold that pods refer to, where the cluster can be asked: another one replaces
     the pods. */}}
{{- define "protoloop.checksum" -}}
{{- $secrets := list -}}
{{- $maps := list -}}
{{- with .Values.datasource -}}{{- with .secret -}}{{- $secrets = append $secrets .name -}}{{- end -}}{{- end -}}
{{- with .Values.tls -}}{{- $secrets = append $secrets .secret -}}{{- end -}}
{{- with .Values.schema -}}
{{- with .configMap -}}{{- $maps = append $maps .name -}}{{- end -}}
{{- with .descriptorSet -}}{{- $maps = append $maps .name -}}{{- end -}}
{{- end -}}
{{- with .Values.gateway -}}
{{- with .descriptorSet -}}{{- $maps = append $maps .name -}}{{- end -}}
{{- with .rules -}}{{- $maps = append $maps .name -}}{{- end -}}
{{- end -}}
{{- range .Values.envFrom -}}
{{- with .secretRef -}}{{- $secrets = append $secrets .name -}}{{- end -}}
{{- with .configMapRef -}}{{- $maps = append $maps .name -}}{{- end -}}
{{- end -}}
{{- $text := "" -}}
{{- range $name := $secrets | uniq -}}
{{- with lookup "v1" "Secret" $.Release.Namespace $name -}}{{- $text = printf "%s%s %s\n" $text $name (toJson .data) -}}{{- end -}}
{{- end -}}
{{- range $name := $maps | uniq -}}
{{- with lookup "v1" "ConfigMap" $.Release.Namespace $name -}}{{- $text = printf "%s%s %s %s\n" $text $name (toJson .data) (toJson .binaryData) -}}{{- end -}}
{{- end -}}
{{- with $text -}}{{- sha256sum . | trunc 16 -}}{{- end -}}
{{- end -}}

{{- define "protoloop.pullSecrets" -}}
{{- $given := ternary (.Values.image | default dict).pullSecrets .Values.runtime.pullSecrets (eq (include "protoloop.source" .) "image") -}}
{{- range $given }}
- name: {{ . }}
{{- end -}}
{{- end -}}

{{/* Pods of one template spread; those of another may stand where they like, or a rollout would be crooked. */}}
{{- define "protoloop.spread" -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "protoloop.selector" $ | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end -}}
{{- end -}}

{{- define "protoloop.podTemplate" -}}
metadata:
  labels:
    {{- include "protoloop.labels" . | nindent 4 }}
  {{- $annotations := dict -}}
  {{- with ternary (include "protoloop.checksum" .) "" .Values.rollout.restartOnChange }}{{ $_ := set $annotations "protoloop.dev/checksum" . }}{{ end }}
  {{- if eq (include "protoloop.source" .) "schema" }}{{ $_ := set $annotations "protoloop.dev/schema" (include "protoloop.schema.digest" .) }}{{ end }}
  {{- with mergeOverwrite $annotations (deepCopy .Values.annotations) }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "protoloop.account" . | quote }}
  automountServiceAccountToken: {{ .Values.serviceAccount.automountToken }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ add (int .Values.termination.drainSeconds) (int .Values.termination.graceSeconds) 5 }}
  securityContext:
    {{- include "protoloop.podSecurity" . | nindent 4 }}
  {{- with include "protoloop.pullSecrets" . }}
  imagePullSecrets:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with .Values.placement.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.placement.priorityClass }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- if .Values.placement.spread }}
  topologySpreadConstraints:
    {{- include "protoloop.spread" . | nindent 4 }}
  {{- end }}
  containers:
    - {{- include "protoloop.container" . | nindent 6 }}
  volumes:
    {{- include "protoloop.volumes" . | nindent 4 }}
{{- end -}}

{{/* The pod template with `podTemplate` over it. Containers, volumes and variables are told apart by their names, mounts by
     their paths; other lists take the place of ours. */}}
{{- define "protoloop.mergedPodTemplate" -}}
{{- $ours := include "protoloop.podTemplate" . | fromYaml -}}
{{- with $ours.Error -}}{{- fail . -}}{{- end -}}
{{- with .Values.podTemplate -}}
{{- $_ := include "protoloop.deepMerge" (list $ours (deepCopy .)) -}}
{{- $_ := mergeOverwrite $ours.metadata.labels (include "protoloop.selector" $ | fromYaml) -}}
{{- end -}}
{{- toYaml $ours -}}
{{- end -}}

{{/* Merges in place, from (list TARGET SOURCE). */}}
{{- define "protoloop.deepMerge" -}}
{{- $target := index . 0 -}}
{{- range $key, $value := index . 1 -}}
{{- $mine := get $target $key -}}
{{- if and (kindIs "map" $value) (kindIs "map" $mine) -}}
{{- $_ := include "protoloop.deepMerge" (list $mine $value) -}}
{{- else if and (kindIs "slice" $value) (kindIs "slice" $mine) (has $key (list "containers" "initContainers" "volumes" "env" "volumeMounts" "imagePullSecrets")) -}}
{{- $by := ternary "mountPath" "name" (eq $key "volumeMounts") -}}
{{- $merged := list -}}
{{- $seen := list -}}
{{- range $element := $mine -}}
{{- range $other := $value -}}
{{- if eq (get $other $by) (get $element $by) -}}
{{- $_ := include "protoloop.deepMerge" (list $element $other) -}}
{{- $seen = append $seen (get $other $by) -}}
{{- end -}}
{{- end -}}
{{- $merged = append $merged $element -}}
{{- end -}}
{{- range $other := $value -}}
{{- if not (has (get $other $by) $seen) -}}{{- $merged = append $merged $other -}}{{- end -}}
{{- end -}}
{{- $_ := set $target $key $merged -}}
{{- else if kindIs "invalid" $value -}}
{{- else -}}
{{- $_ := set $target $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}
