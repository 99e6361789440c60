"""What the platform alerts about: one table of kinds, and the value that a single alert is.

Here belong kinds and their meaning. A new kind is a line here. Not here: when an alert is told, folded or over
(`folding`), its wording (`announcing`), who looks (the sensors), how it travels (`stores.notifications`).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Severity = Literal["warning", "error", "critical"]
SEVERITIES: tuple[Severity, ...] = ("warning", "error", "critical")


@dataclass(frozen=True)
class AlertKind:
    """One line of the table.

    `means`: when it is raised. `ends`: when it is over. `settle_minutes`: how long it must have been absent before it
    is told to be over, so that a figure at its limit does not send two messages a minute.
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
        "A later window has another verdict than `drift` or `too little data`.",
    ),
    AlertKind(
        "performance_degraded", "Performance degraded", "critical",
        "The realised or estimated performance of a task's model has the verdict `degraded`.",
        "A later window has another verdict than `degraded` or `too little data`.",
    ),
    AlertKind(
        "error_rate", "Error rate over the limit", "critical",
        "More than 5 % of the service's answers in the last minutes were server errors (5xx).",
        "The rate was at or below the limit for 10 minutes.",
        settle_minutes=10,
    ),
    AlertKind(
        "latency", "Answers are slow", "critical",
        "The 95th percentile of the prediction latency in the last minutes was over 1000 ms.",
        "The percentile was at or below the limit for 10 minutes.",
        settle_minutes=10,
    ),
    AlertKind(
        "service_down", "The service is down", "critical",
        "The service did not answer twice in a row, or none of its replicas holds a model.",
        "It answers, and a replica holds a model.",
        settle_minutes=2,
    ),
    AlertKind(
        "bundle_refused", "Model bundle refused", "critical",
        "The service could not load what the registry names, and goes on with the model that it has.",
        "The service has loaded what the registry names.",
    ),
    AlertKind(
        "run_failed", "Run failed", "error",
        "A run of a job failed, or was killed.",
        "A later run of the same job (and day) succeeded.",
    ),
    AlertKind(
        "check_failed", "Check failed", "warning",
        "An asset check failed, whether or not it blocks; its own severity counts.",
        "The check passed in a later run.",
    ),
    AlertKind(
        "heartbeat_lost", "Sensor silent", "error",
        "A sensor that is switched on was not evaluated to its end for several of its intervals.",
        "The sensor was evaluated again.",
    ),
    AlertKind(
        "disk_nearly_full", "Disk nearly full", "warning",
        "Less than 10 % and 20 GB of a disk of the platform is free (critical: less than 3 % and 5 GB).",
        "More is free for 10 minutes.",
        settle_minutes=10,
    ),
    AlertKind(
        "test", "Test", "warning",
        "Somebody ran `migraine alerts test`.",
        "At once: it is told and not kept.",
    ),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True)
class Alert:
    """Something that is wrong. `kind` and `key` say what it is, all else how it is just now.

    `key`: what it is about within its kind, such as a task or a job. `what`: a sentence. `since`: when it began, as far
    as is known. `happened`: the time of the event that shows it; None for a state that is looked at again and again.
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
        """Two alerts with one identity are the same thing, seen twice."""
        return self.kind, self.key


@dataclass(frozen=True)
class Ended:
    """That an alert is over, if there was one. `happened` as in `Alert`."""

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
    """An alert with its kind's severity unless another is given. `KeyError` for a kind that is not in the table."""
    return Alert(kind, key, what, since, severity or BY_NAME[kind].severity, model, link, happened)


def worst(severities: "tuple[Severity, ...]") -> Severity:
    """The worst of some; a warning where there are none."""
    return max(severities, key=SEVERITIES.index, default="warning")
