"""The rule that decides whether an alarm of monitoring starts a retraining.

A retraining never triggers the next one: an event belongs to one bundle, begins on one day, starts one run, and ends
when another bundle serves. Not here: the alarms (`core.monitoring.drift.task_drift`, `core.monitoring.performance`),
starting runs (`defs.automation`).
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["drift", "degradation"]


@dataclass(frozen=True)
class Event:
    """Drift of the data of a model, or degradation of its performance. `since`: first day, ISO 8601."""

    kind: Kind
    task: str
    bundle: str
    since: str
    reasons: tuple[str, ...] = ()

    @property
    def run_key(self) -> str:
        """The key of the event. It is the same each time, and in each process, that the event is observed."""
        return f"{self.kind}:{self.task}:{self.bundle[:12]}:{self.since}"


@dataclass(frozen=True)
class TrainingState:
    """The state of training.

    `serving`: champion of each task. `in_flight`: unfinished training runs. `started`: run keys of events that already
    started a run. `last_training`: end of the last training run, UTC.
    """

    now: dt.datetime
    serving: Mapping[str, str]
    in_flight: tuple[str, ...] = ()
    started: Collection[str] = ()
    last_training: dt.datetime | None = None


@dataclass(frozen=True)
class RetrainingDecision:
    """The decision whether to act on an event, with its reasons."""

    act: bool
    reasons: tuple[str, ...]


def decide_retraining(event: Event, state: TrainingState, *, cool_down: dt.timedelta) -> RetrainingDecision:
    """Allow one run per event, one run at a time, and no run within `cool_down` of the last."""
    if state.serving.get(event.task) != event.bundle:
        return RetrainingDecision(False, ("The model of this event no longer serves.",))
    if event.run_key in state.started:
        return RetrainingDecision(False, ("A retraining was already started for this event.",))
    if state.in_flight:
        return RetrainingDecision(False, (training_now(state.in_flight[0]),))
    last = state.last_training
    if last is not None and state.now < last + cool_down:
        # If the clock was set back, the cool-down must not become longer.
        ends = min(last, state.now) + cool_down
        text = f"The last training ended at {last:%Y-%m-%d %H:%M} UTC. The next may start at {ends:%H:%M}."
        return RetrainingDecision(False, (text,))
    return RetrainingDecision(True, event.reasons or (f"{event.kind} since {event.since}",))


def training_now(run_id: str) -> str:
    """Return the reason for not starting a run while `run_id` is training."""
    return f"Run {run_id[:8]} is training."
