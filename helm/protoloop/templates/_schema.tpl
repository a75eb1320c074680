{{/* Ten hexadecimal digits that say what is in the files, or the name of the ConfigMap that somebody else keeps. */}}
{{- define "protoloop.schema.digest" -}}
{{- $schema := .Values.schema -}}
{{- $given := list -}}
{{- range $name := list "files" "configMap" "descriptorSet" -}}
{{- if index $schema $name -}}{{- $given = append $given $name -}}{{- end -}}
{{- end -}}
{{- if ne (len $given) 1 -}}
{{- fail (printf "give exactly one of schema.files, schema.configMap and schema.descriptorSet; there are %d" (len $given)) -}}
{{- end -}}
{{- if $schema.files -}}
{{- $text := "" -}}
{{- range $path, $file := $schema.files -}}
{{- $text = printf "%s%s %d\n%s\n" $text $path (len $file) $file -}}
{{- end -}}
{{- sha256sum $text | trunc 10 -}}
{{- else -}}
{{- ($schema.configMap | default $schema.descriptorSet).name -}}
{{- end -}}
{{- end -}}

{{/* The ConfigMap that pods read. */}}
{{- define "protoloop.schema.configMap" -}}
{{- if .Values.schema.files -}}
{{- include "protoloop.name" . }}-schema-{{ include "protoloop.schema.digest" . -}}
{{- else -}}
{{- include "protoloop.schema.digest" . -}}
{{- end -}}
{{- end -}}

{{/* What `protoloop serve` is given. */}}
{{- define "protoloop.schema.path" -}}
/etc/protoloop/schema{{ if .Values.schema.descriptorSet }}/schema.binpb{{ end }}
{{- end -}}

{{/* The volume with it: keys hold no slash, so that one stands as two underscores there. */}}
{{- define "protoloop.schema.volume" -}}
name: schema
configMap:
  name: {{ include "protoloop.schema.configMap" . | quote }}
  {{- with .Values.schema.files }}
  items:
    {{- range $path, $_ := . }}
    - key: {{ $path | replace "/" "__" }}
      path: {{ $path }}
    {{- end }}
  {{- end }}
  {{- with .Values.schema.descriptorSet }}
  items:
    - key: {{ .key | quote }}
      path: schema.binpb
  {{- end }}
{{- end -}}

{{- define "protoloop.schema.mount" -}}
name: schema
mountPath: /etc/protoloop/schema
readOnly: true
{{- end -}}
