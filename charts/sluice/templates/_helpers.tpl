{{- define "sluice.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "sluice.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "sluice.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "sluice.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: {{ include "sluice.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sluice.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "sluice.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | trimAll "-_." | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "sluice.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "sluice.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "sluice.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What the chart's own Secret holds: what was given as a value. Empty if everything is by reference. */}}
{{- define "sluice.secretData" -}}
{{- if not .Values.secret.existing }}
BIGCOMMERCE_CLIENT_SECRET: {{ .Values.secret.clientSecret | quote }}
ENCRYPTION_KEYS: {{ .Values.secret.encryptionKeys | quote }}
{{- end }}
{{- include "sluice.databaseSecretData" . }}
{{- if .Values.alerts.smtpUrl }}
SMTP_URL: {{ .Values.alerts.smtpUrl | quote }}
{{- end }}
{{- if .Values.redis.password }}
REDIS_PASSWORD: {{ .Values.redis.password | quote }}
{{- end }}
{{- if .Values.redis.sentinelPassword }}
REDIS_SENTINEL_PASSWORD: {{ .Values.redis.sentinelPassword | quote }}
{{- end }}
{{- end -}}

{{- define "sluice.databaseSecretData" -}}
{{- if .Values.database.password }}
PGPASSWORD: {{ .Values.database.password | quote }}
{{- end }}
{{- end -}}

{{- define "sluice.databaseUrl" -}}
{{- with .Values.database -}}
postgres://{{ .user }}@{{ .host }}:{{ .port }}/{{ .name }}?sslmode={{ .sslMode }}&pool_max_conns={{ .maxConnections }}
{{- if .caSecret.name }}&sslrootcert=/etc/sluice/postgres/ca.crt{{ end }}
{{- end -}}
{{- end -}}

{{/* The forms of app/redis.go: ?master_name= is Sentinel, ?addr= is Cluster. */}}
{{- define "sluice.redisUrl" -}}
{{- with .Values.redis -}}
{{- $first := first .addresses -}}
{{- ternary "rediss" "redis" .tls.enabled }}://{{ $first -}}
{{- if eq .mode "single" -}}
/{{ .database }}
{{- else if eq .mode "sentinel" -}}
?master_name={{ .masterName }}&db={{ .database }}{{ range rest .addresses }}&addr={{ . }}{{ end }}
{{- else -}}
?addr={{ rest .addresses | default (list $first) | join "&addr=" }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A variable from a Secret. Takes (list NAME SECRET KEY). */}}
{{- define "sluice.fromSecret" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ index . 1 }}
      key: {{ index . 2 }}
{{- end -}}

{{/* The database's variables. Takes (list CONTEXT NAME-OF-THE-CHART'S-SECRET). */}}
{{- define "sluice.databaseEnv" -}}
{{- $root := index . 0 -}}
{{- with $root.Values.database }}
{{- if .urlSecret.name }}
{{ include "sluice.fromSecret" (list "DATABASE_URL" .urlSecret.name .urlSecret.key) }}
{{- else }}
- name: DATABASE_URL
  value: {{ include "sluice.databaseUrl" $root | quote }}
{{- if .passwordSecret.name }}
{{ include "sluice.fromSecret" (list "PGPASSWORD" .passwordSecret.name .passwordSecret.key) }}
{{- else if .password }}
{{ include "sluice.fromSecret" (list "PGPASSWORD" (index $ 1) "PGPASSWORD") }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* All variables of web and worker. */}}
{{- define "sluice.env" -}}
{{- $own := include "sluice.fullname" . -}}
- name: APP_URL
  value: {{ .Values.appUrl | quote }}
- name: BIGCOMMERCE_CLIENT_ID
  value: {{ .Values.bigcommerce.clientId | quote }}
{{ include "sluice.fromSecret" (list "BIGCOMMERCE_CLIENT_SECRET" (default $own .Values.secret.existing) (ternary .Values.secret.clientSecretKey "BIGCOMMERCE_CLIENT_SECRET" (ne .Values.secret.existing ""))) }}
{{ include "sluice.fromSecret" (list "ENCRYPTION_KEYS" (default $own .Values.secret.existing) (ternary .Values.secret.encryptionKeysKey "ENCRYPTION_KEYS" (ne .Values.secret.existing ""))) }}
- name: APP_SCOPES
  value: {{ join " " .Values.bigcommerce.scopes | quote }}
- name: FRAME_ANCESTORS
  value: {{ join " " .Values.bigcommerce.frameAncestors | quote }}
{{- with .Values.bigcommerce.loginUrl }}
- name: BIGCOMMERCE_LOGIN_URL
  value: {{ . | quote }}
{{- end }}
{{- with .Values.bigcommerce.apiUrl }}
- name: BIGCOMMERCE_API_URL
  value: {{ . | quote }}
{{- end }}
{{- include "sluice.databaseEnv" (list . $own) }}
{{- with .Values.redis }}
{{- if .urlSecret.name }}
{{ include "sluice.fromSecret" (list "REDIS_URL" .urlSecret.name .urlSecret.key) }}
{{- else }}
- name: REDIS_URL
  value: {{ include "sluice.redisUrl" $ | quote }}
{{- end }}
{{- with .username }}
- name: REDIS_USERNAME
  value: {{ . | quote }}
{{- end }}
{{- if .passwordSecret.name }}
{{ include "sluice.fromSecret" (list "REDIS_PASSWORD" .passwordSecret.name .passwordSecret.key) }}
{{- else if .password }}
{{ include "sluice.fromSecret" (list "REDIS_PASSWORD" $own "REDIS_PASSWORD") }}
{{- end }}
{{- if .sentinelPasswordSecret.name }}
{{ include "sluice.fromSecret" (list "REDIS_SENTINEL_PASSWORD" .sentinelPasswordSecret.name .sentinelPasswordSecret.key) }}
{{- else if .sentinelPassword }}
{{ include "sluice.fromSecret" (list "REDIS_SENTINEL_PASSWORD" $own "REDIS_SENTINEL_PASSWORD") }}
{{- end }}
{{- if .tls.caSecret.name }}
- name: REDIS_CA_FILE
  value: /etc/sluice/redis/ca.crt
{{- end }}
{{- if .tls.skipVerify }}
- name: REDIS_TLS_SKIP_VERIFY
  value: "true"
{{- end }}
{{- if .poolSize }}
- name: REDIS_POOL_SIZE
  value: {{ .poolSize | quote }}
{{- end }}
- name: REDIS_SHARDS
  value: {{ .shards | quote }}
{{- end }}
- name: LOG_LEVEL
  value: {{ .Values.logLevel }}
- name: JOB_LEASE
  value: {{ .Values.jobLease }}
{{- with .Values.allowPrivateSources }}
- name: ALLOW_PRIVATE_SOURCES
  value: {{ join "," . | quote }}
{{- end }}
- name: ALLOW_SOURCE_REDIRECTS
  value: {{ .Values.allowSourceRedirects | quote }}
{{- with .Values.trustedProxies }}
- name: TRUSTED_PROXIES
  value: {{ join "," . | quote }}
{{- end }}
{{- range $variable, $value := .Values.limits }}
- name: {{ $variable }}
  value: {{ if kindIs "string" $value }}{{ $value | quote }}{{ else }}{{ int64 $value | quote }}{{ end }}
{{- end }}
{{- with .Values.supportUrl }}
- name: SUPPORT_URL
  value: {{ . | quote }}
{{- end }}
{{- with .Values.alerts }}
{{- if .smtpUrlSecret.name }}
{{ include "sluice.fromSecret" (list "SMTP_URL" .smtpUrlSecret.name .smtpUrlSecret.key) }}
{{- else if .smtpUrl }}
{{ include "sluice.fromSecret" (list "SMTP_URL" $own "SMTP_URL") }}
{{- end }}
{{- with .from }}
- name: ALERT_FROM
  value: {{ . | quote }}
{{- end }}
{{- end }}
- name: PORT
  value: "8080"
- name: METRICS_ADDR
  value: {{ printf ":%v" .Values.metrics.port | quote }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What Pod Security "restricted" asks of a pod. */}}
{{- define "sluice.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "sluice.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "sluice.databaseMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if and .Values.database.caSecret.name (not .Values.database.urlSecret.name) }}
- name: postgres-ca
  mountPath: /etc/sluice/postgres
  readOnly: true
{{- end }}
{{- end -}}

{{- define "sluice.databaseVolumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 1Gi
{{- if and .Values.database.caSecret.name (not .Values.database.urlSecret.name) }}
- name: postgres-ca
  secret:
    secretName: {{ .Values.database.caSecret.name }}
    items:
      - {key: {{ .Values.database.caSecret.key }}, path: ca.crt}
{{- end }}
{{- end -}}

{{- define "sluice.mounts" -}}
{{ include "sluice.databaseMounts" . }}
{{- if .Values.redis.tls.caSecret.name }}
- name: redis-ca
  mountPath: /etc/sluice/redis
  readOnly: true
{{- end }}
{{- end -}}

{{- define "sluice.volumes" -}}
{{ include "sluice.databaseVolumes" . }}
{{- if .Values.redis.tls.caSecret.name }}
- name: redis-ca
  secret:
    secretName: {{ .Values.redis.tls.caSecret.name }}
    items:
      - {key: {{ .Values.redis.tls.caSecret.key }}, path: ca.crt}
{{- end }}
{{- end -}}

{{/* Where a component's pods run. Takes (list CONTEXT COMPONENT VALUES-OF-THE-COMPONENT). */}}
{{- define "sluice.placement" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- with index . 2 }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
{{- if .topologySpreadConstraints }}
  {{- toYaml .topologySpreadConstraints | nindent 2 }}
{{- else }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "sluice.selector" $root | nindent 8 }}
        app.kubernetes.io/component: {{ $component }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A change of the chart's own Secret restarts the pods; one of a Secret that you keep does not. */}}
{{- define "sluice.podMetadata" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $values := index . 2 -}}
labels:
  {{- include "sluice.labels" $root | nindent 2 }}
  app.kubernetes.io/component: {{ $component }}
  metrics-port: "true"
  {{- with $values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  checksum/secret: {{ include "sluice.secretData" $root | sha256sum }}
  {{- with $values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
