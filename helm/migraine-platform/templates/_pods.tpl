{{/* Common parts of pods: security contexts, environment, volumes. */}}

{{/* PodSecurity `restricted`. 10001 is the user of both images. */}}
{{- define "migraine.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "migraine.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* (dict "root" . "values" .Values.webserver "component" "webserver"): the first fields of a pod spec. */}}
{{- define "migraine.podStart" -}}
{{- $root := .root -}}
# The variables of service links would be read as settings: SERVING_PORT, MIGRAINE_...
enableServiceLinks: false
securityContext:
  {{- include "migraine.podSecurity" $root | nindent 2 }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* (list . "component"): spread pods over zones and nodes if possible. */}}
{{- define "migraine.spread" -}}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "migraine.selector" $ | nindent 8 }}
  {{- end }}
{{- end -}}

{{/* (list "NAME" "secret" "key"): a variable from a Secret. */}}
{{- define "migraine.fromSecret" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef: {name: {{ index . 1 }}, key: {{ index . 2 }}}
{{- end -}}

{{/* (list . "NAME" "dagster"): a variable with the URL of a database, in either PostgreSQL. */}}
{{- define "migraine.databaseEnv" -}}
{{- $root := index . 0 -}}{{- $database := index . 2 -}}
{{- if $root.Values.postgres.enabled -}}
{{ include "migraine.fromSecret" (list "POSTGRES_PASSWORD" $root.Values.postgres.existingSecret $root.Values.postgres.passwordKey) }}
- name: {{ index . 1 }}
  value: postgresql://migraine:$(POSTGRES_PASSWORD)@{{ include "migraine.fullname" $root }}-postgres:5432/{{ $database }}
{{- else -}}
{{ include "migraine.fromSecret" (list (index . 1) $root.Values.database.existingSecret (index $root.Values.database (printf "%sKey" $database))) }}
{{- end -}}
{{- end -}}

{{/* The credentials and the location of an object store. */}}
{{- define "migraine.objectStoreEnv" -}}
{{- with .Values.store }}
{{- if .endpoint }}
- name: AWS_ENDPOINT_URL
  value: {{ .endpoint | quote }}
{{- end }}
{{- if .region }}
- name: AWS_DEFAULT_REGION
  value: {{ .region | quote }}
{{- end }}
{{- if .existingSecret }}
{{ include "migraine.fromSecret" (list "AWS_ACCESS_KEY_ID" .existingSecret .accessKeyIdKey) }}
{{ include "migraine.fromSecret" (list "AWS_SECRET_ACCESS_KEY" .existingSecret .secretAccessKeyKey) }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "migraine.storeEnv" -}}
- name: MIGRAINE_HOME
  value: /var/lib/migraine
{{- with .Values.store.uri }}
- name: MIGRAINE_STORE_URI
  value: {{ . | quote }}
{{- end }}
{{- include "migraine.objectStoreEnv" . }}
{{- end -}}

{{/* The environment of every Dagster process: webserver, daemon, code location and runs. */}}
{{- define "migraine.platformEnv" -}}
{{- $name := include "migraine.fullname" . -}}
- name: DAGSTER_HOME
  value: /opt/dagster
{{ include "migraine.databaseEnv" (list . "DAGSTER_POSTGRES_URL" "dagster") }}
{{ include "migraine.storeEnv" . }}
- name: MIGRAINE_MLFLOW_TRACKING_URI
  value: {{ include "migraine.trackingUri" . | quote }}
- name: MIGRAINE_SERVICE_URL
  value: http://{{ include "migraine.servingService" . }}:8000
- name: MIGRAINE_AUTOMATION
  value: {{ ternary "on" "off" .Values.pipeline.automation | quote }}
- name: MIGRAINE_EXECUTOR
  value: {{ .Values.pipeline.executor | quote }}
{{- with .Values.pipeline.source }}
- name: MIGRAINE_SOURCE
  value: {{ . | quote }}
{{- end }}
{{- if .Values.pipeline.params }}
- name: MIGRAINE_PARAMS
  value: /etc/migraine/params.yaml
{{- end }}
{{- with include "migraine.publicUrl" . }}
- name: MIGRAINE_PUBLIC_URL
  value: {{ . | quote }}
{{- end }}
{{- with .Values.serving }}
{{- if .existingSecret }}
# Signs the prediction IDs, by which reported outcomes are matched.
{{ include "migraine.fromSecret" (list "SERVING_SECRET" .existingSecret .secretKey) }}
{{- end }}
{{- end }}
{{- with .Values.alerts }}
{{- if .existingSecret }}
{{ include "migraine.fromSecret" (list "MIGRAINE_ALERT_URLS" .existingSecret .urlsKey) }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The volumes of a run: home, temporary files, parameters. Dagster adds its settings. */}}
{{- define "migraine.runVolumes" -}}
- name: home
  persistentVolumeClaim: {claimName: {{ include "migraine.homeClaim" . }}}
