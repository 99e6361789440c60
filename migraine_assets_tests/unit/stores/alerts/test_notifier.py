"""From a sighting to a receiver: folded, kept, sent again, shown, and never lost to a kill or a full disk."""

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
    """Another one."""
    with webhook() as state:
        yield state


def notifier(folder: Path, *receivers: Webhook) -> Notifier:
    urls = " ".join(one.url for one in receivers)
    return Notifier(Store(str(folder / "store")), folder, channels(urls))


def seen(*alerts: Alert | Ended) -> Observation:
    return Observation(alerts, whole=DRIFTS)


def logged(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "alerts.log").read_text().splitlines()]


def test_an_alert_is_sent_once_however_often_it_is_seen(tmp_path: Path, receiver: Webhook) -> None:
    for minute in range(30):
        # A new object each time, as after a restart.
        notifier(tmp_path, receiver).report(seen(DRIFT), now=START + minute * MINUTE)
    assert receiver.titles == ["Drift detected: attack (error)"]
    (standing,) = open_alerts.all_known(Store(str(tmp_path / "store")))
    assert (standing.count, standing.folded) == (30, 29)


def test_the_end_is_announced_and_the_alert_closed(tmp_path: Path, receiver: Webhook) -> None:
    mine = notifier(tmp_path, receiver)
    mine.report(seen(DRIFT), now=START)
    mine.report(seen(), now=START + HOUR)
    mine.report(seen(), now=START + 2 * HOUR)
    assert receiver.titles == ["Drift detected: attack (error)", "over: Drift detected: attack"]
    assert [entry["event"] for entry in logged(tmp_path)] == ["new", "delivered", "over", "delivered"]


def test_what_cannot_be_judged_just_now_is_neither_seen_nor_over(tmp_path: Path, receiver: Webhook) -> None:
    mine = notifier(tmp_path, receiver)
    mine.report(seen(DRIFT), now=START)
    unknown = Observation(whole=DRIFTS, unknown=frozenset({("drift_detected", "attack")}))
    mine.report(unknown, now=START + HOUR)
    assert len(receiver.taken) == 1


def test_all_that_one_look_found_is_one_message(tmp_path: Path, receiver: Webhook) -> None:
    other = replace(DRIFT, key="severity")
    notifier(tmp_path, receiver).report(seen(DRIFT, other), now=START)
    assert receiver.titles == ["Drift detected: attack (error) (and 1 more)"]


def test_a_failure_and_the_success_after_it_in_one_look_are_both_told_once(tmp_path: Path, receiver: Webhook) -> None:
    failing = alert("run_failed", "retrain", "It failed.", since=START, happened=START)
    events = Observation((failing, Ended("run_failed", "retrain", START + MINUTE)))
    mine = notifier(tmp_path, receiver)
    mine.report(events, now=START + HOUR)
    mine.report(events, now=START + 2 * HOUR)
    (got,) = receiver.taken
    assert "over at 2026-03-01 12:01 UTC" in got["message"]


def test_a_channel_that_answers_500_for_a_while_gets_the_message_later_and_in_order(
    tmp_path: Path, receiver: Webhook
) -> None:
    receiver.status = 500
    mine = notifier(tmp_path, receiver)
    mine.report(seen(DRIFT), now=START)
    mine.report(seen(), now=START + MINUTE)
    (first, _) = outbox.waiting_messages(mine.store)
    (pending,) = first.pending.values()
    assert pending.attempts == 2
    assert "500" in pending.problem
    receiver.status = 200
    notifier(tmp_path, receiver).deliver(now=START + HOUR)
    assert receiver.titles == ["Drift detected: attack (error)", "over: Drift detected: attack"]
    assert "Sent late" in receiver.taken[0]["message"]
    assert outbox.waiting_messages(mine.store) == []


def test_it_is_not_tried_before_its_time(tmp_path: Path, receiver: Webhook) -> None:
    receiver.status = 500
    mine = notifier(tmp_path, receiver)
    mine.report(seen(DRIFT), now=START)
    mine.deliver(now=START + dt.timedelta(seconds=29))
    assert len(receiver.asked) == 1


