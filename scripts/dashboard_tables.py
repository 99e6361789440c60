"""What the Grafana dashboards show: tables of panels. A new panel is an entry here; `make dashboards` writes the files.

Not here: Grafana's own form (`dashboards.py`), what recorded figures are (the chart's rules).
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["stat", "timeseries", "table", "bargauge", "heatmap"]

WORK = 'endpoint!~"/health|/ready|/metrics|/v2/health/.*"'


@dataclass(frozen=True)
class Panel:
    """One panel. `queries`: expression and legend. `unit`: Grafana's name. `limits`: where it turns orange and red.

    `width`: of 24 columns. `bad_below`: whether less is worse than more.
    """

    title: str
    says: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    kind: Kind = "timeseries"
    width: int = 12
    limits: tuple[float, float] | None = None
    bad_below: bool = False


@dataclass(frozen=True)
class Dashboard:
    """One file."""

    name: str
    title: str
    says: str
    panels: tuple[Panel, ...]


ALERTS = Panel(
    "Alerts", "The platform's alerts that fire now. docs/runbooks.md has a section for each.",
    (('sum by (alertname, severity) (ALERTS{alertname=~"Migraine.*", alertstate="firing"})', ""),),
    kind="table",
)  # fmt: skip

SERVICE = Dashboard("service", "Migraine: service", "Does the service answer, how fast, and is it all written down?", (
    Panel("Ready replicas", "Replicas that hold verified models.", (("sum(migraine_ready_replicas)", ""),),
          kind="stat", width=4, limits=(2, 1), bad_below=True),
    Panel("Requests", "Without probes and scrapes.", (("sum(migraine:api_requests:rate5m)", ""),),
          unit="reqps", kind="stat", width=4),
    Panel("Failed", "Share of 5xx in 5 minutes; above 5 % somebody is woken.",
          (("migraine:api_requests_failed:ratio5m", ""),), unit="percentunit", kind="stat", width=4,
          limits=(0.01, 0.05)),
    Panel("95th percentile", "Time in the replica, 5 minutes; above 1 s somebody is woken.",
          (("migraine:prediction_latency_seconds:p95_5m", ""),), unit="s", kind="stat", width=4, limits=(0.5, 1.0)),
    Panel("Backlog", "Receipts in memory, not yet written.", (("sum(migraine_receipt_backlog)", ""),),
          kind="stat", width=4, limits=(1000, 5000)),
    Panel("Receipts lost today", "Receipts and feedback dropped for ever.",
          (("sum(increase(migraine_receipts_dropped_total[1d]))", ""),), kind="stat", width=4, limits=(1, 1)),
    Panel("Requests by status", "4xx is the client's fault, 5xx ours.",
          ((f"sum by (status) (rate(migraine_api_requests_total{{{WORK}}}[$__rate_interval]))", "{{status}}"),),
          unit="reqps"),
    Panel("Requests by endpoint", "Probes and scrapes included.",
          (("sum by (endpoint) (rate(migraine_api_requests_total[$__rate_interval]))", "{{endpoint}}"),),
          unit="reqps"),
    Panel("Latency", "Quantiles of the time in the replica, all replicas together.",
          (("migraine:prediction_latency_seconds:p50_5m", "50 %"),
           ("migraine:prediction_latency_seconds:p95_5m", "95 %"),
           ("migraine:prediction_latency_seconds:p99_5m", "99 %")), unit="s", limits=(0.5, 1.0)),
    Panel("Latency, all of it", "How many requests took how long.",
          (("sum by (le) (increase(migraine_prediction_latency_seconds_bucket[$__rate_interval]))", "{{le}}"),),
          unit="s", kind="heatmap"),
    Panel("Refusals by kind", "As told to the client in `type`.",
          (("sum by (error_type) (rate(migraine_api_errors_total[$__rate_interval]))", "{{error_type}}"),),
          unit="reqps"),
    Panel("Load", "Requests inside the replicas, and the replicas.",
          (("sum by (instance) (migraine_requests_in_progress)", "in progress, {{instance}}"),
           ("sum(migraine_replicas)", "replicas"))),
    Panel("Prediction log", "Written, refused by the store, and lost.",
          (("sum(rate(migraine_receipts_written_total[$__rate_interval]))", "written"),
           ("sum(rate(migraine_receipt_write_failures_total[$__rate_interval]))", "writes refused"),
           ("sum(rate(migraine_receipts_dropped_total[$__rate_interval]))", "lost")), unit="ops"),
    ALERTS,
))  # fmt: skip

MODELS = Dashboard("models", "Migraine: models", "Which models answer, whom, and how well?", (
    Panel("Serving now", "What the replicas hold. Two models of one task and arm: a swap that is not through.",
          (("max by (task, arm, algorithm, model, data_version) (migraine_model_info)", ""),), kind="table", width=18),
    Panel("Not as promoted", "Bundles refused, a pointer not believed.", (("max(migraine_model_problems)", ""),),
          kind="stat", width=6, limits=(1, 1)),
    Panel("Predictions by task and arm", "Abstentions included.",
          (("sum by (task, arm) (rate(migraine_predictions_total[$__rate_interval]))", "{{task}}, {{arm}}"),),
          unit="ops"),
    Panel("Predictions by model", "A promotion is seen as one line taking over from another.",
          (("sum by (task, model) (rate(migraine_predictions_total[$__rate_interval]))", "{{task}} {{model}}"),),
          unit="ops"),
    Panel("Abstentions", "Share of the people of the last hour who had too little history.",
          (("migraine:abstentions:ratio1h", "abstained"),), unit="percentunit", limits=(0.2, 0.5)),
    Panel("Values outside what training saw", "By field of the diary.",
          (("sum by (field) (rate(migraine_out_of_range_inputs_total[$__rate_interval]))", "{{field}}"),),
          unit="ops"),
    Panel("Accuracy as monitored", "From outcomes that have arrived. Compare with the base rate in the report.",
          (("max by (model_name) (migraine_model_accuracy)", "{{model_name}}"),), unit="percentunit"),
    Panel("Verdicts", "What the newest monitoring result of each kind says.",
          (("max by (kind, task, verdict) (migraine_monitoring_verdict)", ""),), kind="table"),
    Panel("Age of the monitoring", "Time since the last day that the newest result looked at.",
          (("time() - max by (kind) (migraine_monitoring_result_timestamp_seconds)", "{{kind}}"),), unit="s"),
    Panel("Reloads", "Attempts to load what the pointer names, in a quarter of an hour.",
          (("sum by (result) (increase(migraine_model_reloads_total[15m]))", "{{result}}"),)),
))  # fmt: skip

DRIFT = Dashboard("drift", "Migraine: drift", "Do the diaries still look like those of the training?", (
    Panel("Largest score", "Population stability index. Among many features one is high by chance.",
          (("migraine:drift_score:max", ""),), kind="stat", width=6, limits=(0.1, 0.2)),
    Panel("Features above 0.2", "How many have clearly moved.",
          (("count(max by (feature) (migraine_drift_score) > 0.2) or vector(0)", ""),), kind="stat", width=6,
          limits=(1, 5)),
    Panel("Drifts found", "Events since ever.", (("max(migraine_drift_detected_total)", ""),), kind="stat", width=6),
    Panel("Drifts of 30 days", "Events.", (("max(increase(migraine_drift_detected_total[30d]))", ""),), kind="stat",
          width=6, limits=(1, 3)),
    Panel("Scores now", "The fifteen highest.", (("topk(15, max by (feature) (migraine_drift_score))", "{{feature}}"),),
          kind="bargauge", limits=(0.1, 0.2)),
    Panel("Scores over time", "The ten highest at each moment.",
          (("topk(10, max by (feature) (migraine_drift_score))", "{{feature}}"),), limits=(0.1, 0.2)),
    Panel("Verdict by task", "1 while it is the verdict. It knows how many people and rows were looked at.",
          (('max by (task, verdict) (migraine_monitoring_verdict{kind="drift"})', "{{task}}: {{verdict}}"),)),
    Panel("Values outside what training saw", "Counted at once, long before a verdict.",
          (("sum by (field) (rate(migraine_out_of_range_inputs_total[$__rate_interval]))", "{{field}}"),),
          unit="ops"),
))  # fmt: skip

PIPELINE = Dashboard("pipeline", "Migraine: pipeline", "Does Dagster do what it should, when it should?", (
    Panel("Last heard of Dagster", "It tells how it is twice a minute.",
          (("time() - max(migraine_dagster_published_timestamp_seconds)", ""),), unit="s", kind="stat", width=6,
          limits=(120, 300)),
    Panel("Runs under way", "All jobs.",
          (('sum(max by (dagster_job) (migraine_dagster_unfinished_runs{status="running"}))', ""),), kind="stat",
          width=6),
    Panel("Runs that wait", "All jobs.",
          (('sum(max by (dagster_job) (migraine_dagster_unfinished_runs{status="queued"}))', ""),), kind="stat",
          width=6, limits=(5, 20)),
    Panel("Jobs that fail", "Jobs whose last run failed.",
          (("count(max by (dagster_job) (migraine_dagster_run_last_failure_timestamp_seconds)"
            " > max by (dagster_job) (migraine_dagster_run_last_success_timestamp_seconds)) or vector(0)", ""),),
          kind="stat", width=6, limits=(1, 1)),
    Panel("Time since the last good run", "By job; a job that never succeeded is left out.",
          (("time() - (max by (dagster_job) (migraine_dagster_run_last_success_timestamp_seconds) > 0)",
            "{{dagster_job}}"),), unit="s"),
    Panel("Time since the last failure", "By job; a job that never failed is left out.",
          (("time() - (max by (dagster_job) (migraine_dagster_run_last_failure_timestamp_seconds) > 0)",
            "{{dagster_job}}"),), unit="s"),
    Panel("Duration of the last good run", "By job.",
          (("max by (dagster_job) (migraine_dagster_run_last_duration_seconds)", "{{dagster_job}}"),), unit="s"),
    Panel("Unfinished runs", "By job.",
          (("max by (dagster_job, status) (migraine_dagster_unfinished_runs)", "{{dagster_job}}: {{status}}"),)),
    Panel("Sensors and schedules", "Time since the last evaluation without an error. Those that are off are left out.",
          (("time() - (max by (kind, name) (migraine_dagster_tick_last_success_timestamp_seconds) > 0)",
            "{{kind}} {{name}}"),), unit="s"),
    ALERTS,
))  # fmt: skip

DASHBOARDS = (SERVICE, MODELS, DRIFT, PIPELINE)
