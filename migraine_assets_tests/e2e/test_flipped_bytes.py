"""One byte of one file of the store is flipped while a service runs: predictions go on, and commands name the file.

A sample. The readers of small files are tested with every byte in `unit/stores/test_damaged_files.py`.
"""

import contextlib
import datetime as dt
import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from migraine_assets_tests.support.homes import CopyHome, Home
from migraine_assets_tests.support.monitoring_results import KINDS, write_task_result
from migraine_assets_tests.support.service import Service
from migraine_assets_tests.support.waiting import eventually

pytestmark = pytest.mark.slow

FLIPS = 4  # in each file
NOW = dt.datetime.now(dt.UTC)
DAYS = [NOW.date() - dt.timedelta(days=back) for back in range(20, 0, -1)]
ENTRIES = [
    {"date": day.isoformat(), "sleep_hours": 6.5, "stress_level": 4, "migraine_occurrence": day.day % 4 == 0}
    for day in DAYS
]
BODY = json.dumps({"participant_id": "P-1", "entries": ENTRIES}).encode()


@pytest.fixture(scope="module")
def served(trained_home: Home, copy_of: CopyHome) -> Iterator[tuple[Home, Service]]:
    """A trained home with files of every kind in its store, and a service on it."""
    home = copy_of(trained_home)
    for kind in KINDS:
        write_task_result(home.store, kind, "none", day=DAYS[-1], now=NOW)
    service = Service(home.root, ("--plain",), {"SERVING_POLL_SECONDS": "0.01", "SERVING_FLUSH_SECONDS": "0.1"})
    try:
        assert eventually(lambda: service.responds("/ready")), service.output.read_text()
        identity = json.loads(service.request("POST", "/predict", BODY)[1])["prediction_id"]
        report = json.dumps({"prediction_id": identity, "migraine_occurrence": True}).encode()
        assert service.request("POST", "/feedback", report)[0] == 200
        assert eventually(lambda: service.metric("migraine_receipts_written_total") == 2)
        yield home, service
    finally:
        service.stop(signal.SIGTERM)


def _files(home: Home) -> list[Path]:
    store = home.root / "store"
    return sorted(path for path in store.rglob("*") if path.is_file() and path.stat().st_size)


@contextlib.contextmanager
def _flipped(file: Path, position: int) -> Iterator[None]:
    whole = file.read_bytes()
    file.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
    try:
        yield
    finally:
        file.write_bytes(whole)


def test_the_service_goes_on_with_the_models_that_it_has(served: tuple[Home, Service]) -> None:
    home, service = served
    generator = random.Random(16)
    bundle = home.pointer.tasks["attack"].champion
    for file in _files(home):
        size = file.stat().st_size
        for position in {0, size - 1, *generator.sample(range(size), min(FLIPS, size))}:
            with _flipped(file, position):
                status, ready = service.request("GET", "/ready")
                assert (status, json.loads(ready)["models"]["attack"]) == (200, bundle), (file, position)
                status, answer = service.request("POST", "/predict", BODY)
                assert status == 200, (file, position, answer)
    assert service.process.poll() is None


def test_a_damaged_pointer_is_named_until_it_is_whole_again(served: tuple[Home, Service]) -> None:
    home, service = served
    with _flipped(home.root / "store/registry/pointer.json", 0):
        assert eventually(lambda: b"pointer file is invalid" in service.request("GET", "/ready")[1])
        assert service.metric("migraine_model_problems") == 1
        assert service.request("POST", "/predict", BODY)[0] == 200
    assert eventually(lambda: b"pointer file is invalid" not in service.request("GET", "/ready")[1])


@pytest.mark.parametrize("folder", ["assets", "bundles", "deliveries/log", "frames", "log", "monitoring", "registry"])
def test_commands_name_the_file_or_do_not_need_it(served: tuple[Home, Service], folder: str) -> None:
    home, _ = served
    inside = [file for file in _files(home) if folder in file.relative_to(home.root / "store").as_posix()]
    file = random.Random(folder).choice(inside)
    with _flipped(file, 1):
        doctor, erase = home.migraine("doctor"), home.migraine("erase", "P-1")
    assert doctor.code == 2, doctor.text
    assert erase.code in (0, 5), erase.text
    for ended in (doctor, erase):
        assert "bug in the platform" not in ended.text
        assert "Traceback" not in ended.text
    name = file.stem[:20]
    assert name in "".join(doctor.text.split()) or file.parent.name[:12] in "".join(doctor.text.split())


def test_monitoring_goes_on_without_a_damaged_record_of_a_delivery(served: tuple[Home, Service]) -> None:
    home, _ = served
    record = next((home.root / "store/deliveries/log").iterdir())
    with _flipped(record, 0):
        ended = home.migraine("monitor")
    assert ended.code == 0, ended.text
