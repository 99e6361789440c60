"""A store has one writer at a time, on a disk and, with leases, in an object store."""

import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from migraine_assets.stores.locks import LockHeld
from migraine_assets.stores.store import Store
from migraine_assets.stores.store_lock import LEASES, LeaseLost, check_held, hold_store
from migraine_assets_tests.support.waiting import eventually

FAST = {"ttl_seconds": 0.3, "renew_seconds": 0.02}


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store") if request.param == "local" else f"memory://{uuid.uuid4().hex}")


def test_another_owner_is_refused_and_the_same_one_may_enter(store: Store) -> None:
    with hold_store(store, "run-1", **FAST):
        with pytest.raises(LockHeld, match="Another run or erasure is active"), hold_store(store, "run-2", **FAST):
            pass
        with hold_store(store, "run-1", **FAST):
            check_held(store, "run-1")
        with pytest.raises(LockHeld), hold_store(store, "run-2", **FAST):
            pass
    with hold_store(store, "run-2", **FAST):
        pass


def test_a_step_that_ends_does_not_free_the_lock_of_its_run(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    with hold_store(store, "run-1"):
        with hold_store(store, "run-1"):
            pass
        with pytest.raises(LockHeld), hold_store(store, "run-2"):
            pass


def test_a_waiting_owner_enters_when_the_other_ends(store: Store) -> None:
    entered, waiting = threading.Event(), threading.Event()

    def wait() -> None:
        with hold_store(store, "erase", wait_seconds=60, on_wait=lambda _: waiting.set(), **FAST):
            entered.set()

    with hold_store(store, "run", **FAST):
        thread = threading.Thread(target=wait)
        thread.start()
        assert waiting.wait(10)
        assert not entered.is_set()
    assert entered.wait(10)
    thread.join()


def test_two_homes_on_one_store_take_turns(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from migraine_assets.stores.store import Store; from migraine_assets.stores.store_lock import hold_store\n"
        "store = Store(sys.argv[1])\n"
        "for _ in range(20):\n"
        "    with hold_store(store, sys.argv[2], wait_seconds=60, renew_seconds=0.001):\n"
        "        total = int(store.read('total')); store.write('total', str(total + 1).encode())\n"
    )
    store = Store(str(tmp_path))
    store.write("total", b"0")
    homes = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name]) for name in ("one", "other")]
    assert [home.wait() for home in homes] == [0, 0]
    assert store.read("total") == b"40"


def test_the_lock_of_a_killed_run_is_free(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from migraine_assets.stores.store import Store; from migraine_assets.stores.store_lock import hold_store\n"
        "with hold_store(Store(sys.argv[1]), 'run'):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    with hold_store(Store(str(tmp_path)), "next"):
        pass


class _Cut(Store):
    """A store that no longer responds."""

    cut = False

    def list(self, folder: str) -> list[str]:
        if self.cut:
            from migraine_assets.errors import StoreError

            raise StoreError("no answer")
        return super().list(folder)


def test_a_run_that_lost_its_lease_is_fenced() -> None:
    """The run had no network for longer than its lease, so another run took over the store, and may even have ended."""
    uri = f"memory://{uuid.uuid4().hex}"
    stale, store = _Cut(uri), Store(uri)
    with hold_store(stale, "run-1", **FAST):
        stale.cut = True
        with hold_store(store, "run-2", wait_seconds=0, **FAST):
            stale.cut = False
            check_held(store, "run-2")
            with pytest.raises(LeaseLost, match="Nothing was promoted"):
                check_held(stale, "run-1")
        with pytest.raises(LeaseLost):
            check_held(stale, "run-1")
    assert store.list(LEASES) == ["000001.json", "000002.json"]
    # The end of the stale run changed nothing, and a run that never had a lease is not affected.
    check_held(store, "run-3")
    with hold_store(store, "run-3", **FAST):
        pass


def test_a_lease_that_is_renewed_lasts_and_old_ones_are_removed() -> None:
    store = Store(f"memory://{uuid.uuid4().hex}")
    for number in range(25):
        with hold_store(store, f"run-{number}", **FAST):
            pass
    assert len(store.list(LEASES)) <= 22
    with hold_store(store, "long", **FAST):
        first = store.read(f"{LEASES}/{store.list(LEASES)[-1]}")
        assert eventually(lambda: store.read(f"{LEASES}/{store.list(LEASES)[-1]}") != first)
        with pytest.raises(LockHeld), hold_store(store, "other", wait_seconds=0.6, **FAST):
            pass


def test_a_damaged_lease_does_not_block_the_store() -> None:
    store = Store(f"memory://{uuid.uuid4().hex}")
    store.write(f"{LEASES}/000001.json", b"{")
    with hold_store(store, "run", **FAST):
        check_held(store, "run")