def test_a_failing_channel_does_not_hold_back_a_good_one_nor_make_it_hear_twice(
    tmp_path: Path, receiver: Webhook, second: Webhook
) -> None:
    receiver.status = 500
    mine = notifier(tmp_path, receiver, second)
    mine.report(seen(DRIFT), now=START)
    for minute in range(1, 90):
        mine.deliver(now=START + minute * MINUTE)
    assert len(second.taken) == 1
    assert 5 < len(receiver.asked) < 10


def test_a_channel_that_is_no_longer_configured_is_waited_for_no_more(
    tmp_path: Path, receiver: Webhook, second: Webhook
) -> None:
    receiver.status = 500
    notifier(tmp_path, receiver).report(seen(DRIFT), now=START)
    notifier(tmp_path, second).deliver(now=START + HOUR)
    assert outbox.waiting_messages(Store(str(tmp_path / "store"))) == []
    assert second.asked == []


def test_a_message_that_was_kept_and_not_sent_when_the_process_died_is_sent_by_the_next(
    tmp_path: Path, receiver: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the outbox and the standing: told once from the outbox, at worst twice, never not at all."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(open_alerts, "keep", killed)
        with pytest.raises(KeyboardInterrupt):
            notifier(tmp_path, receiver).report(seen(DRIFT), now=START)
    assert receiver.taken == []
    notifier(tmp_path, receiver).deliver(now=START + MINUTE)
    assert receiver.titles == ["Drift detected: attack (error)"]


class FullDisk(Store):
    """A store on a disk without room: it can be read and emptied, not written."""

    full = True

    def write_all(self, files: dict[str, bytes]) -> None:
        """Refuse while the disk is full."""
        if self.full:
            raise StoreError(os.strerror(errno.ENOSPC))
        super().write_all(files)


def test_a_full_disk_is_told_at_once_and_only_once(tmp_path: Path, receiver: Webhook) -> None:
    mine = replace(notifier(tmp_path, receiver), store=FullDisk(str(tmp_path / "store")))
    for minute in range(5):
        mine.report(seen(DRIFT), now=START + minute * MINUTE)
    assert receiver.titles == ["Drift detected: attack (error)"]
    FullDisk.full = False
    try:
        mine.report(seen(DRIFT), now=START + HOUR)
        assert [one.count for one in open_alerts.all_known(Store(str(tmp_path / "store")))] == [6]
    finally:
        FullDisk.full = True


def test_what_can_be_neither_kept_nor_sent_is_an_error_and_told_by_the_next_look(
    tmp_path: Path, receiver: Webhook
) -> None:
    receiver.status = 500
    mine = replace(notifier(tmp_path, receiver), store=FullDisk(str(tmp_path / "store")))
    with pytest.raises(StoreError, match="neither kept nor sent"):
        mine.report(seen(DRIFT), now=START)
    receiver.status = 200
    mine.report(seen(DRIFT), now=START + MINUTE)
    assert receiver.titles == ["Drift detected: attack (error)"]


def test_a_delivery_that_cannot_be_noted_is_not_repeated(tmp_path: Path, receiver: Webhook, second: Webhook) -> None:
    """The first channel has it, the second fails, and then the disk is full."""
    second.status = 500
    mine = notifier(tmp_path, receiver, second)
    outbox.put(mine.store, outbox.Message("t", "b", "error", good=False, made=START), mine.channels, now=START)
    full = replace(mine, store=FullDisk(mine.store.uri))
    for minute in range(60):
        full.deliver(now=START + minute * MINUTE)
    assert len(receiver.taken) == 1
    second.status = 200
    full.deliver(now=START + 3 * HOUR)
    assert outbox.waiting_messages(mine.store) == []


def test_without_channels_everything_is_in_the_log_and_nothing_waits(tmp_path: Path) -> None:
    mine = notifier(tmp_path)
    mine.report(seen(DRIFT), now=START)
    (entry,) = logged(tmp_path)
    assert (entry["event"], entry["kind"], entry["key"], entry["severity"]) == (
        "new",
        "drift_detected",
        "attack",
        "error",
    )
    assert outbox.waiting_messages(mine.store) == []


def test_damaged_files_are_passed_over(tmp_path: Path, receiver: Webhook) -> None:
    mine = notifier(tmp_path, receiver)
    mine.report(seen(DRIFT), now=START)
    (leaf,) = mine.store.list("alerts/state/drift_detected")
    mine.store.write(f"alerts/state/drift_detected/{leaf}", b'{"format": 1, "stan')
    mine.store.write("alerts/outbox/20260101T000000.000000-0.json", b"\x00\xff")
    mine.report(seen(DRIFT), now=START + MINUTE)
    assert len(receiver.taken) == 2, "told again, since what was known is lost"


def test_what_is_long_over_and_what_never_arrived_is_forgotten_after_a_month(tmp_path: Path, receiver: Webhook) -> None:
    receiver.status = 500
    mine = notifier(tmp_path, receiver)
    mine.report(seen(DRIFT, replace(DRIFT, key="severity")), now=START)
    mine.report(seen(replace(DRIFT, key="severity")), now=START + HOUR)
    mine.tidy(now=START + 29 * 24 * HOUR)
    assert len(open_alerts.all_known(mine.store)) == 2
    mine.tidy(now=START + 32 * 24 * HOUR)
    assert [standing.alert.key for standing in open_alerts.all_known(mine.store)] == ["severity"]
    assert outbox.waiting_messages(mine.store) == []


def test_no_file_holds_the_secret_of_a_url(tmp_path: Path, receiver: Webhook) -> None:
    receiver.status = 500
    mine = notifier(tmp_path, receiver)
    mine.report(seen(DRIFT), now=START)
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or b"very-secret-token" not in file.read_bytes()


def test_when_the_time_is_up_the_rest_waits_for_the_next_look(
    tmp_path: Path, receiver: Webhook, second: Webhook
) -> None:
    """Channels that let a caller wait must not hold a sensor until it is cut off."""
    mine = notifier(tmp_path, receiver, second)
    replace(mine, budget_seconds=0.0).report(seen(DRIFT), now=START)
    assert receiver.asked == second.asked == []
    mine.deliver(now=START + MINUTE)
    assert len(receiver.taken) == len(second.taken) == 1


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


def test_several_processes_that_see_the_same_at_once_tell_it_once_and_lose_no_count(
    tmp_path: Path, receiver: Webhook
) -> None:
    command = (sys.executable, "-c", REPORTER, str(tmp_path), receiver.url)
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert receiver.titles == ["Check failed: check 0 (warning) (and 4 more)"]
    assert [one.count for one in open_alerts.all_known(Store(str(tmp_path / "store")))] == [15] * 5
    assert [entry["event"] for entry in logged(tmp_path)] == ["new"] * 5 + ["delivered"]


def test_an_event_after_which_nothing_came_for_a_month_is_forgotten(tmp_path: Path) -> None:
    """A check that is no longer in the code can never pass again."""
    mine = notifier(tmp_path)
    mine.report(Observation((alert("check_failed", "gone: away", "12.", since=START, happened=START),)), now=START)
    mine.report(seen(DRIFT), now=START)
    mine.tidy(now=START + 31 * 24 * HOUR)
    assert [standing.alert.kind for standing in open_alerts.all_known(mine.store)] == ["drift_detected"]


def test_an_object_store_keeps_it_as_a_disk_does(tmp_path: Path, receiver: Webhook) -> None:
    receiver.status = 500
    mine = replace(notifier(tmp_path, receiver), store=Store(f"memory://{tmp_path}"))
    for minute in range(3):
        mine.report(seen(DRIFT), now=START + minute * MINUTE)
    assert [one.count for one in open_alerts.all_known(mine.store)] == [3]
    receiver.status = 200
    mine.deliver(now=START + HOUR)
    assert receiver.titles == ["Drift detected: attack (error)"]
    assert outbox.waiting_messages(mine.store) == []
