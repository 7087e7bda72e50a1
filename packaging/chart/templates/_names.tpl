{{- define "binnacle.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "binnacle.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "binnacle.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "binnacle.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "binnacle.selector" -}}
app.kubernetes.io/name: {{ include "binnacle.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "binnacle.labels" -}}
{{ include "binnacle.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "binnacle.account" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "binnacle.fullname" .) .Values.serviceAccount.name }}
{{- else }}{{ default "default" .Values.serviceAccount.name }}{{ end }}
{{- end }}

{{- /* A value of binnacle.toml: numbers and truths as they are, lists with commas as Binnacle takes them, texts in quotes. */ -}}
{{- define "binnacle.toml" -}}
{{- if kindIs "slice" . }}{{ join "," . | quote }}
{{- else if kindIs "float64" . }}{{ . | int64 }}
{{- else if or (kindIs "bool" .) (kindIs "int64" .) (kindIs "int" .) }}{{ . }}
{{- else }}{{ . | quote }}{{ end }}
{{- end }}

{{- /* Sections of clusters, a line for each value, with the names of the sections before it. */ -}}
{{- define "binnacle.clusters" -}}
{{- range $name, $value := .values }}
{{- $path := printf "%s.%s" $.above (regexMatch "^[A-Za-z0-9_-]+$" $name | ternary $name (quote $name)) }}
{{- if kindIs "map" $value }}{{ include "binnacle.clusters" (dict "above" $path "values" $value) }}
{{- else }}
{{ $path }} = {{ include "binnacle.toml" $value }}
{{- end }}
{{- end }}
{{- end }}

{{- /* A quantity as megabytes. */ -}}
{{- define "binnacle.megabytes" -}}
{{- $factors := dict "" 0.000001 "k" 0.001 "M" 1.0 "G" 1000.0 "T" 1000000.0 "Ki" 0.001024 "Mi" 1.048576 "Gi" 1073.741824 "Ti" 1099511.627776 }}
{{- mulf (regexFind "^[0-9.]+" .) (get $factors (regexFind "[A-Za-z]*$" .)) | floor | int64 }}
{{- end }}
