{{/* Common parts of pods and containers: security contexts, placement, environment, volumes. Every pod and every container
     of the chart is built from them, so that the values for all pods reach all of them. */}}

{{/* (dict "root" . "user" 10001): PodSecurity `restricted`. 10001 is the user of both images. */}}
{{- define "migraine.podSecurity" -}}
{{- $security := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- if not .root.Values.openshift -}}
{{- $user := default 10001 .user | int -}}
{{- $security = merge $security (dict "runAsUser" $user "runAsGroup" $user "fsGroup" $user "fsGroupChangePolicy" "OnRootMismatch") -}}
{{- end -}}
{{- toYaml (mergeOverwrite $security .root.Values.podSecurityContext) -}}
{{- end -}}

{{- define "migraine.containerSecurity" -}}
{{- $security := dict "allowPrivilegeEscalation" false "privileged" false "readOnlyRootFilesystem" true "runAsNonRoot" true -}}
{{- $_ := set $security "capabilities" (dict "drop" (list "ALL")) -}}
{{- $_ := set $security "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- toYaml (mergeOverwrite $security .Values.securityContext) -}}
{{- end -}}

{{/* (dict "root" . "component" "webserver" "configured" true): labels and annotations of a pod. `configured`: the pod reads a
     ConfigMap at startup, so it is restarted when that changes. `annotations`: more of them. */}}
{{- define "migraine.podMetadata" -}}
{{- $annotations := merge (dict) .root.Values.podAnnotations (default (dict) .annotations) -}}
{{- if .configured -}}
{{- $configuration := include (print .root.Template.BasePath "/configuration.yaml") .root -}}
{{- $_ := set $annotations "checksum/configuration" (sha256sum $configuration) -}}
{{- end -}}
labels:
  {{- include "migraine.podLabels" (list .root .component) | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* (dict "root" . "values" .Values.webserver): the first fields of a pod spec. `values`: those of the component, which add to
     those of all pods (tolerations, node selectors) or replace them (affinity, priority). `user`: another user of the image. */}}
{{- define "migraine.podStart" -}}
{{- $all := .root.Values -}}
# The variables of service links would be read as settings: SERVING_PORT, MIGRAINE_...
enableServiceLinks: false
securityContext:
  {{- include "migraine.podSecurity" . | nindent 2 }}
{{- with $all.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with default $all.priorityClassName .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with merge (dict) (default (dict) .values.nodeSelector) $all.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with concat $all.tolerations (default (list) .values.tolerations) }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with default $all.affinity .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* (dict "root" . "own" "- name: ..." "also" list): the variables of a container: its own, those of `also`, and those for all
     containers. The last of the same name counts; server-side apply refuses a list with two. An empty value is not rendered,
     since the API does not keep it. */}}
{{- define "migraine.env" -}}
{{- $given := concat (default (list) .also) .root.Values.extraEnv -}}
{{- $order := list -}}
{{- $byName := dict -}}
{{- range concat (fromYamlArray .own) $given -}}
{{- if not (hasKey $byName .name) -}}{{- $order = append $order .name -}}{{- end -}}
{{- $_ := set $byName .name . -}}
{{- end -}}
{{- range $order }}
{{- $variable := index $byName . }}
{{- if hasKey $variable "value" | and (not $variable.value) }}{{ $variable = omit $variable "value" }}{{ end }}
- {{ toJson $variable }}
{{- end }}
{{- end -}}

{{/* The volumes and mounts for all pods. */}}
{{- define "migraine.extraVolumes" -}}
{{- range .Values.extraVolumes }}
- {{ toJson . }}
{{- end }}
{{- end -}}

{{- define "migraine.extraMounts" -}}
{{- range .Values.extraVolumeMounts }}
- {{ toJson . }}
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
  value: postgresql://migraine:$(POSTGRES_PASSWORD)@{{ include "migraine.fullname" $root }}-postgres{{ include "migraine.serviceSuffix" $root }}:5432/{{ $database }}
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
{{ include "migraine.databaseEnv" (list . "DAGSTER_POSTGRES_URL" "dagster") }}
{{ include "migraine.storeEnv" . }}
- name: MIGRAINE_MLFLOW_TRACKING_URI
  value: {{ include "migraine.trackingUri" . | quote }}
- name: MIGRAINE_SERVICE_URL
  value: http://{{ include "migraine.servingService" . }}{{ include "migraine.serviceSuffix" . }}:8000
- name: MIGRAINE_AUTOMATION
  value: {{ ternary "on" "off" .Values.pipeline.automation | quote }}
- name: MIGRAINE_EXECUTOR
  value: {{ .Values.pipeline.executor | quote }}
{{- if eq .Values.pipeline.executor "k8s_job" }}
- name: MIGRAINE_STEP_RESOURCES
  value: {{ include "migraine.resources" .Values.pipeline.resources | fromYaml | toJson | quote }}
{{- end }}
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
{{- with .Values.pipeline.reportsUrl }}
- name: MIGRAINE_REPORTS_URL
  value: {{ . | quote }}
{{- end }}
{{- range list .Values.ingress .Values.gateway }}
{{- if and .enabled .mlflow.host }}
# For links that people follow; the tracking URL is known inside the cluster only.
- name: MIGRAINE_MLFLOW_URL
  value: {{ printf "https://%s" .mlflow.host | quote }}
{{- end }}
{{- end }}
{{- with .Values.serving }}
{{- if .existingSecret }}
# Signs the prediction IDs, by which reported outcomes are matched.
{{ include "migraine.fromSecret" (list "SERVING_SECRET" .existingSecret .secretKey) }}
{{- end }}
{{- end }}
{{- if .Values.serving.keepDiaries }}
# The diaries that the service keeps: a source, and outcomes.
{{ include "migraine.databaseEnv" (list . "SERVING_DIARY_URL" "diaries") }}
{{- end }}
{{- with .Values.alerts }}
{{- if .existingSecret }}
{{ include "migraine.fromSecret" (list "MIGRAINE_ALERT_URLS" .existingSecret .urlsKey) }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The environment of Dagster's long-running pods. Runs get DAGSTER_HOME from the launcher. `also`: more variables. */}}
{{- define "migraine.dagsterEnv" -}}
{{- $own := printf "- {name: DAGSTER_HOME, value: /opt/dagster}\n%s" (include "migraine.platformEnv" .root) -}}
{{- include "migraine.env" (dict "root" .root "own" $own "also" .also) -}}
{{- end -}}

{{/* The volume of `home`: the shared claim, or a folder that ends with the pod. */}}
{{- define "migraine.homeVolume" -}}
- name: home
  {{- if .Values.home.enabled }}
  persistentVolumeClaim: {claimName: {{ include "migraine.homeClaim" . }}}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end -}}

