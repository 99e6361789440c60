"""The service under Ray Serve. One service is started, and the tests run in this order."""

import datetime as dt
import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from migraine_assets.stores.prediction_log.reader import find_record
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.hostile_tables import deep_schema, parquet
from migraine_assets_tests.support.ports import free_port
from migraine_assets_tests.support.service import BODY, Load, Service, put_champion
from migraine_assets_tests.support.sockets import reachable_from_elsewhere
from migraine_assets_tests.support.waiting import eventually
from serving.input.arrow_files import PARQUET
from serving.log.replay import record_of, replay

pytestmark = pytest.mark.slow

ENVIRONMENT = {
    "SERVING_MAX_REPLICAS": "2",
    "SERVING_POLL_SECONDS": "0.2",
    "SERVING_FLUSH_SECONDS": "0.2",
    "SERVING_HEALTH_PORT": str(free_port()),
    "SERVING_METRICS_PORT": str(free_port()),
    # No replica stops while the test counts.
    "SERVING_DOWNSCALE_DELAY": "600",
}
NAMES = "migraine_api_requests_total"
PREDICTED = {"endpoint": "/predict", "status": "200"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("service"), environment=ENVIRONMENT)
    try:
        assert eventually(lambda: running.process.poll() is not None or running.responds("/health"))
        yield running
    finally:
        if running.process.poll() is None:
            running.stop(signal.SIGTERM)


def replicas(service: Service) -> list[int]:
    return [pid for pid, line in service.descendants().items() if "ServeReplica" in line]


def test_without_a_champion_it_is_alive_but_not_ready_and_says_what_to_do(service: Service) -> None:
    assert service.responds("/health")
    status, body = service.request("GET", "/ready")
    assert status == 503
    assert b"migraine run" in body
    assert eventually(lambda: "no champion yet" in service.output.read_text())


def test_nothing_of_it_can_be_reached_from_elsewhere(service: Service) -> None:
    """This includes the service, HAProxy's statistics and the servers of Ray, some of which have no setting for it."""
    assert reachable_from_elsewhere(service.process.pid) == []


def test_the_first_champion_is_served_and_its_answers_can_be_replayed(service: Service) -> None:
    bundle = put_champion(service.store, weight=0.01)
    assert eventually(lambda: service.responds("/ready"))
    with Load(service, connections=2) as load:
        eventually(lambda: len(load.answers) >= 20)
    assert not load.failures
    assert {answer["model"]["attack"]["bundle"] for answer in load.answers} == {bundle}
    store, identity = Store(service.store.uri), load.answers[0]["prediction_id"]
    assert eventually(lambda: find_record(store, identity))
    [repeated] = replay(store, record_of(store, identity))
    assert repeated.same
    assert load.answers[0]["attack"]["probability"] == pytest.approx(repeated.repeated)


def test_a_table_that_kills_its_decoder_costs_no_replica_and_is_not_sent_to_another_one(service: Service) -> None:
    before, hostile = replicas(service), deep_schema(40_000)
    with Load(service, connections=2) as load:
        answers = [service.request("POST", "/predict/batch", hostile, kind=PARQUET) for _ in range(3)]
        good = service.request("POST", "/predict/batch", parquet(pa.table({"age": [30.0]})), kind=PARQUET)
    assert [(status, b"undecodable-table" in body) for status, body in answers] == [(422, True)] * 3
    assert good[0] == 200
    assert not load.failures
    assert replicas(service)[: len(before)] == before
    assert eventually(lambda: service.metric("migraine_table_worker_deaths_total") == len(answers))


def test_a_promotion_under_load_fails_no_request_and_answers_match_the_model_they_name(service: Service) -> None:
    promoted = set()
    with Load(service, connections=4) as load:
        for weight in (0.02, 0.03, 0.04):
            bundle = put_champion(service.store, weight=weight)
            promoted.add(bundle)
            assert eventually(partial(_last_is, load, bundle))
    assert not load.failures
    served = {(_bundle(answer), answer["attack"]["probability"]) for answer in load.answers}
    assert promoted <= {bundle for bundle, _ in served}
    assert len(served) == len({bundle for bundle, _ in served})


