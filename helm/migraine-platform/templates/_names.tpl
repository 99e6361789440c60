{{/* Names, labels and images. */}}

{{- define "migraine.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* The prefix of all names, short enough for the suffixes of Kubernetes, KubeRay and Dagster. */}}
{{- define "migraine.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 30 | trimSuffix "-" -}}
{{- else if contains (include "migraine.name" .) .Release.Name -}}
{{- .Release.Name | trunc 30 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "migraine.name" .) | trunc 30 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The labels that select all pods of the release. */}}
{{- define "migraine.everything" -}}
app.kubernetes.io/name: {{ include "migraine.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* (list . "component"): the labels that select the pods of a component. */}}
{{- define "migraine.selector" -}}
{{ include "migraine.everything" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* (list . "component"): the labels of every object. A third element: more labels, which come before commonLabels. */}}
{{- define "migraine.labels" -}}
{{- $root := index . 0 -}}
{{- $more := dict -}}
{{- if gt (len .) 2 -}}{{- $more = index . 2 -}}{{- end -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: migraine-platform
{{ include "migraine.selector" . }}
{{- with merge (dict) $more $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list . "component"): the labels of every pod. Without a version, which would restart unchanged pods. */}}
{{- define "migraine.podLabels" -}}
{{- $root := index . 0 -}}
{{ include "migraine.selector" . }}
{{- with merge (dict) $root.Values.podLabels $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list . .Values.images.platform): repository:tag, with the digest if there is one. */}}
{{- define "migraine.image" -}}
{{- $root := index . 0 -}}{{- $image := index . 1 -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default $root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "migraine.platformAccount" -}}
{{- default (printf "%s-platform" (include "migraine.fullname" .)) .Values.serviceAccounts.platform -}}
{{- end -}}

{{- define "migraine.servingAccount" -}}
{{- default (printf "%s-serving" (include "migraine.fullname" .)) .Values.serviceAccounts.serving -}}
{{- end -}}

{{/* The account of runs and their steps: it reaches the store, and Kubernetes only to start steps. */}}
{{- define "migraine.runsAccount" -}}
{{- default (printf "%s-runs" (include "migraine.fullname" .)) .Values.serviceAccounts.runs -}}
{{- end -}}

{{/* The namespace of runs and their steps. */}}
{{- define "migraine.runsNamespace" -}}
{{- default .Release.Namespace .Values.pipeline.namespace -}}
{{- end -}}

{{/* The suffix of the name of a Service in an address that runs also use. */}}
{{- define "migraine.serviceSuffix" -}}
{{- if ne (include "migraine.runsNamespace" .) .Release.Namespace -}}
.{{ .Release.Namespace }}.svc
{{- end -}}
{{- end -}}

{{- define "migraine.homeClaim" -}}
{{- default (printf "%s-home" (include "migraine.fullname" .)) .Values.home.existingClaim -}}
{{- end -}}

{{- define "migraine.trackingUri" -}}
{{- if .Values.mlflow.enabled -}}
http://{{ include "migraine.fullname" . }}-mlflow{{ include "migraine.serviceSuffix" . }}:5000
{{- else -}}
{{- .Values.mlflow.trackingUri -}}
{{- end -}}
{{- end -}}

{{/* The name of the Service for predictions. KubeRay chooses its own. */}}
{{- define "migraine.servingService" -}}
{{ include "migraine.fullname" . }}-serving{{ if eq .Values.serving.mode "rayservice" }}-serve-svc{{ end }}
{{- end -}}

{{/* The URL of the Dagster UI. */}}
{{- define "migraine.publicUrl" -}}
{{- if .Values.alerts.publicUrl -}}
{{- .Values.alerts.publicUrl -}}
{{- else if and .Values.ingress.enabled .Values.ingress.dagster.host -}}
https://{{ .Values.ingress.dagster.host }}
{{- else if and .Values.gateway.enabled .Values.gateway.dagster.host -}}
https://{{ .Values.gateway.dagster.host }}
{{- end -}}
{{- end -}}

{{/* The parts that may be exposed, as JSON: part -> [Service, port]. */}}
{{- define "migraine.exposed" -}}
{{- $name := include "migraine.fullname" . -}}
{{- dict "serving" (list (include "migraine.servingService" .) 8000) "dagster" (list (printf "%s-webserver" $name) 3000) "dagsterReadOnly" (list (printf "%s-webserver-read-only" $name) 3000) "mlflow" (list (printf "%s-mlflow" $name) 5000) | toJson -}}
{{- end -}}
