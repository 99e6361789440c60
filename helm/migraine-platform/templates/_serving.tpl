{{/* Common parts of both serving modes. */}}

{{- define "migraine.servingEnv" -}}
{{ include "migraine.storeEnv" . }}
{{- with .Values.serving }}
- name: SERVING_HOST
  value: "0.0.0.0"
- name: SERVING_API_KEYS_REQUIRED
  value: {{ .apiKeysRequired | quote }}
- name: SERVING_RATE_LIMIT
  value: {{ .rateLimit | quote }}
- name: SERVING_CORS_ORIGINS
  value: {{ join "," .corsOrigins | quote }}
- name: SERVING_TRUST_FORWARDED
  value: {{ .trustForwarded | quote }}
{{- if .existingSecret }}
{{ include "migraine.fromSecret" (list "SERVING_SECRET" .existingSecret .secretKey) }}
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
{{- with .extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "migraine.servingVolumes" -}}
- name: tmp
  emptyDir: {}
{{- if not .Values.store.uri }}
- name: home
  persistentVolumeClaim: {claimName: {{ include "migraine.homeClaim" . }}}
{{- end }}
{{- end -}}

{{- define "migraine.servingMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if not .Values.store.uri }}
- name: home
  mountPath: /var/lib/migraine
{{- end }}
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