def test_load_starts_a_second_replica_and_killing_one_fails_one_request_per_connection(
    service: Service,
) -> None:
    before, connections = service.metric(NAMES, **PREDICTED), 24
    with Load(service, connections=connections) as load:
        assert eventually(lambda: service.metric("migraine_replicas") == 2)
        assert _more_answers(load, 200)
        killed = replicas(service)[0]
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: len(set(replicas(service)) - {killed}) == 2), "the killed replica was not replaced"
        assert _more_answers(load, 1000)
    assert sum(load.failures.values()) <= connections
    counted = service.metric(NAMES, **PREDICTED) - before
    # A request whose response died with the replica is counted, and was repeated.
    assert len(load.answers) <= counted <= len(load.answers) + connections
    # The replica may have died between two increments.
    assert 0 <= service.metric("migraine_prediction_latency_seconds_count") - service.metric(NAMES, **PREDICTED) <= 1


def test_counters_never_decrease_whichever_replica_answers(service: Service) -> None:
    shown = []
    for _ in range(20):
        assert service.request("POST", "/predict", BODY)[0] == 200
        shown.append(service.metric(NAMES, **PREDICTED))
    assert shown == sorted(shown)


def test_replicas_share_kept_diaries_a_killed_one_loses_no_acknowledged_day_and_no_log_has_a_name(
    service: Service,
) -> None:
    name, killed, acknowledged = "participant-of-ray", replicas(service)[0], []
    dates = [(dt.date(2025, 1, 1) + dt.timedelta(days=k)).isoformat() for k in range(90)]

    def keep(dates: list[str]) -> None:
        for date in dates:
            if service.request("PUT", f"/diaries/{name}/days/{date}", b'{"stress_level": 4}')[0] == 200:
                acknowledged.append(date)

    with ThreadPoolExecutor(4) as threads:
        work = [threads.submit(keep, dates[k::4]) for k in range(4)]
        assert eventually(lambda: len(acknowledged) > 20)
        os.kill(killed, signal.SIGKILL)
        for each in work:
            each.result()
    entries = json.loads(service.request("GET", f"/diaries/{name}")[1])["entries"]
    assert set(acknowledged) <= {entry["date"] for entry in entries}
    assert all(entry == {"date": entry["date"], "stress_level": 4} for entry in entries)
    assert service.responds(f"/forecast/{name}")
    assert eventually(lambda: len(set(replicas(service)) - {killed}) == 2), "the killed replica was not replaced"
    folders = [
        line.split("--temp-dir=")[1].split()[0] for line in service.descendants().values() if "temp-dir=" in line
    ]
    logs = [path for folder in folders for path in Path(folder).rglob("*") if path.is_file() and "logs" in path.parts]
    assert logs
    assert [path for path in (service.output, *logs) if name.encode() in path.read_bytes()] == []


def test_ctrl_c_cuts_no_request_and_stops_every_process(service: Service) -> None:
    started = service.descendants()
    assert any("ServeReplica" in line for line in started.values())
    folders = [Path(line.split("--temp-dir=")[1].split()[0]) for line in started.values() if "--temp-dir=" in line]
    printed = len(service.output.read_text())
    with Load(service, connections=8) as load:
        assert _more_answers(load, 50)
        assert service.stop(signal.SIGINT) == 0
    # A broken pipe: an idle connection was closed before its next request was sent.
    assert set(load.failures) <= {"ConnectionRefusedError", "BrokenPipeError"}, load.failures
    assert eventually(lambda: not any(_runs(pid) for pid in started))
    assert not any(folder.exists() for folder in folders)
    # Ray reports the processes that it ends itself as killed or crashed.
    after = service.output.read_text()[printed:]
    assert "Stopped." in after
    assert not [word for word in ("SIGSEGV", "OOM", "raylet", "Traceback") if word in after]


def _bundle(answer: dict) -> str:  # type: ignore[type-arg]
    bundle: str = answer["model"]["attack"]["bundle"]
    return bundle


def _more_answers(load: Load, count: int) -> bool:
    """Wait for `count` more answers."""
    enough = len(load.answers) + count
    return bool(eventually(lambda: len(load.answers) >= enough))


def _last_is(load: Load, bundle: str) -> bool:
    return bool(load.answers) and _bundle(load.answers[-1]) == bundle


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
