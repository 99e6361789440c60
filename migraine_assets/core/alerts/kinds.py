"""The table of alert kinds, and the type of a single alert. A new kind is a row here.

Not here: the lifecycle of alerts (`core.alerts.lifecycle`), their wording (`core.alerts.message`), raising them
(`defs.alerting`), sending them (`stores.alerts`).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Severity = Literal["warning", "error", "critical"]
SEVERITIES: tuple[Severity, ...] = ("warning", "error", "critical")


@dataclass(frozen=True)
class AlertKind:
    """One row of the table.

    `means`: when the alert is raised. `ends`: when it is resolved. `settle_minutes`: time for which the condition must
    be absent before the alert is resolved, so that a metric near its limit does not send two messages a minute.
    """

    name: str
    title: str
    severity: Severity
    means: str
    ends: str
    settle_minutes: int = 0


KINDS: tuple[AlertKind, ...] = (
    AlertKind(
        "drift_detected", "Drift detected", "error",
        "The newest monitored window of a task has the verdict `drift`.",
        "A later window has a verdict other than `drift` and `too little data`.",
    ),
    AlertKind(
        "performance_degraded", "Performance degraded", "critical",
        "The realized or estimated performance of a task's model has the verdict `degraded`.",
        "A later window has a verdict other than `degraded` and `too little data`.",
    ),
    AlertKind(
        "error_rate", "Error rate too high", "critical",
        "More than 5 % of the service's responses in the last minutes were server errors (5xx).",
        "The rate has been at or below the limit for 10 minutes.",
        settle_minutes=10,
    ),
    AlertKind(
        "latency", "Latency too high", "critical",
        "The 95th percentile of the latency of prediction requests in the last minutes was over 1000 ms.",
        "The percentile has been at or below the limit for 10 minutes.",
        settle_minutes=10,
    ),
    AlertKind(
        "service_down", "Service down", "critical",
        "The service did not respond twice in a row, or none of its replicas holds a model.",
        "The service responds, and a replica holds a model.",
        settle_minutes=2,
    ),
    AlertKind(
        "bundle_refused", "Model bundle refused", "critical",
        "The service failed to load a promoted model and keeps serving the previous one.",
        "The service has loaded the promoted models.",
    ),
    AlertKind(
        "run_failed", "Run failed", "error",
        "A run of a job failed or was killed.",
        "A later run of the same job (and day) succeeded.",
    ),
    AlertKind(
        "check_failed", "Check failed", "warning",
        "An asset check failed, blocking or not. The severity is that of the check.",
        "The check passed in a later run.",
    ),
    AlertKind(
        "heartbeat_lost", "Sensor silent", "error",
        "A sensor or schedule that is switched on has not been evaluated for several of its intervals.",
        "The sensor or schedule was evaluated again.",
    ),
    AlertKind(
        "disk_nearly_full", "Disk nearly full", "warning",
        "Less than 10 % and 20 GB of a disk of the platform is free (critical: less than 3 % and 5 GB).",
        "More space has been free for 10 minutes.",
        settle_minutes=10,
    ),
    AlertKind(
        "test", "Test", "warning",
        "`migraine alerts test` was run.",
        "Immediately: it is sent, but not stored.",
    ),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True)
class Alert:
    """A condition that needs attention, as it was last seen. `kind` and `key` identify it.

    `key`: the subject within the kind, such as a task or a job. `what`: a description in one or more sentences.
    `since`: when it began, as far as known. `happened`: time of the event that shows the condition; None for a
    condition that is evaluated continuously.
    """

    kind: str
    key: str
    what: str
    since: dt.datetime
    severity: Severity
    model: str = ""
    link: str = ""
    happened: dt.datetime | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """The kind and the key; alerts with equal identity are sightings of the same condition."""
        return self.kind, self.key


@dataclass(frozen=True)
class Ended:
    """The end of a condition, whether or not it has an alert. `happened`: as in `Alert`."""

    kind: str
    key: str
    happened: dt.datetime | None = None


def alert(
    kind: str,
    key: str,
    what: str,
    *,
    since: dt.datetime,
    severity: Severity | None = None,
    model: str = "",
    link: str = "",
    happened: dt.datetime | None = None,
) -> Alert:
    """Return an alert, by default with the severity of its kind. Raises `KeyError` for an unknown kind."""
    return Alert(kind, key, what, since, severity or BY_NAME[kind].severity, model, link, happened)


def worst(severities: "tuple[Severity, ...]") -> Severity:
    """Return the highest severity; "warning" if there is none."""
    return max(severities, key=SEVERITIES.index, default="warning")
