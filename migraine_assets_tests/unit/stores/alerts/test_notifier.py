"""Folding, queueing and retries of alerts; no alert is lost after a kill or on a full disk."""

import datetime as dt
import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migraine_assets.core.alerts.kinds import Alert, Ended, alert
from migraine_assets.errors import StoreError
from migraine_assets.stores.alerts import open_alerts, outbox
from migraine_assets.stores.alerts.channels import channels
from migraine_assets.stores.alerts.notifier import Notifier, Observation
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.receivers import Webhook, webhook

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
DRIFT = alert("drift_detected", "attack", "sleep_hours moved.", since=START)
DRIFTS = frozenset({"drift_detected"})


@pytest.fixture
def receiver() -> Iterator[Webhook]:
    """A webhook on loopback."""
    with webhook() as state:
        yield state


@pytest.fixture
def second() -> Iterator[Webhook]:
    """A second webhook."""
    with webhook() as state:
        yield state


def notifier(folder: Path, *receivers: Webhook) -> Notifier:
    urls = " ".join(one.url for one in receivers)
    return Notifier(Store(str(folder / "store")), folder, channels(urls))


def seen(*items: Alert | Ended) -> Observation:
    return Observation(items, complete=DRIFTS)


def logged(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "alerts.log").read_text().splitlines()]


def test_an_alert_is_sent_once_however_often_it_is_seen(tmp_path: Path, receiver: Webhook) -> None:
    for minute in range(30):
        # A new object each time, as after a restart.
        notifier(tmp_path, receiver).report(seen(DRIFT), now=START + minute * MINUTE)
    assert receiver.titles == ["Drift detected: attack (error)"]
    (state,) = open_alerts.all_states(Store(str(tmp_path / "store")))
    assert (state.count, state.folded) == (30, 29)


def test_the_end_of_an_alert_is_sent(tmp_path: Path, receiver: Webhook) -> None:
    alerts = notifier(tmp_path, receiver)
    alerts.report(seen(DRIFT), now=START)
    alerts.report(seen(), now=START + HOUR)
    alerts.report(seen(), now=START + 2 * HOUR)
    assert receiver.titles == ["Drift detected: attack (error)", "Resolved: Drift detected: attack"]
    assert [entry["event"] for entry in logged(tmp_path)] == ["new", "delivered", "over", "delivered"]


def test_an_alert_that_could_not_be_evaluated_is_neither_seen_nor_resolved(tmp_path: Path, receiver: Webhook) -> None:
    alerts = notifier(tmp_path, receiver)
    alerts.report(seen(DRIFT), now=START)
    unknown = Observation(complete=DRIFTS, unknown=frozenset({("drift_detected", "attack")}))
    alerts.report(unknown, now=START + HOUR)
    assert len(receiver.accepted) == 1


def test_the_alerts_of_one_evaluation_are_one_message(tmp_path: Path, receiver: Webhook) -> None:
    other = replace(DRIFT, key="severity")
    notifier(tmp_path, receiver).report(seen(DRIFT, other), now=START)
    assert receiver.titles == ["Drift detected: attack (error) (and 1 more)"]


def test_a_failure_and_the_success_after_it_are_both_sent_once(tmp_path: Path, receiver: Webhook) -> None:
    failing = alert("run_failed", "retrain", "It failed.", since=START, happened=START)
    events = Observation((failing, Ended("run_failed", "retrain", START + MINUTE)))
    alerts = notifier(tmp_path, receiver)
    alerts.report(events, now=START + HOUR)
    alerts.report(events, now=START + 2 * HOUR)
    (received,) = receiver.accepted
    assert "resolved at 2026-03-01 12:01 UTC" in received["message"]


def test_a_channel_that_returns_500_gets_the_messages_later_and_in_order(tmp_path: Path, receiver: Webhook) -> None:
    receiver.status = 500
    alerts = notifier(tmp_path, receiver)
    alerts.report(seen(DRIFT), now=START)
    alerts.report(seen(), now=START + MINUTE)
    (first, _) = outbox.queued_messages(alerts.store)
    (pending,) = first.pending.values()
    assert pending.attempts == 2
    assert "500" in pending.problem
    receiver.status = 200
    notifier(tmp_path, receiver).send_due(now=START + HOUR)
    assert receiver.titles == ["Drift detected: attack (error)", "Resolved: Drift detected: attack"]
    assert "Sent late" in receiver.accepted[0]["message"]
    assert outbox.queued_messages(alerts.store) == []


