"""From what was seen to what is told: fold, log, put into the outbox, send.

Here belongs the order in which that happens, so that a kill or a full disk at any point loses no alert. Not here: the
rules (`core.monitoring`), and who looks (the sensors).
"""

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migraine_assets.core.alerts.kinds import Alert, Ended
from migraine_assets.core.alerts.lifecycle import Folded, Notice, Standing, ended, sighted
from migraine_assets.core.alerts.message import Message, message
from migraine_assets.core.alerts.retry import Pending, failed, is_due
from migraine_assets.errors import StoreError
from migraine_assets.stores.alerts import log, open_alerts, outbox
from migraine_assets.stores.alerts.channels import Channel, send
from migraine_assets.stores.locks import file_lock
from migraine_assets.stores.store import Store

# Sensors are cut off after a minute; what is not sent by then waits for the next look.
BUDGET_SECONDS = 20.0


@dataclass(frozen=True)
class Observation:
    """What one look found, events in the order in which they happened.

    `whole`: kinds of which `seen` is everything there is, so that all others are over, except the keys `unknown`
    (kind, key), about which nothing can be said just now.
    """

    seen: tuple[Alert | Ended, ...] = ()
    whole: frozenset[str] = frozenset()
    unknown: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Attempted:
    """One message to one channel: `problem` is empty where it arrived."""

    title: str
    channel: Channel
    problem: str = ""


@dataclass(frozen=True)
class Notifier:
    """`home`: the folder of the log and of the locks. `budget_seconds`: after so long no further sending is begun."""

    store: Store
    home: Path
    channels: tuple[Channel, ...]
    budget_seconds: float = BUDGET_SECONDS

    def report(self, observation: Observation, *, now: dt.datetime) -> tuple[Notice, ...]:
        """Take note of what was seen and send what is new. What did not arrive stays in the outbox."""
        with _locked(self.home / "alerts.lock"):
            steps = self._folded(observation, now=now)
            notices = tuple(step.notice for step in steps if step.notice is not None)
            if notices:
                self._hand_over(notices, now=now)
            for step in steps:
                open_alerts.keep(self.store, step.standing)
        if notices:
            self.deliver(now=now)
        return notices

    def deliver(self, *, now: dt.datetime) -> tuple[Attempted, ...]:
        """Send what is due, the oldest first, until the time is up. A channel that fails is left alone until later."""
        until, attempts = time.monotonic() + self.budget_seconds, list[Attempted]()
        with _locked(self.home / "alerts-delivery.lock"):
            for waiting in outbox.waiting_messages(self.store):
                attempts += self._deliver_one(waiting, attempts, now=now, until=until)
        self._log([_attempt_entry(attempt, now=now) for attempt in attempts])
        return tuple(attempts)

    def send_past_outbox(self, told: Message) -> tuple[Attempted, ...]:
        """Send one message to every channel now, and say for each whether it arrived."""
        return tuple(Attempted(told.title, channel, send(channel, told).problem) for channel in self.channels)

    def tidy(self, *, now: dt.datetime) -> None:
        """Forget what has been over, or has not arrived, for a month."""
        with _locked(self.home / "alerts.lock"):
            open_alerts.forget_old(self.store, now=now)
            outbox.forget_old(self.store, now=now)

    def _folded(self, observation: Observation, *, now: dt.datetime) -> list[Folded]:
        kinds = {item.kind for item in observation.seen} | observation.whole
        known = {(kind, key): one for kind in kinds for key, one in open_alerts.known(self.store, kind).items()}
        steps: dict[tuple[str, str], list[Folded]] = {}
        for item in (*observation.seen, *_unseen(observation, known)):
            identity = (item.kind, item.key)
            before = steps[identity][-1].standing if identity in steps else known.get(identity)
            step = sighted(before, item, now=now) if isinstance(item, Alert) else ended(before, item, now=now)
            if step is not None and step.standing != before:
                steps.setdefault(identity, []).append(step)
        return [step for several in steps.values() for step in several]

    def _hand_over(self, notices: Sequence[Notice], *, now: dt.datetime) -> None:
        """Put the notices into the outbox or, where it cannot be written, send them at once.

        Raises `StoreError` where neither works: then the standings stay, and the next look tells it.
        """
        told = message(notices, now=now)
        self._log([_notice_entry(notice, now=now) for notice in notices])
        if not self.channels:
            return
        try:
            outbox.put(self.store, told, self.channels, now=now)
        except StoreError as error:
            sent = self.send_past_outbox(told)
            self._log([_attempt_entry(attempt, now=now) for attempt in sent])
            if all(attempt.problem for attempt in sent):
                raise StoreError(
                    f"An alert could be neither kept nor sent; the next look tries again. {error}"
                ) from error

    def _deliver_one(
        self, waiting: outbox.Waiting, before: Iterable[Attempted], *, now: dt.datetime, until: float
    ) -> list[Attempted]:
        failing = {attempt.channel.id for attempt in before if attempt.problem}
        left = {key: pending for key, pending in waiting.pending.items() if key in {one.id for one in self.channels}}
        attempts = []
        for channel in self.channels:
            pending = left.get(channel.id)
            if pending is None or channel.id in failing or not is_due(pending, now=now):
                continue
            if time.monotonic() >= until:
                break
            sent = send(channel, waiting.message, late=pending.attempts > 0)
            attempts.append(Attempted(waiting.message.title, channel, sent.problem))
            left = _after(left, channel.id, sent.problem, now=now)
            # At once: a process killed here must not send again what has arrived.
            outbox.settle(self.store, waiting, left)
        if not left:
            outbox.settle(self.store, waiting, left)
        return attempts

    def _log(self, entries: list[Mapping[str, Any]]) -> None:
        if entries:
            log.append(self.home / log.NAME, entries)


def _after(left: Mapping[str, Pending], key: str, problem: str, *, now: dt.datetime) -> dict[str, Pending]:
    rest = {name: pending for name, pending in left.items() if name != key}
    return {**rest, key: failed(left[key], problem, now=now)} if problem else rest


def _unseen(observation: Observation, known: Mapping[tuple[str, str], Standing]) -> list[Ended]:
    seen = {(item.kind, item.key) for item in observation.seen} | observation.unknown
    return [Ended(*identity) for identity in known if identity[0] in observation.whole and identity not in seen]


def _notice_entry(notice: Notice, *, now: dt.datetime) -> dict[str, Any]:
    alert = notice.standing.alert
    return {
        "time": now.isoformat(),
        "event": notice.change,
        "kind": alert.kind,
        "key": alert.key,
        "severity": alert.severity,
        "what": alert.what,
        "since": alert.since.isoformat(),
        "model": alert.model,
        "link": alert.link,
        "folded": notice.folded,
    }


def _attempt_entry(attempt: Attempted, *, now: dt.datetime) -> dict[str, Any]:
    event = "undelivered" if attempt.problem else "delivered"
    entry = {"time": now.isoformat(), "event": event, "title": attempt.title, "channel": attempt.channel.label}
    return entry | ({"problem": attempt.problem} if attempt.problem else {})


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One at a time where that can be had. Where it cannot (a read-only home) an alert twice beats none."""
    with ExitStack() as stack:
        with suppress(StoreError):
            stack.enter_context(file_lock(path))
        yield
