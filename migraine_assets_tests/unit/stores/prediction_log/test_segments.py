import resource
import signal
from pathlib import Path

import pytest

from migraine_assets.stores.prediction_log.segments import LocalSegments, ObjectSegments, segments
from migraine_assets.stores.store import Store

DAY = "2026-03-01"


def local(folder: Path, *, limit: int = 1000) -> LocalSegments:
    return LocalSegments(folder, "writer", segment_bytes=limit)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.jsonl"))}


def test_nothing_is_created_before_the_first_write(tmp_path: Path) -> None:
    segments(Store(str(tmp_path / "store")), "predictions", segment_bytes=10).close()
    assert list(tmp_path.iterdir()) == []


def test_writes_of_a_day_go_into_one_segment_until_it_is_full(tmp_path: Path) -> None:
    writer = local(tmp_path, limit=4)
    for line in (b"1\n", b"2\n", b"3\n"):
        writer.write(DAY, line)
    assert contents(tmp_path) == {f"{DAY}/writer-000000.jsonl": b"1\n2\n", f"{DAY}/writer-000001.jsonl": b"3\n"}


def test_a_new_day_starts_a_new_segment(tmp_path: Path) -> None:
    writer = local(tmp_path)
    writer.write(DAY, b"1\n")
    writer.write("2026-03-02", b"2\n")
    assert contents(tmp_path) == {f"{DAY}/writer-000000.jsonl": b"1\n", "2026-03-02/writer-000001.jsonl": b"2\n"}


def test_a_partly_failed_write_leaves_nothing(tmp_path: Path) -> None:
    writer = local(tmp_path, limit=1 << 20)
    writer.write(DAY, b"1\n")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OSError):
            writer.write(DAY, b"x" * 500 + b"\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    writer.write(DAY, b"2\n")
    assert contents(tmp_path) == {f"{DAY}/writer-000000.jsonl": b"1\n2\n"}


def test_a_removed_segment_is_followed_by_a_new_one(tmp_path: Path) -> None:
    writer = local(tmp_path)
    writer.write(DAY, b"1\n")
    (tmp_path / DAY / "writer-000000.jsonl").unlink()
    (tmp_path / DAY).rmdir()
    writer.write(DAY, b"2\n")
    assert contents(tmp_path) == {f"{DAY}/writer-000001.jsonl": b"2\n"}


def test_two_writers_never_share_a_segment(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    for line in (b"1\n", b"2\n"):
        segments(store, "predictions", segment_bytes=100).write(DAY, line)
    assert sorted(contents(tmp_path).values()) == [b"1\n", b"2\n"]


def test_an_object_store_gets_a_complete_segment_with_each_write() -> None:
    store = Store("memory://segments-of-an-object-store")
    writer = segments(store, "predictions", segment_bytes=100)
    assert isinstance(writer, ObjectSegments)
    writer.write(DAY, b"1\n")
    writer.write(DAY, b"2\n")
    folder = f"log/predictions/{DAY}"
    assert [store.read(f"{folder}/{name}") for name in store.list(folder)] == [b"1\n", b"2\n"]
