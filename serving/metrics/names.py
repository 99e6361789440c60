"""The table of metrics: their names, labels and meaning. A new one is a line here. Not here: values."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "histogram", "gauge"]

# Seconds. Dense where the service lives, with the limits of its promises (0.1, 0.5, 1) among them.
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class MetricName:
    """`name` without the `_total` that a counter's sample gets."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


PREDICTIONS = MetricName(
    "migraine_predictions",
    "counter",
    "Predictions by outcome, task, model and arm.",
    ("status", "task", "model", "arm"),
)
LATENCY = MetricName(
    "migraine_prediction_latency_seconds", "histogram", "Time from the request to its answer in the replica."
)
REQUESTS = MetricName(
    "migraine_api_requests",
    "counter",
    "HTTP requests by method, endpoint and status.",
    ("method", "endpoint", "status"),
)
ERRORS = MetricName("migraine_api_errors", "counter", "Refused or failed requests by kind.", ("error_type",))
RELOADS = MetricName(
    "migraine_model_reloads", "counter", "Attempts to load what the pointer names, by result.", ("result",)
)
ABSTENTIONS = MetricName("migraine_abstentions", "counter", "Predictions not given for lack of history.")
OUT_OF_RANGE = MetricName(
    "migraine_out_of_range_inputs", "counter", "Values outside what training saw, by field.", ("field",)
)
RECEIPTS_WRITTEN = MetricName("migraine_receipts_written", "counter", "Receipts and feedback on the disk.")
RECEIPTS_DROPPED = MetricName("migraine_receipts_dropped", "counter", "Receipts and feedback lost for ever.")
RECEIPT_FAILURES = MetricName(
    "migraine_receipt_write_failures", "counter", "Writes of the log that the disk or the object store refused."
)
COUNTERS = (
    PREDICTIONS, REQUESTS, ERRORS, RELOADS, ABSTENTIONS, OUT_OF_RANGE,
    RECEIPTS_WRITTEN, RECEIPTS_DROPPED, RECEIPT_FAILURES,
)  # fmt: skip

BACKLOG = MetricName("migraine_receipt_backlog", "gauge", "Receipts and feedback in memory, not yet written.")
IN_PROGRESS = MetricName("migraine_requests_in_progress", "gauge", "Requests inside the replicas, waiting ones too.")
REPLICAS = MetricName("migraine_replicas", "gauge", "Replicas alive on this node.")
READY = MetricName("migraine_ready_replicas", "gauge", "Replicas of this node with verified models.")
PROBLEMS = MetricName(
    "migraine_model_problems", "gauge", "What replicas serve otherwise than was promoted: bundles refused and the like."
)
MODEL_INFO = MetricName(
    "migraine_model_info", "gauge", "1 for each model that a replica of this node holds.",
    ("task", "arm", "algorithm", "model", "data_version"),
)  # fmt: skip

# Published by the monitoring through the store.
ACCURACY = MetricName("migraine_model_accuracy", "gauge", "Accuracy of a model as monitored.", ("model_name",))
DRIFT_SCORE = MetricName("migraine_drift_score", "gauge", "Population stability index of a feature.", ("feature",))
DRIFT_DETECTED = MetricName("migraine_drift_detected", "counter", "Times that drift was found.")

# Published by Dagster through the store. Moments in seconds since 1970; 0 is never.
PUBLISHED = MetricName(
    "migraine_dagster_published_timestamp_seconds", "gauge", "When Dagster last told how its automation goes."
)
RUN_SUCCESS = MetricName(
    "migraine_dagster_run_last_success_timestamp_seconds", "gauge", "When a run of the job last ended well.",
    ("dagster_job",),
)  # fmt: skip
RUN_FAILURE = MetricName(
    "migraine_dagster_run_last_failure_timestamp_seconds", "gauge", "When a run of the job last failed.",
    ("dagster_job",),
)  # fmt: skip
RUN_DURATION = MetricName(
    "migraine_dagster_run_last_duration_seconds", "gauge", "Time that the last good run of the job took.",
    ("dagster_job",),
)  # fmt: skip
RUNS = MetricName(
    "migraine_dagster_unfinished_runs", "gauge", "Runs of the job that wait or run.", ("dagster_job", "status")
)
TICK_INTERVAL = MetricName(
    "migraine_dagster_tick_interval_seconds", "gauge", "Time between evaluations of a sensor.", ("kind", "name")
)
TICK_SUCCESS = MetricName(
    "migraine_dagster_tick_last_success_timestamp_seconds", "gauge",
    "When a sensor or schedule that is on was last evaluated without an error.", ("kind", "name"),
)  # fmt: skip
TICK_FAILURE = MetricName(
    "migraine_dagster_tick_last_failure_timestamp_seconds", "gauge",
    "When the evaluation of a sensor or schedule that is on last failed.", ("kind", "name"),
)  # fmt: skip
VERDICT = MetricName(
    "migraine_monitoring_verdict", "gauge", "1 for what the newest monitoring result of a kind says of a task.",
    ("kind", "task", "verdict"),
)  # fmt: skip
RESULT_DAY = MetricName(
    "migraine_monitoring_result_timestamp_seconds", "gauge",
    "The end (UTC) of the last day that the newest monitoring result of a kind looked at.", ("kind",),
)  # fmt: skip
