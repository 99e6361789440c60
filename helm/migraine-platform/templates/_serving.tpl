{{/* Common parts of both serving modes. */}}

{{/* (dict "root" . "also" list) */}}
{{- define "migraine.servingEnv" -}}
{{- include "migraine.env" (dict "root" .root "own" (include "migraine.servingOwnEnv" .root) "also" (concat (default (list) .also) .root.Values.serving.extraEnv)) -}}
{{- end -}}

{{- define "migraine.servingOwnEnv" -}}
{{ include "migraine.storeEnv" . }}
{{- with .Values.serving }}
- name: SERVING_HOST
  value: "0.0.0.0"
# For the probes: load on the port of the service cannot starve them.
- name: SERVING_HEALTH_PORT
  value: "8001"
- name: SERVING_API_KEYS_REQUIRED
  value: {{ .apiKeysRequired | quote }}
- name: SERVING_DIARIES
  value: {{ .keepDiaries | quote }}
- name: SERVING_RATE_LIMIT
  value: {{ .rateLimit | quote }}
{{- with .corsOrigins }}
- name: SERVING_CORS_ORIGINS
  value: {{ join "," . | quote }}
{{- end }}
- name: SERVING_TRUST_FORWARDED
  value: {{ .trustForwarded | quote }}
{{- if .existingSecret }}
{{ include "migraine.fromSecret" (list "SERVING_SECRET" .existingSecret .secretKey) }}
{{- end }}
{{- if .keepDiaries }}
{{ include "migraine.databaseEnv" (list $ "SERVING_DIARY_URL" "diaries") }}
{{- end }}
{{- if eq .mode "rayservice" }}
- name: SERVING_HAPROXY
  value: {{ .haproxy | quote }}
- name: SERVING_MIN_REPLICAS
  value: {{ .minReplicas | quote }}
- name: SERVING_MAX_REPLICAS
  value: {{ .maxReplicas | quote }}
- name: SERVING_DOWNSCALE_DELAY
  value: {{ .downscaleDelaySeconds | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "migraine.servingVolumes" -}}
- name: tmp
  emptyDir: {}
{{- if not .Values.store.uri }}
{{ include "migraine.homeVolume" . }}
{{- end }}
{{- include "migraine.extraVolumes" . }}
{{- end -}}

{{- define "migraine.servingMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if not .Values.store.uri }}
- name: home
  mountPath: /var/lib/migraine
{{- end }}
{{- include "migraine.extraMounts" . }}
{{- end -}}

{{/* Start Ray with KubeRay's command and the variables that Ray reads at import. */}}
{{- define "migraine.rayCommand" -}}
command: [bash, -c]
args:
  - |
    set -e
    variables=$(python3 -m serving.cluster.ray_environment)
    eval "$variables"
    eval "exec $KUBERAY_GEN_RAY_START_CMD"
{{- end -}}