def test_a_message_is_not_sent_before_it_is_due(tmp_path: Path, receiver: Webhook) -> None:
    receiver.status = 500
    alerts = notifier(tmp_path, receiver)
    alerts.report(seen(DRIFT), now=START)
    alerts.send_due(now=START + dt.timedelta(seconds=29))
    assert len(receiver.received) == 1


def test_a_failing_channel_neither_delays_nor_repeats_messages_of_another_one(
    tmp_path: Path, receiver: Webhook, second: Webhook
) -> None:
    receiver.status = 500
    alerts = notifier(tmp_path, receiver, second)
    alerts.report(seen(DRIFT), now=START)
    for minute in range(1, 90):
        alerts.send_due(now=START + minute * MINUTE)
    assert len(second.accepted) == 1
    assert 5 < len(receiver.received) < 10


def test_a_message_does_not_wait_for_a_channel_that_was_removed(
    tmp_path: Path, receiver: Webhook, second: Webhook
) -> None:
    receiver.status = 500
    notifier(tmp_path, receiver).report(seen(DRIFT), now=START)
    notifier(tmp_path, second).send_due(now=START + HOUR)
    assert outbox.queued_messages(Store(str(tmp_path / "store"))) == []
    assert second.received == []


def test_a_message_that_was_queued_when_the_process_died_is_sent_by_the_next_one(
    tmp_path: Path, receiver: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a kill between the writes of outbox and state, the message is sent at least once."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(open_alerts, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            notifier(tmp_path, receiver).report(seen(DRIFT), now=START)
    assert receiver.accepted == []
    notifier(tmp_path, receiver).send_due(now=START + MINUTE)
    assert receiver.titles == ["Drift detected: attack (error)"]


class FullDisk(Store):
    """A store on a full disk: files can be read and deleted, but not written."""

    full = True

    def write_all(self, files: dict[str, bytes]) -> None:
        """Raise an error while the disk is full."""
        if self.full:
            raise StoreError(os.strerror(errno.ENOSPC))
        super().write_all(files)


def test_with_a_full_disk_a_message_is_sent_at_once_and_only_once(tmp_path: Path, receiver: Webhook) -> None:
    alerts = replace(notifier(tmp_path, receiver), store=FullDisk(str(tmp_path / "store")))
    for minute in range(5):
        alerts.report(seen(DRIFT), now=START + minute * MINUTE)
    assert receiver.titles == ["Drift detected: attack (error)"]
    FullDisk.full = False
    try:
        alerts.report(seen(DRIFT), now=START + HOUR)
        assert [one.count for one in open_alerts.all_states(Store(str(tmp_path / "store")))] == [6]
    finally:
        FullDisk.full = True


def test_an_alert_that_can_be_neither_stored_nor_sent_is_sent_by_the_next_evaluation(
    tmp_path: Path, receiver: Webhook
) -> None:
    receiver.status = 500
    alerts = replace(notifier(tmp_path, receiver), store=FullDisk(str(tmp_path / "store")))
    with pytest.raises(StoreError, match="neither stored nor sent"):
        alerts.report(seen(DRIFT), now=START)
    receiver.status = 200
    alerts.report(seen(DRIFT), now=START + MINUTE)
    assert receiver.titles == ["Drift detected: attack (error)"]


def test_a_delivery_that_cannot_be_recorded_is_not_repeated(tmp_path: Path, receiver: Webhook, second: Webhook) -> None:
    """The first channel accepts the message, the second fails, and then the disk is full."""
    second.status = 500
    alerts = notifier(tmp_path, receiver, second)
    outbox.add(alerts.store, outbox.Message("t", "b", "error", good=False, made=START), alerts.channels, now=START)
    full = replace(alerts, store=FullDisk(alerts.store.uri))
    for minute in range(60):
        full.send_due(now=START + minute * MINUTE)
    assert len(receiver.accepted) == 1
    second.status = 200
    full.send_due(now=START + 3 * HOUR)
    assert outbox.queued_messages(alerts.store) == []


def test_without_channels_alerts_are_logged_and_nothing_is_queued(tmp_path: Path) -> None:
    alerts = notifier(tmp_path)
    alerts.report(seen(DRIFT), now=START)
    (entry,) = logged(tmp_path)
    assert (entry["event"], entry["kind"], entry["key"], entry["severity"]) == (
        "new",
        "drift_detected",
        "attack",
        "error",
    )
    assert outbox.queued_messages(alerts.store) == []


def test_invalid_files_are_skipped(tmp_path: Path, receiver: Webhook) -> None:
    alerts = notifier(tmp_path, receiver)
    alerts.report(seen(DRIFT), now=START)
    (leaf,) = alerts.store.list("alerts/state/drift_detected")
    alerts.store.write(f"alerts/state/drift_detected/{leaf}", b'{"format": 1, "stan')
    alerts.store.write("alerts/outbox/20260101T000000.000000-0.json", b"\x00\xff")
    alerts.report(seen(DRIFT), now=START + MINUTE)
    assert len(receiver.accepted) == 2, "sent again, since the state was lost"


def test_resolved_alerts_and_undelivered_messages_are_removed_after_a_month(tmp_path: Path, receiver: Webhook) -> None:
    receiver.status = 500
    alerts = notifier(tmp_path, receiver)
    alerts.report(seen(DRIFT, replace(DRIFT, key="severity")), now=START)
    alerts.report(seen(replace(DRIFT, key="severity")), now=START + HOUR)
    alerts.prune(now=START + 29 * 24 * HOUR)
    assert len(open_alerts.all_states(alerts.store)) == 2
    alerts.prune(now=START + 32 * 24 * HOUR)
    assert [state.alert.key for state in open_alerts.all_states(alerts.store)] == ["severity"]
    assert outbox.queued_messages(alerts.store) == []


def test_no_file_holds_the_secret_of_a_url(tmp_path: Path, receiver: Webhook) -> None:
    receiver.status = 500
    alerts = notifier(tmp_path, receiver)
    alerts.report(seen(DRIFT), now=START)
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or b"very-secret-token" not in file.read_bytes()


def test_after_the_time_budget_messages_wait_for_the_next_evaluation(
    tmp_path: Path, receiver: Webhook, second: Webhook
) -> None:
    """A slow channel must not block a sensor until Dagster ends it."""
    alerts = notifier(tmp_path, receiver, second)
    replace(alerts, budget_seconds=0.0).report(seen(DRIFT), now=START)
    assert receiver.received == second.received == []
    alerts.send_due(now=START + MINUTE)
    assert len(receiver.accepted) == len(second.accepted) == 1


REPORTER = """
import datetime as dt, sys
from pathlib import Path
from migraine_assets.core.alerts.kinds import alert
from migraine_assets.stores.store import Store
from migraine_assets.stores.alerts.channels import channels
from migraine_assets.stores.alerts.notifier import Notifier, Observation
folder, url = Path(sys.argv[1]), sys.argv[2]
now = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
seen = Observation(tuple(alert("check_failed", f"check {n}", "12.", since=now) for n in range(5)))
for _ in range(5):
    Notifier(Store(str(folder / "store")), folder, channels(url)).report(seen, now=now)
"""


def test_concurrent_processes_send_one_message_and_lose_no_count(tmp_path: Path, receiver: Webhook) -> None:
    command = (sys.executable, "-c", REPORTER, str(tmp_path), receiver.url)
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert receiver.titles == ["Check failed: check 0 (warning) (and 4 more)"]
    assert [one.count for one in open_alerts.all_states(Store(str(tmp_path / "store")))] == [15] * 5
    assert [entry["event"] for entry in logged(tmp_path)] == ["new"] * 5 + ["delivered"]


def test_an_event_without_a_later_one_is_removed_after_a_month(tmp_path: Path) -> None:
    """A check that is no longer in the code can never pass again."""
    alerts = notifier(tmp_path)
    alerts.report(Observation((alert("check_failed", "gone: away", "12.", since=START, happened=START),)), now=START)
    alerts.report(seen(DRIFT), now=START)
    alerts.prune(now=START + 31 * 24 * HOUR)
    assert [state.alert.kind for state in open_alerts.all_states(alerts.store)] == ["drift_detected"]


def test_an_object_store_works_like_a_disk(tmp_path: Path, receiver: Webhook) -> None:
    receiver.status = 500
    alerts = replace(notifier(tmp_path, receiver), store=Store(f"memory://{tmp_path}"))
    for minute in range(3):
        alerts.report(seen(DRIFT), now=START + minute * MINUTE)
    assert [one.count for one in open_alerts.all_states(alerts.store)] == [3]
    receiver.status = 200
    alerts.send_due(now=START + HOUR)
    assert receiver.titles == ["Drift detected: attack (error)"]
    assert outbox.queued_messages(alerts.store) == []
