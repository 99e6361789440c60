{{/* Names, labels, images: what everything is called. */}}

{{- define "migraine.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* The beginning of all names. Short enough for what Kubernetes, KubeRay and Dagster add. */}}
{{- define "migraine.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 30 | trimSuffix "-" -}}
{{- else if contains (include "migraine.name" .) .Release.Name -}}
{{- .Release.Name | trunc 30 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "migraine.name" .) | trunc 30 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What every pod of the release has, and no other. */}}
{{- define "migraine.everything" -}}
app.kubernetes.io/name: {{ include "migraine.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* (list . "component"): the pods of one component. */}}
{{- define "migraine.selector" -}}
{{ include "migraine.everything" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* (list . "component"): on every object. */}}
{{- define "migraine.labels" -}}
{{- $root := index . 0 -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: migraine-platform
{{ include "migraine.selector" . }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list . "component"): on every pod. No version: it would replace pods that do not change otherwise. */}}
{{- define "migraine.podLabels" -}}
{{- $root := index . 0 -}}
{{ include "migraine.selector" . }}
{{- with merge (dict) $root.Values.podLabels $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list . .Values.images.platform): repository:tag, with the digest where there is one. */}}
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

{{- define "migraine.homeClaim" -}}
{{- default (printf "%s-home" (include "migraine.fullname" .)) .Values.home.existingClaim -}}
{{- end -}}

{{- define "migraine.trackingUri" -}}
{{- if .Values.mlflow.enabled -}}
http://{{ include "migraine.fullname" . }}-mlflow:5000
{{- else -}}
{{- .Values.mlflow.trackingUri -}}
{{- end -}}
{{- end -}}

{{/* The Service that answers predictions. KubeRay names its own. */}}
{{- define "migraine.servingService" -}}
{{ include "migraine.fullname" . }}-serving{{ if eq .Values.serving.mode "rayservice" }}-serve-svc{{ end }}
{{- end -}}

{{/* Where people reach the Dagster UI. */}}
{{- define "migraine.publicUrl" -}}
{{- if .Values.alerts.publicUrl -}}
{{- .Values.alerts.publicUrl -}}
{{- else if and .Values.ingress.enabled .Values.ingress.dagster.host -}}
https://{{ .Values.ingress.dagster.host }}
{{- end -}}
{{- end -}}
