"""The table of metrics: names, kinds, labels and help texts. A new metric is a row here. Not here: values."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "histogram", "gauge"]

# Seconds. Dense where most requests are, and with the limits of dashboards and alerts (0.1, 0.5, 1).
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class MetricName:
    """One metric. `name`: without the `_total` that Prometheus appends to the samples of a counter."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


PREDICTIONS = MetricName(
    "migraine_predictions", "counter",
    "Predictions, by status (ok, abstained), task, model (bundle hash) and arm (champion, shadow, canary).",
    ("status", "task", "model", "arm"),
)  # fmt: skip
LATENCY = MetricName(
    "migraine_prediction_latency_seconds", "histogram",
    "Processing time of a prediction request inside a replica; a batch or table is one request.",
)  # fmt: skip
REQUESTS = MetricName(
    "migraine_api_requests", "counter", "HTTP requests, by method, endpoint (route template) and status code.",
    ("method", "endpoint", "status"),
)  # fmt: skip
ERRORS = MetricName("migraine_api_errors", "counter", "Refused or failed requests, by problem type.", ("error_type",))
RELOADS = MetricName(
    "migraine_model_reloads", "counter", "Attempts to load the promoted models, by result (success, failure).",
    ("result",),
)  # fmt: skip
ABSTENTIONS = MetricName(
    "migraine_abstentions", "counter", "Attack predictions withheld because the history is too short."
)
OUT_OF_RANGE = MetricName(
    "migraine_out_of_range_inputs", "counter", "Input values outside the range of the training data, by diary field.",
    ("field",),
)  # fmt: skip
TABLE_WORKER_DEATHS = MetricName(
    "migraine_table_worker_deaths", "counter",
    "Tables that crashed the process that decodes tables. The table is refused, and nothing else is affected.",
)  # fmt: skip
DROPPED_JOBS = MetricName(
    "migraine_dropped_jobs", "counter",
    "Long requests that were abandoned, by reason (busy: too many wait, deadline, client: disconnected).", ("reason",),
)  # fmt: skip
DIARY_CHANGES = MetricName(
    "migraine_diary_changes", "counter", "Acknowledged changes of kept diaries, by operation (put, delete).",
    ("operation",),
)  # fmt: skip
DIARY_FAILURES = MetricName(
    "migraine_diary_failures", "counter", "Requests that the database of kept diaries could not serve."
)
RECORDS_WRITTEN = MetricName(
    "migraine_receipts_written", "counter", "Prediction records and feedback entries written to the log."
)
RECORDS_DROPPED = MetricName(
    "migraine_receipts_dropped", "counter", "Prediction records and feedback entries lost because the backlog was full."
)
RECORD_FAILURES = MetricName(
    "migraine_receipt_write_failures", "counter", "Writes of the prediction log that the disk or object store refused."
)
COUNTERS = (
    PREDICTIONS, REQUESTS, ERRORS, RELOADS, ABSTENTIONS, OUT_OF_RANGE, TABLE_WORKER_DEATHS, DROPPED_JOBS,
    DIARY_CHANGES, DIARY_FAILURES, RECORDS_WRITTEN, RECORDS_DROPPED, RECORD_FAILURES,
)  # fmt: skip

BACKLOG = MetricName(
    "migraine_receipt_backlog", "gauge", "Prediction records and feedback entries in memory that are not written yet."
)
IN_PROGRESS = MetricName(
    "migraine_requests_in_progress", "gauge", "HTTP requests that replicas of this node have accepted and not answered."
)
REPLICAS = MetricName("migraine_replicas", "gauge", "Replicas alive on this node.")
READY = MetricName("migraine_ready_replicas", "gauge", "Replicas of this node that hold a verified attack champion.")
PROBLEMS = MetricName(
    "migraine_model_problems", "gauge",
    "Promoted models that replicas of this node failed to load: refused bundles or an invalid pointer file.",
)  # fmt: skip
MODEL_INFO = MetricName(
    "migraine_model_info", "gauge", "1 for each model that a replica of this node holds.",
    ("task", "arm", "algorithm", "model", "data_version"),
)  # fmt: skip

