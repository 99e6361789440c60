"""Rate limits."""

import multiprocessing
import os
import signal
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.access.rate_limit import SLOTS, Limiter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_a_steady_rate_then_a_burst_again_after_a_rest(tmp_path: Path) -> None:
    clock = Clock()
    limiter = Limiter(tmp_path, rate=10, burst=3, clock=clock)
    assert [limiter.allow("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert limiter.allow("a") == pytest.approx(0.1)
    clock.now += 0.1
    assert limiter.allow("a") == 0.0
    assert limiter.allow("a") == pytest.approx(0.1)
    clock.now += 60
    assert [bool(limiter.allow("a")) for _ in range(4)] == [False, False, False, True]


def test_each_client_has_its_own_limit(tmp_path: Path) -> None:
    limiter = Limiter(tmp_path, rate=1, burst=1, clock=Clock())
    assert limiter.allow("a") == 0.0
    assert limiter.allow("a") > 0
    assert limiter.allow("b") == 0.0


def test_the_replicas_of_a_node_share_one_limit(tmp_path: Path) -> None:
    clock = Clock()
    replicas = [Limiter(tmp_path, rate=1, burst=4, clock=clock) for _ in range(2)]
    allowed = [replica.allow("a") == 0.0 for _ in range(4) for replica in replicas]
    assert sum(allowed) == 4


@settings(max_examples=30)
@given(
    rate=st.floats(0.5, 50),
    burst=st.integers(1, 20),
    pauses=st.lists(st.floats(0, 2), min_size=1, max_size=60),
)
def test_never_more_than_the_burst_and_the_rate_allow(
    tmp_path_factory: pytest.TempPathFactory, rate: float, burst: int, pauses: list[float]
) -> None:
    clock = Clock()
    limiter = Limiter(tmp_path_factory.mktemp("limits"), rate=rate, burst=burst, clock=clock)
    began, allowed = clock.now, 0
    for pause in pauses:
        clock.now += pause
        allowed += limiter.allow("a") == 0.0
        assert allowed <= burst + (clock.now - began) * rate + 1e-6
    limiter.close()


def test_a_client_that_waits_as_long_as_asked_is_allowed(tmp_path: Path) -> None:
    clock = Clock()
    limiter = Limiter(tmp_path, rate=3, burst=2, clock=clock)
    while not (wait := limiter.allow("a")):
        pass
    clock.now += wait + 1e-9
    assert limiter.allow("a") == 0.0


def test_a_rate_of_zero_is_no_limit_and_creates_no_file(tmp_path: Path) -> None:
    limiter = Limiter(tmp_path, rate=0, burst=1)
    assert not any(limiter.allow("a") for _ in range(100))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("torn", [float("nan"), float("inf"), -1e300, 1e300])
def test_a_torn_number_locks_no_client_out(tmp_path: Path, torn: float) -> None:
    clock = Clock()
    limiter = Limiter(tmp_path, rate=1, burst=1, clock=clock)
    limiter.allow("a")
    table = bytearray((tmp_path / "limits").read_bytes())
    at = next(offset for offset in range(0, len(table), 16) if table[offset : offset + 8] != bytes(8))
    table[at + 8 : at + 16] = struct.pack("<d", torn)
    with (tmp_path / "limits").open("r+b") as file:
        file.write(table)
    clock.now += 2
    waits = limiter.allow("a")
    clock.now += waits + 1e-9
    assert waits <= 1.0
    assert limiter.allow("a") <= 1.0


def test_a_full_table_never_locks_a_new_client_out(tmp_path: Path) -> None:
    limiter = Limiter(tmp_path, rate=1, burst=1, clock=Clock())
    assert not any(limiter.allow(f"client {number}") for number in range(SLOTS // 8))
    with (tmp_path / "limits").open("r+b") as file:
        file.write(struct.pack("<Qd", 7, 1000.0) * SLOTS)
    assert limiter.allow("a new one") == 0.0


def hold_lock(folder: Path, locked: "multiprocessing.synchronize.Event") -> None:
    limiter = Limiter(folder, rate=1, burst=1)
    assert limiter._lock()
    locked.set()
    signal.pause()


def test_neither_a_hanging_nor_a_killed_replica_blocks_the_others(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    locked = context.Event()
    other = context.Process(target=hold_lock, args=(tmp_path, locked))
    other.start()
    assert locked.wait(60)
    limiter = Limiter(tmp_path, rate=1, burst=1)
    assert limiter.allow("a") == 0.0
    assert other.pid is not None
    os.kill(other.pid, signal.SIGKILL)
    other.join()
    assert limiter._lock()
    limiter.close()
