"""The steps from sightings to messages: fold, log, queue, send.

Their order ensures that no alert is lost if the process is killed, or the disk is full, at any point. Not here: the
rules (`core.alerts`), raising alerts (`defs.alerting`).
"""

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migraine_assets.core.alerts.kinds import Alert, Ended
from migraine_assets.core.alerts.lifecycle import AlertState, AlertUpdate, Transition, on_end, on_sighting
from migraine_assets.core.alerts.message import Message, message
from migraine_assets.core.alerts.retry import Pending, failed, is_due
from migraine_assets.errors import StoreError
from migraine_assets.stores.alerts import log, open_alerts, outbox
from migraine_assets.stores.alerts.channels import Channel, SendResult, send
from migraine_assets.stores.alerts.webhooks import NamesOf, Webhook, post
from migraine_assets.stores.locks import file_lock
from migraine_assets.stores.store import Store

# Dagster stops a sensor after a minute. Messages that are not sent in this time wait for the next evaluation.
BUDGET_SECONDS = 20.0
DELIVERY_LOCK = "alerts-delivery.lock"


@dataclass(frozen=True)
class Observation:
    """The result of one evaluation, with events in the order in which they happened.

    `complete`: kinds for which `seen` has every alert; all others of these kinds have ended. `unknown`: exceptions
    (kind, key), which could not be evaluated.
    """

    seen: tuple[Alert | Ended, ...] = ()
    complete: frozenset[str] = frozenset()
    unknown: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Attempt:
    """One attempt to send a message to a channel. `problem`: empty if the channel accepted it."""

    title: str
    channel: Channel
    problem: str = ""