# Published by monitoring through the store.
ACCURACY = MetricName(
    "migraine_model_accuracy", "gauge",
    "Accuracy in the newest monitored window, by algorithm: realized, or estimated until outcomes are known.",
    ("model_name",),
)  # fmt: skip
DRIFT_RATIO = MetricName(
    "migraine_drift_ratio", "gauge",
    "Largest drift statistic of a feature divided by its limit in this window. More than 1 is drift.",
    ("task", "feature"),
)  # fmt: skip
DRIFT_PSI = MetricName(
    "migraine_drift_psi", "gauge", "Population stability index (PSI) of a feature against the training data.",
    ("task", "feature"),
)  # fmt: skip
DRIFT_KS = MetricName(
    "migraine_drift_ks", "gauge",
    "Kolmogorov-Smirnov distance of an ordered feature from the training data, 0 to 1.", ("task", "feature"),
)  # fmt: skip
DRIFT_JS = MetricName(
    "migraine_drift_js", "gauge",
    "Jensen-Shannon distance (base 2) of a categorical feature from the training data, 0 to 1.", ("task", "feature"),
)  # fmt: skip
DRIFT_MISSING = MetricName(
    "migraine_drift_missing_change", "gauge",
    "Absolute change of a feature's share of missing values since training, 0 to 1.", ("task", "feature"),
)  # fmt: skip
DRIFT_SCORE = MetricName(
    "migraine_drift_score", "gauge",
    "Deprecated, use migraine_drift_ratio: the largest drift ratio of a feature over all tasks. More than 1 is drift.",
    ("feature",),
)  # fmt: skip
DRIFT_DETECTED = MetricName(
    "migraine_drift_detected", "counter",
    "Drift events: times that a task's verdict became drift. Drift that lasts for days is one event.",
)  # fmt: skip
LOG_DAMAGE = MetricName(
    "migraine_prediction_log_damaged_files", "gauge",
    "Files of the prediction log and of collected days that monitoring could not read, or only in part.",
)  # fmt: skip

# Published by Dagster through the store. Times are seconds since 1970; 0 means never.
PUBLISHED = MetricName(
    "migraine_dagster_published_timestamp_seconds", "gauge", "Time at which Dagster last published its state."
)
RUN_SUCCESS = MetricName(
    "migraine_dagster_run_last_success_timestamp_seconds", "gauge", "End of the job's last successful run; 0 is never.",
    ("dagster_job",),
)  # fmt: skip
RUN_FAILURE = MetricName(
    "migraine_dagster_run_last_failure_timestamp_seconds", "gauge", "End of the job's last failed run; 0 is never.",
    ("dagster_job",),
)  # fmt: skip
RUN_DURATION = MetricName(
    "migraine_dagster_run_last_duration_seconds", "gauge", "Duration of the job's last successful run.",
    ("dagster_job",),
)  # fmt: skip
RUNS = MetricName(
    "migraine_dagster_unfinished_runs", "gauge", "Runs of the job, by status (queued, running).",
    ("dagster_job", "status"),
)  # fmt: skip
TICK_INTERVAL = MetricName(
    "migraine_dagster_tick_interval_seconds", "gauge", "Interval between evaluations of a sensor.", ("kind", "name")
)
TICK_SUCCESS = MetricName(
    "migraine_dagster_tick_last_success_timestamp_seconds", "gauge",
    "Last evaluation without an error of a sensor or schedule that is switched on; 0 is never.", ("kind", "name"),
)  # fmt: skip
TICK_FAILURE = MetricName(
    "migraine_dagster_tick_last_failure_timestamp_seconds", "gauge",
    "Last failed evaluation of a sensor or schedule that is switched on; 0 is never.", ("kind", "name"),
)  # fmt: skip
VERDICT = MetricName(
    "migraine_monitoring_verdict", "gauge",
    "1 for the verdict on a task in the newest monitoring result of a kind (drift, realised, estimated).",
    ("kind", "task", "verdict"),
)  # fmt: skip
RESULT_DAY = MetricName(
    "migraine_monitoring_result_timestamp_seconds", "gauge",
    "End (UTC) of the last day in the newest monitoring result of a kind.", ("kind",),
)  # fmt: skip
