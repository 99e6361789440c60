"""The contents of the Grafana dashboards as tables of panels. A new panel is an entry here; `make dashboards` writes
the files.

Not here: Grafana's JSON format (`dashboards.py`) and the recorded series (the chart's rules).
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["stat", "timeseries", "table", "bargauge", "heatmap"]

WORK = 'endpoint!~"/health|/ready|/metrics|/v2/health/.*"'


@dataclass(frozen=True)
class Panel:
    """One panel. `queries`: expression and legend. `unit`: Grafana's name of it. `limits`: the values from which it is
    orange and red. `width`: of 24 columns. `bad_below`: whether low values are bad.
    """

    title: str
    description: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    kind: Kind = "timeseries"
    width: int = 12
    limits: tuple[float, float] | None = None
    bad_below: bool = False


@dataclass(frozen=True)
class Dashboard:
    """One dashboard, which is one file."""

    name: str
    title: str
    description: str
    panels: tuple[Panel, ...]


ALERTS = Panel(
    "Firing alerts", "Firing alerts of the platform. docs/runbooks.md has a section for each.",
    (('sum by (alertname, severity) (ALERTS{alertname=~"Migraine.*", alertstate="firing"})', ""),),
    kind="table",
)  # fmt: skip

SERVICE = Dashboard("service", "Migraine: service", "Availability, errors, latency and prediction log.", (
    Panel("Ready replicas", "Replicas with a verified attack champion.", (("sum(migraine_ready_replicas)", ""),),
          kind="stat", width=4, limits=(2, 1), bad_below=True),
    Panel("Request rate", "Without probes and scrapes.", (("sum(migraine:api_requests:rate5m)", ""),),
          unit="reqps", kind="stat", width=4),
    Panel("Error rate", "Share of 5xx over 5 minutes. Above 5 % an alert pages the person on call.",
          (("migraine:api_requests_failed:ratio5m", ""),), unit="percentunit", kind="stat", width=4,
          limits=(0.01, 0.05)),
    Panel("Latency, 95th percentile", "Over 5 minutes. Above 1 s an alert pages the person on call.",
          (("migraine:prediction_latency_seconds:p95_5m", ""),), unit="s", kind="stat", width=4, limits=(0.5, 1.0)),
    Panel("Log backlog", "Prediction records and feedback entries in memory that are not written yet.",
          (("sum(migraine_receipt_backlog)", ""),), kind="stat", width=4, limits=(1000, 5000)),
    Panel("Records lost in 24 h", "Prediction records and feedback entries dropped because the backlog was full.",
          (("sum(increase(migraine_receipts_dropped_total[1d]))", ""),), kind="stat", width=4, limits=(1, 1)),
    Panel("Requests by status", "4xx are errors of the client, 5xx errors of the service.",
          ((f"sum by (status) (rate(migraine_api_requests_total{{{WORK}}}[$__rate_interval]))", "{{status}}"),),
          unit="reqps"),
    Panel("Requests by endpoint", "Includes probes and scrapes.",
          (("sum by (endpoint) (rate(migraine_api_requests_total[$__rate_interval]))", "{{endpoint}}"),),
          unit="reqps"),
    Panel("Latency quantiles", "Processing time of prediction requests, all replicas together.",
          (("migraine:prediction_latency_seconds:p50_5m", "50 %"),
           ("migraine:prediction_latency_seconds:p95_5m", "95 %"),
           ("migraine:prediction_latency_seconds:p99_5m", "99 %")), unit="s", limits=(0.5, 1.0)),
    Panel("Latency distribution", "Number of prediction requests by processing time.",
          (("sum by (le) (increase(migraine_prediction_latency_seconds_bucket[$__rate_interval]))", "{{le}}"),),
          unit="s", kind="heatmap"),
    Panel("Errors by type", "Refused or failed requests by the problem type of the response.",
          (("sum by (error_type) (rate(migraine_api_errors_total[$__rate_interval]))", "{{error_type}}"),),
          unit="reqps"),
    Panel("Load", "Requests in progress, and replicas.",
          (("sum by (instance) (migraine_requests_in_progress)", "in progress, {{instance}}"),
           ("sum(migraine_replicas)", "replicas"))),
    Panel("Prediction log", "Records written, refused writes and lost records.",
          (("sum(rate(migraine_receipts_written_total[$__rate_interval]))", "written"),
           ("sum(rate(migraine_receipt_write_failures_total[$__rate_interval]))", "writes refused"),
           ("sum(rate(migraine_receipts_dropped_total[$__rate_interval]))", "lost")), unit="ops"),
    Panel("Abandoned long requests", "Batches and tables in 15 minutes, by reason: too many waited (busy), the "
          "deadline had passed, or the client had left. The last needs no action.",
          (("sum by (reason) (increase(migraine_dropped_jobs_total[15m]))", "{{reason}}"),)),
    Panel("Tables that crashed the decoder", "In one hour. Each was refused; nothing else is affected.",
          (("sum(increase(migraine_table_worker_deaths_total[1h]))", "tables"),)),
    Panel("Kept diaries", "Acknowledged changes per second, and requests that the database could not serve.",
          (("sum by (operation) (rate(migraine_diary_changes_total[5m]))", "{{operation}}"),
           ("sum(rate(migraine_diary_failures_total[5m]))", "failed"))),
    ALERTS,
))  # fmt: skip

MODELS = Dashboard("models", "Migraine: models", "Served models, their predictions and their performance.", (
    Panel("Models in service", "Models that the replicas have loaded. During a swap, a task and arm has two.",
          (("max by (task, arm, algorithm, model, data_version) (migraine_model_info)", ""),), kind="table", width=18),
    Panel("Models not loaded", "Refused bundles or an invalid pointer file.", (("max(migraine_model_problems)", ""),),
          kind="stat", width=6, limits=(1, 1)),
    Panel("Predictions by task and arm", "Includes abstentions.",
          (("sum by (task, arm) (rate(migraine_predictions_total[$__rate_interval]))", "{{task}}, {{arm}}"),),
          unit="ops"),
    Panel("Predictions by model", "After a promotion one line replaces another.",
          (("sum by (task, model) (rate(migraine_predictions_total[$__rate_interval]))", "{{task}} {{model}}"),),
          unit="ops"),
    Panel("Abstentions", "Share of the attack predictions of the last hour withheld for too short a history.",
          (("migraine:abstentions:ratio1h", "abstained"),), unit="percentunit", limits=(0.2, 0.5)),
    Panel("Values outside the training range", "By diary field.",
          (("sum by (field) (rate(migraine_out_of_range_inputs_total[$__rate_interval]))", "{{field}}"),),
          unit="ops"),
    Panel("Monitored accuracy", "Realized, or estimated until outcomes are known. Compare with the base rate.",
          (("max by (model_name) (migraine_model_accuracy)", "{{model_name}}"),), unit="percentunit"),
    Panel("Verdicts", "Verdicts of the newest monitoring result of each kind.",
          (("max by (kind, task, verdict) (migraine_monitoring_verdict)", ""),), kind="table"),
    Panel("Age of the monitoring results", "Time since the end of the newest result's window.",
          (("time() - max by (kind) (migraine_monitoring_result_timestamp_seconds)", "{{kind}}"),), unit="s"),
    Panel("Model reloads", "Attempts to load the promoted models in 15 minutes.",
          (("sum by (result) (increase(migraine_model_reloads_total[15m]))", "{{result}}"),)),
))  # fmt: skip

RATIO = "max by (task, feature) (migraine_drift_ratio)"

DRIFT = Dashboard("drift", "Migraine: drift", "Drift of diaries and scores from the training data.", (
    Panel("Largest drift ratio", "More than 1 is drift: beyond the limit and beyond chance in this window.",
          (("max(migraine:drift_ratio:max)", ""),), unit="none", kind="stat", width=6, limits=(0.8, 1.0)),
    Panel("Drifted features", "Features with a drift ratio of more than 1, counted per task.",
          ((f"count({RATIO} > 1) or vector(0)", ""),), kind="stat", width=6, limits=(1, 1)),
    Panel("Drift events", "Since installation.", (("max(migraine_drift_detected_total)", ""),), kind="stat", width=6),
    Panel("Drift events in 30 days", "Drift that lasts for several days is one event.",
          (("max(increase(migraine_drift_detected_total[30d]))", ""),), kind="stat", width=6, limits=(1, 3)),
    Panel("Drift ratio by feature", "The 15 largest. More than 1 is drift.",
          ((f"topk(15, {RATIO})", "{{task}}: {{feature}}"),), unit="none", kind="bargauge", limits=(0.8, 1.0)),
    Panel("Drift ratio over time", "The ten largest at each moment. More than 1 is drift.",
          ((f"topk(10, {RATIO})", "{{task}}: {{feature}}"),), unit="none", limits=(0.8, 1.0)),
    Panel("Population stability index", "The ten largest. In a small window chance alone exceeds 0.2.",
          (("topk(10, max by (task, feature) (migraine_drift_psi))", "{{task}}: {{feature}}"),), unit="none"),
    Panel("Distances", "The ten largest distances of ordered (KS) and of categorical features (JS).",
          (("topk(10, max by (task, feature) (migraine_drift_ks))", "KS {{task}}: {{feature}}"),
           ("topk(10, max by (task, feature) (migraine_drift_js))", "JS {{task}}: {{feature}}")), unit="none"),
    Panel("Change of missing values", "The ten largest absolute changes of the share of missing values.",
          (("topk(10, max by (task, feature) (migraine_drift_missing_change))", "{{task}}: {{feature}}"),),
          unit="percentunit"),
    Panel("Verdict by task", "1 for the current verdict, which takes the number of rows and participants into account.",
          (('max by (task, verdict) (migraine_monitoring_verdict{kind="drift"})', "{{task}}: {{verdict}}"),)),
    Panel("Values outside the training range", "Counted with each prediction, before monitoring runs.",
          (("sum by (field) (rate(migraine_out_of_range_inputs_total[$__rate_interval]))", "{{field}}"),),
          unit="ops"),
))  # fmt: skip

PIPELINE = Dashboard("pipeline", "Migraine: pipeline", "Dagster's runs, sensors and schedules.", (
    Panel("Time since Dagster's last report", "Dagster publishes its state about twice a minute.",
          (("time() - max(migraine_dagster_published_timestamp_seconds)", ""),), unit="s", kind="stat", width=6,
          limits=(120, 300)),
    Panel("Running", "Runs of all jobs.",
          (('sum(max by (dagster_job) (migraine_dagster_unfinished_runs{status="running"}))', ""),), kind="stat",
          width=6),
    Panel("Queued", "Runs of all jobs.",
          (('sum(max by (dagster_job) (migraine_dagster_unfinished_runs{status="queued"}))', ""),), kind="stat",
          width=6, limits=(5, 20)),
    Panel("Failing jobs", "Jobs whose last run failed.",
          (("count(max by (dagster_job) (migraine_dagster_run_last_failure_timestamp_seconds)"
            " > max by (dagster_job) (migraine_dagster_run_last_success_timestamp_seconds)) or vector(0)", ""),),
          kind="stat", width=6, limits=(1, 1)),
    Panel("Time since the last success", "By job, without jobs that never succeeded.",
          (("time() - (max by (dagster_job) (migraine_dagster_run_last_success_timestamp_seconds) > 0)",
            "{{dagster_job}}"),), unit="s"),
    Panel("Time since the last failure", "By job, without jobs that never failed.",
          (("time() - (max by (dagster_job) (migraine_dagster_run_last_failure_timestamp_seconds) > 0)",
            "{{dagster_job}}"),), unit="s"),
    Panel("Duration of the last successful run", "By job.",
          (("max by (dagster_job) (migraine_dagster_run_last_duration_seconds)", "{{dagster_job}}"),), unit="s"),
    Panel("Unfinished runs", "By job and status.",
          (("max by (dagster_job, status) (migraine_dagster_unfinished_runs)", "{{dagster_job}}: {{status}}"),)),
    Panel("Sensors and schedules", "Time since the last evaluation without an error, if switched on.",
          (("time() - (max by (kind, name) (migraine_dagster_tick_last_success_timestamp_seconds) > 0)",
            "{{kind}} {{name}}"),), unit="s"),
    ALERTS,
))  # fmt: skip

DASHBOARDS = (SERVICE, MODELS, DRIFT, PIPELINE)