@dataclass(frozen=True)
class Notifier:
    """The sender of alerts.

    `home`: folder of the log and the locks. `budget_seconds`: time after which no further message is sent. `webhooks`:
    the channels of apps, which get no alerts. `names`: the app's ids of participants.
    """

    store: Store
    home: Path
    channels: tuple[Channel, ...]
    budget_seconds: float = BUDGET_SECONDS
    webhooks: tuple[Webhook, ...] = ()
    names: NamesOf = lambda _owner, _pseudonyms: {}

    def report(self, observation: Observation, *, now: dt.datetime) -> tuple[AlertUpdate, ...]:
        """Update the states of alerts, and send the changes. Undelivered messages stay queued."""
        with _locked(self.home / "alerts.lock"):
            transitions = self._transitions(observation, now=now)
            updates = tuple(one.update for one in transitions if one.update is not None)
            if updates:
                self._queue(updates, now=now)
            for transition in transitions:
                open_alerts.save(self.store, transition.state)
        if updates:
            self.send_due(now=now)
        return updates

    def send_due(self, *, now: dt.datetime) -> tuple[Attempt, ...]:
        """Send queued messages that are due, oldest first, within the time budget. A channel that fails is skipped."""
        until, attempts = time.monotonic() + self.budget_seconds, list[Attempt]()
        with _locked(self.home / DELIVERY_LOCK):
            for queued in outbox.queued_messages(self.store):
                attempts += self._send_queued(queued, attempts, now=now, until=until)
        self._log([_attempt_entry(attempt, now=now) for attempt in attempts])
        return tuple(attempts)

    def send_now(self, message: Message) -> tuple[Attempt, ...]:
        """Send a message to every channel without queueing it."""
        return tuple(Attempt(message.title, channel, send(channel, message).problem) for channel in self.channels)

    def prune(self, *, now: dt.datetime) -> None:
        """Remove alerts that were resolved, and undelivered messages that were queued, more than a month ago."""
        with _locked(self.home / "alerts.lock"):
            open_alerts.prune(self.store, now=now)
            outbox.prune(self.store, now=now)

    def _transitions(self, observation: Observation, *, now: dt.datetime) -> list[Transition]:
        kinds = {item.kind for item in observation.seen} | observation.complete
        known = {(kind, key): one for kind in kinds for key, one in open_alerts.states(self.store, kind).items()}
        transitions: dict[tuple[str, str], list[Transition]] = {}
        for item in (*observation.seen, *_absent(observation, known)):
            identity = (item.kind, item.key)
            before = transitions[identity][-1].state if identity in transitions else known.get(identity)
            after = on_sighting(before, item, now=now) if isinstance(item, Alert) else on_end(before, item, now=now)
            if after is not None and after.state != before:
                transitions.setdefault(identity, []).append(after)
        return [transition for several in transitions.values() for transition in several]

    def _queue(self, updates: Sequence[AlertUpdate], *, now: dt.datetime) -> None:
        """Queue a message about the updates or, if it cannot be written, send it at once.

        Raises `StoreError` if both fail. The states are then unchanged, so the next evaluation sends the message.
        """
        content = message(updates, now=now)
        self._log([_update_entry(update, now=now) for update in updates])
        if not self.channels:
            return
        try:
            outbox.add(self.store, content, self.channels, now=now)
        except StoreError as error:
            attempts = self.send_now(content)
            self._log([_attempt_entry(attempt, now=now) for attempt in attempts])
            if all(attempt.problem for attempt in attempts):
                raise StoreError(
                    f"An alert could be neither stored nor sent; the next evaluation tries again. {error}"
                ) from error

    def _send_queued(
        self, queued: outbox.QueuedMessage, before: Iterable[Attempt], *, now: dt.datetime, until: float
    ) -> list[Attempt]:
        failing = {attempt.channel.id for attempt in before if attempt.problem}
        receivers = (*self.channels, *self.webhooks)
        configured = {channel.id for channel in receivers}
        rest = {key: pending for key, pending in queued.pending.items() if key in configured}
        attempts = []
        for channel in receivers:
            pending = rest.get(channel.id)
            if pending is None or channel.id in failing or not is_due(pending, now=now):
                continue
            if time.monotonic() >= until:
                break
            result = self._send(channel, queued.message, late=pending.attempts > 0, now=now)
            attempts.append(Attempt(queued.message.title, channel, result.problem))
            rest = _after(rest, channel.id, result.problem, now=now)
            # Update after each channel, so that a process that is killed here does not send the message there again.
            outbox.update(self.store, queued, rest)
        if not rest:
            outbox.update(self.store, queued, rest)
        return attempts

    def _send(self, channel: Channel, message: Message, *, late: bool, now: dt.datetime) -> SendResult:
        if not isinstance(channel, Webhook):
            return send(channel, message, late=late)
        try:
            return post(channel, message, self.names, now=now)
        except StoreError as error:
            return SendResult(False, f"The names of participants cannot be read: {error}")

    def _log(self, entries: list[Mapping[str, Any]]) -> None:
        if entries:
            log.append(self.home / log.NAME, entries)


def _after(pending: Mapping[str, Pending], key: str, problem: str, *, now: dt.datetime) -> dict[str, Pending]:
    rest = {name: one for name, one in pending.items() if name != key}
    return {**rest, key: failed(pending[key], problem, now=now)} if problem else rest


def _absent(observation: Observation, known: Mapping[tuple[str, str], AlertState]) -> list[Ended]:
    present = {(item.kind, item.key) for item in observation.seen} | observation.unknown
    return [Ended(*identity) for identity in known if identity[0] in observation.complete and identity not in present]


def _update_entry(update: AlertUpdate, *, now: dt.datetime) -> dict[str, Any]:
    alert = update.state.alert
    return {
        "time": now.isoformat(),
        "event": update.change,
        "kind": alert.kind,
        "key": alert.key,
        "severity": alert.severity,
        "what": alert.what,
        "since": alert.since.isoformat(),
        "model": alert.model,
        "link": alert.link,
        "folded": update.folded,
    }


def _attempt_entry(attempt: Attempt, *, now: dt.datetime) -> dict[str, Any]:
    event = "undelivered" if attempt.problem else "delivered"
    entry = {"time": now.isoformat(), "event": event, "title": attempt.title, "channel": attempt.channel.label}
    return entry | ({"problem": attempt.problem} if attempt.problem else {})


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock in this block, or continue without it (read-only home): a repeated message is better than none."""
    with ExitStack() as stack:
        with suppress(StoreError):
            stack.enter_context(file_lock(path))
        yield
