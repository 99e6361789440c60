"""Whether an event of monitoring starts a retraining now: what is known goes in, a choice with reasons comes out.

Here belongs the rule. Not here: finding events (`drift`, `performance`), what runs and when (`defs.automation`).

A retraining's own output never triggers the next: an event is about one bundle and begins on one day, it starts one
run, and it is void as soon as another bundle serves.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["drift", "degradation"]


@dataclass(frozen=True)
class Event:
    """The world has moved away from a model, or it has become worse. `since`: the first day of it."""

    kind: Kind
    task: str
    bundle: str
    since: str
    reasons: tuple[str, ...] = ()

    @property
    def run_key(self) -> str:
        """The same however often, and by whichever process, the event is seen."""
        return f"{self.kind}:{self.task}:{self.bundle[:12]}:{self.since}"


@dataclass(frozen=True)
class Situation:
    """What is going on. `serving`: the champion of each task; `in_flight`: training runs that have not ended;
    `started`: run keys that have had their run; `last_training`: when a training run last ended, UTC.
    """

    now: dt.datetime
    serving: Mapping[str, str]
    in_flight: tuple[str, ...] = ()
    started: Collection[str] = ()
    last_training: dt.datetime | None = None


@dataclass(frozen=True)
class Choice:
    """Whether to act on an event, and why or why not."""

    act: bool
    reasons: tuple[str, ...]


def choose(event: Event, situation: Situation, *, cool_down: dt.timedelta) -> Choice:
    """One run for each event, one run at a time, and none within `cool_down` of the last."""
    if situation.serving.get(event.task) != event.bundle:
        return Choice(False, ("The model that it is about no longer serves.",))
    if event.run_key in situation.started:
        return Choice(False, ("A retraining was started for this event before. It is not repeated.",))
    if situation.in_flight:
        return Choice(False, (f"The run {situation.in_flight[0][:8]} trains at the moment.",))
    last = situation.last_training
    if last is not None and situation.now < last + cool_down:
        # A clock that was set back must not extend the wait beyond its length.
        ends = min(last, situation.now) + cool_down
        return Choice(False, (f"The last training ended at {last:%Y-%m-%d %H:%M} UTC: none before {ends:%H:%M}.",))
    return Choice(True, event.reasons or (f"{event.kind} since {event.since}",))