- name: tmp
  emptyDir: {}
# Dagster creates folders next to its settings.
- name: dagster-home
  emptyDir: {}
{{- if .Values.pipeline.params }}
- name: params
  configMap: {name: {{ include "migraine.fullname" . }}-params}
{{- end }}
{{- end -}}

{{- define "migraine.runMounts" -}}
- name: home
  mountPath: /var/lib/migraine
- name: tmp
  mountPath: /tmp
- name: dagster-home
  mountPath: /opt/dagster
{{- if .Values.pipeline.params }}
- name: params
  mountPath: /etc/migraine
  readOnly: true
{{- end }}
{{- end -}}

{{/* The volumes of the other pods, including Dagster's settings. */}}
{{- define "migraine.platformVolumes" -}}
{{ include "migraine.runVolumes" . }}
- name: dagster
  configMap: {name: {{ include "migraine.fullname" . }}-dagster}
{{- end -}}

{{- define "migraine.platformMounts" -}}
{{ include "migraine.runMounts" . }}
{{- range list "dagster.yaml" "workspace.yaml" }}
- name: dagster
  mountPath: /opt/dagster/{{ . }}
  subPath: {{ . }}
  readOnly: true
{{- end }}
{{- end -}}

{{/* An annotation that restarts a pod when a ConfigMap that it reads at startup changes. */}}
{{- define "migraine.podAnnotations" -}}
checksum/configuration: {{ include (print $.Template.BasePath "/configuration.yaml") . | sha256sum }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list . "dagster"|"mlflow"|"all"): an init container that waits for PostgreSQL and migrates its tables. */}}
{{- define "migraine.migrateContainer" -}}
{{- $root := index . 0 -}}{{- $what := index . 1 -}}
name: migrate
image: {{ include "migraine.image" (list $root $root.Values.images.platform) }}
imagePullPolicy: {{ $root.Values.images.platform.pullPolicy }}
command: [migraine, migrate, {{ $what }}]
securityContext:
  {{- include "migraine.containerSecurity" $root | nindent 2 }}
env:
  {{- if ne $what "mlflow" }}
  {{- include "migraine.databaseEnv" (list $root "DAGSTER_POSTGRES_URL" "dagster") | nindent 2 }}
  {{- end }}
  {{- if and (ne $what "dagster") $root.Values.mlflow.enabled }}
  {{- if and $root.Values.postgres.enabled (ne $what "mlflow") }}
  - name: MLFLOW_BACKEND_STORE_URI
    value: postgresql://migraine:$(POSTGRES_PASSWORD)@{{ include "migraine.fullname" $root }}-postgres:5432/mlflow
  {{- else }}
  {{- include "migraine.databaseEnv" (list $root "MLFLOW_BACKEND_STORE_URI" "mlflow") | nindent 2 }}
  {{- end }}
  {{- end }}
  # The volume is not needed.
  - name: MIGRAINE_HOME
    value: /tmp/home
volumeMounts:
  - name: tmp
    mountPath: /tmp
resources:
  requests: {cpu: 100m, memory: 512Mi}
  limits: {cpu: "1", memory: 1Gi}
{{- end -}}
