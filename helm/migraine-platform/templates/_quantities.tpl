{{/* Quantities of Kubernetes: their canonical form, and their size. */}}

{{/* A quantity as a number, in thousandths. */}}
{{- define "migraine.amount" -}}
{{- $units := dict "m" 1 "" 1000 "k" 1e6 "M" 1e9 "G" 1e12 "T" 1e15 "Ki" 1024000 "Mi" 1048576000 "Gi" 1073741824000 "Ti" 1099511627776000 -}}
{{- $text := . -}}
{{- if not (kindIs "string" .) -}}{{- $text = printf "%.3f" (float64 .) -}}{{- end -}}
{{- $unit := regexFind "[A-Za-z]*$" $text -}}
{{- mulf (trimSuffix $unit $text | float64) (index $units $unit) | int64 -}}
{{- end -}}

{{/* A quantity in Kubernetes' canonical form, such as 500m for 0.5 and 1Gi for 1024Mi. Operators write objects back in this
     form; another one would be a change, and with server-side apply a conflict. */}}
{{- define "migraine.quantity" -}}
{{- $thousandths := include "migraine.amount" . | int64 -}}
{{- $units := list "T" "G" "M" "k" "" "m" -}}
{{- if regexMatch "i$" (toString .) -}}{{- $units = list "Ti" "Gi" "Mi" "Ki" "" -}}{{- end -}}
{{- $written := "" -}}
{{- range $units -}}
{{- $one := include "migraine.amount" (printf "1%s" .) | int64 -}}
{{- if and (not $written) (eq (mod $thousandths $one) 0) -}}{{- $written = printf "%d%s" (div $thousandths $one) . -}}{{- end -}}
{{- end -}}
{{- $written -}}
{{- end -}}

{{/* Requests and limits of a container. */}}
{{- define "migraine.resources" -}}
{{- range $kind, $amounts := . }}
{{ $kind }}:
  {{- range $name, $amount := $amounts }}
  {{ $name }}: {{ include "migraine.quantity" $amount | quote }}
  {{- end }}
{{- end }}
{{- end -}}