{{/* The volumes of a run: home, temporary files, parameters. Dagster adds its settings. */}}
{{- define "migraine.runVolumes" -}}
{{ include "migraine.homeVolume" . }}
- name: tmp
  emptyDir: {}
# Dagster creates folders next to its settings.
- name: dagster-home
  emptyDir: {}
{{- if .Values.pipeline.params }}
- name: params
  configMap: {name: {{ include "migraine.fullname" . }}-params}
{{- end }}
{{- include "migraine.extraVolumes" . }}
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
{{- include "migraine.extraMounts" . }}
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
  {{- include "migraine.env" (dict "root" $root "own" (include "migraine.migrateEnv" .)) | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- include "migraine.extraMounts" $root | nindent 2 }}
resources:
  {{- include "migraine.resources" $root.Values.migration.resources | nindent 2 }}
{{- end -}}

{{- define "migraine.migrateEnv" -}}
{{- $root := index . 0 -}}{{- $what := index . 1 -}}
{{- $used := dict "dagster" true "mlflow" $root.Values.mlflow.enabled "diaries" $root.Values.serving.keepDiaries }}
{{- range $database, $variable := dict "dagster" "DAGSTER_POSTGRES_URL" "mlflow" "MLFLOW_BACKEND_STORE_URI" "diaries" "SERVING_DIARY_URL" }}
{{- if and (has $what (list $database "all")) (index $used $database) }}
{{ include "migraine.databaseEnv" (list $root $variable $database) }}
{{- end }}
{{- end }}
# The volume is not needed.
- name: MIGRAINE_HOME
  value: /tmp/home
{{- end -}}
