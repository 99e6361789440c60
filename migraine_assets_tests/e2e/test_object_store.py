"""The store on S3: a real server on loopback, and the whole way from a diary to a logged prediction."""

import io
import json
import logging
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import write_document
from migraine_assets.stores.locks import LockHeld
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.store import Store
from migraine_assets.stores.store_lock import LEASES, Lease, LeaseLost, check_held, hold_store
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.ports import free_port
from migraine_assets_tests.support.service import BODY, Service, put_champion
from migraine_assets_tests.support.small_diary import write_diary
from migraine_assets_tests.support.waiting import eventually

BUCKET = "migraine"


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """The variables with which any S3 client reaches the server, also set in this process."""
    from moto.server import ThreadedMotoServer

    port = free_port()
    # It would log every request.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    variables = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        import boto3

        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield variables
    finally:
        os.environ.clear()
        os.environ.update(before)
        server.stop()


@pytest.fixture
def uri(environment: dict[str, str], request: pytest.FixtureRequest) -> str:
    """A separate prefix for each test."""
    assert environment
    return f"s3://{BUCKET}/{request.node.name[:60]}"


def test_a_stream_larger_than_a_part_is_copied_or_leaves_nothing(uri: str) -> None:
    store, content = Store(uri), os.urandom(12 << 20)
    store.create_copy("files/large", lambda: io.BytesIO(content))
    assert store.read("files/large") == content

    class Broken(io.BytesIO):
        def read(self, count: int | None = -1) -> bytes:
            if self.tell() > 10 << 20:
                raise OSError(5, "Input/output error")
            return super().read(count)

    with pytest.raises(StoreError, match="Input/output error"):
        store.create_copy("files/broken", lambda: Broken(content))
    assert store.list("files") == ["large"]


def test_files_of_other_clients_are_listed_at_once(uri: str) -> None:
    """A client that caches listings would miss later deliveries, segments and promotions."""
    import boto3

    store = Store(uri)
    store.write("log/000001.json", b"{}")
    assert store.list("log") == ["000001.json"]
    boto3.client("s3").put_object(
        Bucket=BUCKET, Key=f"{uri.removeprefix(f's3://{BUCKET}/')}/log/000002.json", Body=b"{}"
    )
    assert store.list("log") == ["000001.json", "000002.json"]
    assert store.exists("log/000002.json")


def test_exactly_one_of_several_clients_creates_a_name(uri: str) -> None:
    """Machines without a common lock claim the numbers of deliveries and promotions in this way."""
    for number in range(5):
        barrier = threading.Barrier(4)

        def create(who: int, name: str = f"numbers/{number}", barrier: threading.Barrier = barrier) -> bool:
            store = Store(uri)
            barrier.wait()
            return store.create(name, str(who).encode())

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(create, range(4))) == 1


def test_one_owner_at_a_time_holds_a_bucket(uri: str) -> None:
    times = {"ttl_seconds": 1.5, "renew_seconds": 0.1}
    with hold_store(Store(uri), "run-1", **times):
        with pytest.raises(LockHeld), hold_store(Store(uri), "run-2", **times):
            pass
        check_held(Store(uri), "run-1")
    # The lease of a run that was killed: nobody renews or releases it.
    write_document(Store(uri), f"{LEASES}/000002.json", Lease(owner="killed", beat="0"))
    with hold_store(Store(uri), "run-3", **times):
        check_held(Store(uri), "run-3")
        with pytest.raises(LeaseLost):
            check_held(Store(uri), "killed")


def test_a_server_that_is_away_is_no_empty_store(uri: str, environment: dict[str, str]) -> None:
    address = environment["AWS_ENDPOINT_URL"].rsplit(":", 1)[0]
    away = Store(uri)
    options = {"endpoint_url": f"{address}:{free_port()}", "config_kwargs": {"retries": {"max_attempts": 1}}}
    away.fs = type(away.fs)(**options, skip_instance_cache=True)
    away.fs.retries = 1
    for use in (away.exists, away.read, away.list):
        with pytest.raises(StoreError, match="cannot be read"):
            use("registry/pointer.json")
    with pytest.raises(StoreError, match="cannot be written"):
        away.write("x", b"")


@pytest.mark.slow
def test_from_a_diary_to_a_champion_and_back(home: Home, environment: dict[str, str], uri: str) -> None:
    write_diary(home.landing / "diary.csv")
    extra = {**environment, "MIGRAINE_STORE_URI": uri}
    done = home.process("run", extra=extra)
    assert done.code == 0, done.text
    assert set(read_pointer(Store(uri)).tasks) == {"attack", "severity"}
    assert not (home.root / "store").exists()
    again = home.process("run", extra=extra)
    assert again.code == 0, again.text
    assert "cached model" in again.text
    checked = home.process("doctor", extra=extra)
    assert checked.code == 0, checked.text


def test_the_service_predicts_logs_and_swaps(environment: dict[str, str], uri: str, tmp_path: Path) -> None:
    store = Store(uri)
    put_champion(store, weight=0.01)
    service = Service(tmp_path, ("--plain",), {**environment, "MIGRAINE_STORE_URI": uri})
    try:
        assert eventually(lambda: service.responds("/ready")), service.output.read_text()
        status, body = service.request("POST", "/predict", BODY)
        assert status == 200, body
        before = service.request("GET", "/models")[1]
        put_champion(store, weight=0.5)
        assert eventually(lambda: service.request("GET", "/models")[1] != before), "the new champion is not served"
        last = json.loads(service.request("POST", "/predict", BODY)[1])["prediction_id"]
    finally:
        code = service.stop(signal.SIGTERM)
    assert code == 0, service.output.read_text()
    # The last prediction before the end is logged too.
    segments = [name for name in store.fs.find(store.root) if "/log/predictions/" in name]
    assert [name for name in segments if last.encode() in store.fs.cat_file(name)]
