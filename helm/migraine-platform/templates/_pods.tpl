{{/* What pods have in common: who they run as, what they know, what they mount. */}}

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

{{/* (dict "root" . "values" .Values.webserver "component" "webserver"): how a pod begins. */}}
{{- define "migraine.podStart" -}}
{{- $root := .root -}}
# Variables that Kubernetes makes of Services would be read as settings: SERVING_PORT, MIGRAINE_...
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

{{/* (list . "component"): over zones and nodes, as evenly as there is room. */}}
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

{{/* (list "NAME" "secret" "key"): a variable out of a Secret. */}}
{{- define "migraine.fromSecret" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef: {name: {{ index . 1 }}, key: {{ index . 2 }}}
{{- end -}}

{{/* (list . "NAME" "dagster"): the address of a database, whichever PostgreSQL it is in. */}}
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

{{/* The keys and the place of an object store. */}}
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

{{/* What every process of Dagster knows: the webserver, the daemon, the code location and the runs alike. */}}
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
# By it outcomes find their predictions.
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

{{/* What a run mounts: the volume of the home, room for temporary files, the parameters. Dagster adds its settings. */}}
{{- define "migraine.runVolumes" -}}
- name: home
  persistentVolumeClaim: {claimName: {{ include "migraine.homeClaim" . }}}
- name: tmp
  emptyDir: {}
# Dagster makes folders beside its settings.
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

{{/* What the others mount: Dagster's settings too. */}}
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

{{/* A pod that reads a ConfigMap once is replaced when it changes. */}}
{{- define "migraine.podAnnotations" -}}
checksum/configuration: {{ include (print $.Template.BasePath "/configuration.yaml") . | sha256sum }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list . "dagster"|"mlflow"|"all"): waits for PostgreSQL and brings the tables up to date, before a pod begins. */}}
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
  # Nothing of the volume is needed.
  - name: MIGRAINE_HOME
    value: /tmp/home
volumeMounts:
  - name: tmp
    mountPath: /tmp
resources:
  requests: {cpu: 100m, memory: 512Mi}
  limits: {cpu: "1", memory: 1Gi}
{{- end -}}
