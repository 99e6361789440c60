import errno
import threading
from pathlib import Path

import msgspec
import numpy as np

from migraine_assets.stores.prediction_log.reader import days, read
from migraine_assets.stores.prediction_log.record import Feedback, PredictionRecord
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.waiting import eventually
from migraine_assets_tests.unit.stores.prediction_log.log_records import NOON, SECRET, feedback, prediction_record
from serving.log.writer import RecordLog, open_feedback, open_prediction_log
from serving.settings import ServingSettings

DAY = "2026-03-01"
SECONDS_A_DAY = 86_400.0


class Disk:
    """Segments in memory, on a disk that is full while `room` is not set."""

    def __init__(self) -> None:
        self.room, self.written, self.closed = threading.Event(), list[tuple[str, bytes]](), False
        self.room.set()

    def write(self, day: str, content: bytes) -> None:
        if not self.room.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        self.written.append((day, content))

    def close(self) -> None:
        self.closed = True


def log_on(disk: Disk, *, seconds: float = 60.0, records: int = 10, limit: int = 100) -> RecordLog[PredictionRecord]:
    return RecordLog(disk, flush_seconds=seconds, flush_records=records, limit=limit)


def test_records_are_written_after_the_flush_interval() -> None:
    disk = Disk()
    log = log_on(disk, seconds=0.01)
    log.append(prediction_record())
    assert eventually(lambda: log.state.written == 1)
    log.close()


def test_many_records_are_written_at_once() -> None:
    disk = Disk()
    log = log_on(disk, seconds=600, records=3)
    for _ in range(3):
        log.append(prediction_record())
    assert eventually(lambda: log.state.written == 3)
    log.close()


def test_closing_the_log_writes_what_is_in_memory() -> None:
    disk = Disk()
    log = log_on(disk, seconds=600)
    log.append(prediction_record())
    assert disk.written == []
    log.close()
    assert len(disk.written) == 1
    assert disk.closed


def test_a_full_disk_delays_records_without_losing_or_repeating_any() -> None:
    disk = Disk()
    disk.room.clear()
    log = log_on(disk)
    # Two days: only what was not written may be tried again.
    for number in range(6):
        log.append(prediction_record(time=NOON + SECONDS_A_DAY * (number // 3), value=float(number)))
    assert not log.flush()
    assert (log.state.backlog, log.state.failures) == (6, 1)
    assert log.state.problem is not None
    disk.room.set()
    assert log.flush()
    values = [msgspec.json.decode(line)["outputs"]["attack"] for _, text in disk.written for line in text.splitlines()]
    assert values == [0, 1, 2, 3, 4, 5]
    assert [day for day, _ in disk.written] == [DAY, "2026-03-02"]
    recovered = log.state
    assert (recovered.backlog, recovered.dropped, recovered.problem) == (0, 0, None)
    log.close()


def test_after_a_failure_only_the_missing_day_is_written_again() -> None:
    class OneWrite(Disk):
        def write(self, day: str, content: bytes) -> None:
            super().write(day, content)
            self.room.clear()

    disk = OneWrite()
    log = log_on(disk)
    for number in range(4):
        log.append(prediction_record(time=NOON + SECONDS_A_DAY * (number // 2), value=0.5))
    assert not log.flush()
    disk.room.set()
    assert log.flush()
    assert [(day, text.count(b"\n")) for day, text in disk.written] == [(DAY, 2), ("2026-03-02", 2)]
    log.close()


def test_records_beyond_the_memory_limit_are_dropped_and_counted() -> None:
    disk = Disk()
    disk.room.clear()
    log = log_on(disk, limit=5)
    for _ in range(8):
        log.append(prediction_record())
    log.flush()
    assert (log.state.backlog, log.state.dropped) == (5, 3)
    log.close()


def test_a_record_that_cannot_be_encoded_is_counted_as_dropped() -> None:
    disk = Disk()
    log = log_on(disk)
    log.append(msgspec.structs.replace(prediction_record(), outputs={"attack": object()}))
    log.append(msgspec.structs.replace(prediction_record(), outputs={"attack": np.float64(0.5)}))
    assert log.flush()
    assert (log.state.written, log.state.dropped) == (1, 1)
    assert log.alive
    log.close()


def test_an_unwritable_folder_does_not_stop_append(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where the folder should be")
    log = open_prediction_log(Store(str(tmp_path)), secret=SECRET, settings=ServingSettings())
    log.append(prediction_record())
    assert not log.flush()
    assert log.state.failures >= 1
    (tmp_path / "log").unlink()
    assert log.flush()
    assert log.state.written == 1
    log.close()


def test_records_of_many_threads_are_all_written(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    log = open_prediction_log(store, secret=SECRET, settings=ServingSettings(flush_records=50, flush_seconds=0.01))

    def append_many() -> None:
        for _ in range(300):
            log.append(prediction_record())

    threads = [threading.Thread(target=append_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert len({record.id for record in read(store, PredictionRecord, day=DAY)}) == 1200


def test_participants_are_logged_under_a_pseudonym() -> None:
    log = open_prediction_log(Store("memory://ids"), secret=SECRET, settings=ServingSettings())
    assert log.pseudonym("anna") == log.pseudonym("anna") != "anna"
    log.close()


def test_feedback_has_a_log_of_its_own(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    log = open_feedback(store, settings=ServingSettings())
    log.append(feedback("some id", attack=True))
    log.close()
    assert days(store, Feedback) == [DAY]
    assert days(store, PredictionRecord) == []
