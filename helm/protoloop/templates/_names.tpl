{{/* What the service is called. Names of Services end at 63 characters, and ours have suffixes. */}}
{{- define "protoloop.name" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- end -}}

{{/* schema, image or gateway: the one that is given. */}}
{{- define "protoloop.source" -}}
{{- $given := list -}}
{{- range $name := list "schema" "image" "gateway" -}}
{{- if index $.Values $name -}}{{- $given = append $given $name -}}{{- end -}}
{{- end -}}
{{- if ne (len $given) 1 -}}
{{- fail (printf "give exactly one of schema, image and gateway; there are %d (%s)" (len $given) (join ", " $given)) -}}
{{- end -}}
{{- first $given -}}
{{- end -}}

{{/* The image that serves schemas and gateways. */}}
{{- define "protoloop.runtime" -}}
{{- $image := .Values.runtime.image | default (printf "protoloop:%s" .Chart.AppVersion) -}}
{{- with .Values.imageRegistry -}}{{- printf "%s/%s" (trimSuffix "/" .) $image -}}{{- else -}}{{- $image -}}{{- end -}}
{{- end -}}

{{/* What a Deployment selects pods by. It can never change. */}}
{{- define "protoloop.selector" -}}
app.kubernetes.io/name: {{ include "protoloop.name" . | quote }}
app.kubernetes.io/instance: {{ include "protoloop.name" . | quote }}
{{- end -}}

{{/* The version label: the digest of a schema, the tag of an image, or the first characters of its digest. */}}
{{- define "protoloop.version" -}}
{{- $source := include "protoloop.source" . -}}
{{- if eq $source "schema" -}}
{{- include "protoloop.schema.digest" . -}}
{{- else -}}
{{- $image := ternary (.Values.image | default dict).name (include "protoloop.runtime" .) (eq $source "image") -}}
{{- $parts := splitList "@" $image -}}
{{- $last := first $parts | splitList "/" | last -}}
{{- $text := "" -}}
{{- if contains ":" $last -}}
{{- $text = regexReplaceAll "^[^:]*:" $last "" -}}
{{- else if gt (len $parts) 1 -}}
{{- $text = last $parts | trimPrefix "sha256:" | trunc 12 -}}
{{- end -}}
{{- regexReplaceAll "[^A-Za-z0-9._-]" $text "" | trunc 63 | trimAll "-_." -}}
{{- end -}}
{{- end -}}

{{/* The labels of every object and of the pods. */}}
{{- define "protoloop.labels" -}}
{{- $name := include "protoloop.name" . -}}
{{- $ours := dict
  "app.kubernetes.io/component" (ternary "gateway" "service" (eq (include "protoloop.source" .) "gateway"))
  "app.kubernetes.io/managed-by" .Release.Service
  "app.kubernetes.io/part-of" (.Values.partOf | default $name)
-}}
{{- with include "protoloop.version" . -}}{{- $_ := set $ours "app.kubernetes.io/version" . -}}{{- end -}}
{{- $all := mergeOverwrite (deepCopy .Values.labels) $ours (include "protoloop.selector" . | fromYaml) -}}
{{- toYaml $all -}}
{{- end -}}

{{/* The metadata of an object, from (list ROOT SUFFIX [ANNOTATIONS]). */}}
{{- define "protoloop.metadata" -}}
{{- $root := index . 0 -}}
name: {{ printf "%s%s" (include "protoloop.name" $root) (index . 1) | quote }}
namespace: {{ $root.Release.Namespace | quote }}
labels:
  {{- include "protoloop.labels" $root | nindent 2 }}
  helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version | replace "+" "_" }}
{{- $annotations := deepCopy $root.Values.annotations -}}
{{- if gt (len .) 2 -}}{{- $annotations = mergeOverwrite $annotations (index . 2) -}}{{- end -}}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* Writes an object, from (list ROOT TEXT), with the changes of `objectOverrides` in it. */}}
{{- define "protoloop.object" -}}
{{- $root := index . 0 -}}
{{- $object := index . 1 | fromYaml -}}
{{- with $object.Error -}}{{- fail . -}}{{- end -}}
{{- range $override := $root.Values.objectOverrides -}}
{{- if and (eq $override.kind $object.kind) (or (not $override.name) (eq ($override.name | default "") $object.metadata.name)) -}}
{{- $patch := omit $override.patch "apiVersion" "kind" -}}
{{- $ours := pick $object.metadata "name" "namespace" -}}
{{- $labels := dict -}}
{{- range $key, $value := $object.metadata.labels -}}
{{- if hasPrefix "app.kubernetes.io/" $key -}}{{- $_ := set $labels $key $value -}}{{- end -}}
{{- end -}}
{{- $_ := include "protoloop.patch" (list $object $patch) -}}
{{- /* What an object is called, and what it is found by, stays. */ -}}
{{- $_ := mergeOverwrite $object.metadata $ours -}}
{{- $_ := set $object.metadata "labels" (mergeOverwrite ($object.metadata.labels | default dict) $labels) -}}
{{- end -}}
{{- end }}
---
{{ toYaml $object }}
{{- end -}}

{{/* A JSON merge patch, from (list TARGET PATCH): null removes, objects are gone into, all else takes the place. */}}
{{- define "protoloop.patch" -}}
{{- $target := index . 0 -}}
{{- range $key, $value := index . 1 -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $target $key -}}
{{- else if and (kindIs "map" $value) (kindIs "map" (get $target $key)) -}}
{{- $_ := include "protoloop.patch" (list (get $target $key) $value) -}}
{{- else -}}
{{- $_ := set $target $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}
