import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from serving.metrics import shared_counts
from serving.metrics.shared_counts import ARCHIVE, NodeFolder, ReplicaState


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Callable[[], NodeFolder]]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(NodeFolder(tmp_path)))


def test_the_counts_of_all_replicas_are_added(replica: Callable[[], NodeFolder]) -> None:
    one, two = replica(), replica()
    one.add("a")
    two.add("a", 2.5)
    two.add("b")
    assert one.snapshot().totals == two.snapshot().totals == {"a": 3.5, "b": 1.0}


def test_the_counts_of_a_replica_outlive_it_and_its_state_does_not(replica: Callable[[], NodeFolder]) -> None:
    one, two = replica(), replica()
    two.add("a")
    two.publish(ReplicaState(backlog=3))
    assert one.snapshot().states == (ReplicaState(backlog=3),)
    two.close()
    for _ in range(3):
        assert one.snapshot().totals == {"a": 1.0}
    assert one.snapshot().states == ()


def test_the_folder_does_not_grow_with_the_replicas_that_came_and_went(
    tmp_path: Path, replica: Callable[[], NodeFolder]
) -> None:
    stays = replica()
    for _ in range(20):
        goes = replica()
        goes.add("a")
        goes.close()
        stays.snapshot()
    assert stays.snapshot().totals == {"a": 20.0}
    assert len(list(tmp_path.iterdir())) <= 5


def test_counting_after_the_end_is_ignored(replica: Callable[[], NodeFolder]) -> None:
    node = replica()
    node.close()
    node.close()
    node.add("a")


def count_until_killed(folder: Path, ready: "multiprocessing.synchronize.Event") -> None:
    node = NodeFolder(folder)
    for _ in range(1000):
        node.add("a")
    ready.set()
    signal.pause()


def test_a_killed_replica_loses_no_count(tmp_path: Path, replica: Callable[[], NodeFolder]) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=count_until_killed, args=(tmp_path, ready))
    process.start()
    assert ready.wait(60)
    node = replica()
    assert node.snapshot().totals == {"a": 1000.0}
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert node.snapshot().totals == {"a": 1000.0}
    assert json.loads((tmp_path / ARCHIVE).read_text())["totals"] == {"a": 1000.0}


def test_a_death_between_archiving_and_removing_counts_nothing_twice(
    tmp_path: Path, replica: Callable[[], NodeFolder]
) -> None:
    node, gone = replica(), replica()
    gone.add("a")
    gone.close()
    left = [path for path in tmp_path.iterdir() if path.stem == gone._id]
    copies = [(path, shutil.copy(path, tmp_path / f"{path.name}.copy")) for path in left]
    assert node.snapshot().totals == {"a": 1.0}
    for path, copy in copies:
        Path(copy).rename(path)
    assert node.snapshot().totals == {"a": 1.0}
    assert node.snapshot().totals == {"a": 1.0}


def test_files_of_a_replica_killed_during_its_start_are_accepted(
    tmp_path: Path, replica: Callable[[], NodeFolder]
) -> None:
    node = replica()
    (tmp_path / "1-aaaa.alive").touch()
    (tmp_path / "2-bbbb.alive").touch()
    (tmp_path / "2-bbbb.counts").touch()
    node.add("a")
    assert node.snapshot().totals == {"a": 1.0}


def test_the_number_of_keys_is_bounded(replica: Callable[[], NodeFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_counts, "MOST_KEYS", 3)
    node = replica()
    for number in range(10):
        node.add(str(number))
        node.add("0")
    assert node.snapshot().totals == {"0": 11.0, "1": 1.0, "2": 1.0}


def test_the_highest_value_is_kept(replica: Callable[[], NodeFolder]) -> None:
    one, two = replica(), replica()
    assert one.highest("drift", 4.0) == 4.0
    assert two.highest("drift", 3.0) == 4.0
    assert two.highest("drift", 5.0) == 5.0


def test_a_total_that_is_kept_elsewhere_never_decreases(replica: Callable[[], NodeFolder]) -> None:
    node = replica()
    for value in (5.0, 3.0):
        node.raise_to("written", value)
    assert node.snapshot().totals == {"written": 5.0}
