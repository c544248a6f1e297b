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

{{- define "netprobe.server.selector" -}}
app: {{ include "netprobe.name" . }}-server
{{- end }}

{{- define "netprobe.server.labels" -}}
{{ include "netprobe.server.selector" . }}
app.kubernetes.io/name: netprobe
app.kubernetes.io/component: server
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "netprobe.server.serviceAccount" -}}
{{- if .Values.server.serviceAccount.name -}}
{{ .Values.server.serviceAccount.name }}
{{- else if .Values.server.serviceAccount.create -}}
{{ include "netprobe.name" . }}-server
{{- else -}}
default
{{- end -}}
{{- end }}

{{- /* Flags of a map by their names. */ -}}
{{- define "netprobe.flags" -}}
{{- range $name, $value := . }}
{{- /* Numbers of values are floating point, and %v writes 1e+06. */}}
{{- $text := kindIs "slice" $value | ternary (join "," $value) (kindIs "string" $value | ternary $value (toJson $value)) }}
- {{ printf "--%s=%s" $name $text | quote }}
{{- end }}
{{- end }}

{{- /* Files of the secret: of an agent, or of the server. */ -}}
{{- define "netprobe.tls" -}}
- --grpc-certificate=/etc/netprobe/tls/{{ . }}.crt
- --grpc-key=/etc/netprobe/tls/{{ . }}.key
- --grpc-ca=/etc/netprobe/tls/ca.crt
{{- end }}

{{- define "netprobe.args" -}}
{{- include "netprobe.flags" .Values.config }}
{{- if .Values.server.enabled }}
- --grpc-listen=0.0.0.0:{{ int .Values.server.grpcPort }}
{{ include "netprobe.tls" "agent" }}
{{- if .Values.server.names }}
- --server={{ include "netprobe.name" . }}-server.{{ .Release.Namespace }}.svc:{{ int .Values.server.namesPort }}
{{- end }}
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
{{- with .Values.detection }}
{{- if not .enabled }}
- --enable-detection=false
{{- end }}
{{- with .detectors }}
- {{ printf "--detectors=%s" (join "," .) | quote }}
{{- end }}
{{- range .mute }}
- {{ printf "--mute-alerts=%s" . | quote }}
{{- end }}
{{- range .threatIntel }}
- {{ printf "--threat-intel=%s" . | quote }}
{{- end }}
{{- end }}
{{- range .Values.exports }}
- {{ printf "--export=%s" . | quote }}
{{- end }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end }}
