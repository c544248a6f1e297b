{{- define "netprobe.name" -}}
{{ default "netprobe" .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "netprobe.selector" -}}
app: {{ include "netprobe.name" . }}-agent
{{- end }}

{{- define "netprobe.labels" -}}
{{ include "netprobe.selector" . }}
app.kubernetes.io/name: netprobe
app.kubernetes.io/component: agent
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "netprobe.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "netprobe.serviceAccount" -}}
{{- if .Values.serviceAccount.name -}}
{{ .Values.serviceAccount.name }}
{{- else if .Values.serviceAccount.create -}}
{{ include "netprobe.name" . }}-agent
{{- else -}}
default
{{- end -}}
{{- end }}

{{- define "netprobe.priorityClass" -}}
{{- if .Values.priorityClass.name -}}
{{ .Values.priorityClass.name }}
{{- else if .Values.priorityClass.create -}}
{{ include "netprobe.name" . }}-agent
{{- end -}}
{{- end }}

{{- /* httpGet of a probe. An agent that listens on one address is asked there. */ -}}
{{- define "netprobe.ask" -}}
httpGet:
  path: {{ .path }}
  port: metrics
  {{- with .root.Values.listenAddress }}
  host: {{ . | quote }}
  {{- end }}
{{- end }}

{{- define "netprobe.args" -}}
{{- range $name, $value := .Values.config }}
{{- /* Numbers of values are floating point, and %v writes 1e+06. */}}
{{- $text := kindIs "slice" $value | ternary (join "," $value) (kindIs "string" $value | ternary $value (toJson $value)) }}
- {{ printf "--%s=%s" $name $text | quote }}
{{- end }}
{{- if ne (int .Values.metricsPort) 8081 }}
- --metrics-port={{ int .Values.metricsPort }}
{{- end }}
{{- with .Values.listenAddress }}
- {{ printf "--listen-address=%s" . | quote }}
{{- end }}
{{- if not .Values.kubernetes.enabled }}
- --enable-kubernetes=false
{{- else if .Values.kubernetes.scope }}
- --kube-scope={{ .Values.kubernetes.scope }}
{{- end }}
{{- with .Values.externalNames }}
{{- $names := list }}
{{- range $name, $cidr := . }}
{{- $names = append $names (printf "%s=%s" $name $cidr) }}
{{- end }}
- {{ printf "--external-names=%s" (join "," $names) | quote }}
{{- end }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end }}
