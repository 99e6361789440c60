"""Atomic writes of the store, on a disk and on an object store, with killed writers and full disks."""

import errno
import io
import os
import resource
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.errors import StoreError
from migraine_assets.stores.store import Store


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = Store(str(tmp_path / "store") if request.param == "local" else f"memory://{uuid.uuid4().hex}")
    yield opened
    if request.param == "memory":
        opened.fs.store.clear()


def _names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_is_written_and_replaced(store: Store) -> None:
    store.write("a/b.bin", b"one")
    store.write("a/b.bin", b"two")
    assert store.read("a/b.bin") == b"two"
    assert store.exists("a/b.bin")
    assert store.exists("a")
    assert store.list("a") == ["b.bin"]


def test_missing_files_are_reported(store: Store) -> None:
    assert not store.exists("nothing")
    assert store.list("nothing") == []
    store.delete("nothing")
    with pytest.raises(StoreError, match="has no 'nothing'"):
        store.read("nothing")


def test_files_and_folders_can_be_deleted(store: Store) -> None:
    store.write_all({"a/1": b"", "a/2": b"", "b": b""})
    store.delete("a")
    store.delete("b")
    assert not store.exists("a")
    assert not store.exists("b")


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", "a/.."])
def test_names_outside_the_root_are_refused(store: Store, name: str) -> None:
    for use in (store.read, store.exists, store.delete, store.list):
        with pytest.raises(StoreError, match="is not a path inside the store"):
            use(name)
    with pytest.raises(StoreError, match="is not a path inside the store"):
        store.write(name, b"")


@settings(max_examples=60)
@given(parts=st.lists(st.sampled_from(["a", "..", ".", "/", "b.c", " "]), min_size=1, max_size=6))
def test_every_accepted_name_stays_under_the_root(parts: list[str]) -> None:
    store = Store("/some/root")
    try:
        path = store.path("/".join(parts))
    except StoreError:
        return
    assert os.path.normpath(path).startswith("/some/root")


def test_create_does_not_overwrite(store: Store) -> None:
    assert store.create("log/1", b"first")
    assert not store.create("log/1", b"second")
    assert store.read("log/1") == b"first"
    assert store.list("log") == ["1"]


def test_a_folder_is_written_once(store: Store) -> None:
    assert store.write_folder("bundles/x", {"model": b"m", "manifest": b"1"})
    assert not store.write_folder("bundles/x", {"model": b"other", "manifest": b"2"})
    assert store.list("bundles") == ["x"]
    assert store.list("bundles/x") == ["manifest", "model"]
    assert store.read("bundles/x/model") == b"m"


def test_an_unfinished_folder_of_an_object_store_is_completed() -> None:
    store = Store(f"memory://{uuid.uuid4().hex}")
    store.write("bundles/x/model", b"cut")
    assert store.write_folder("bundles/x", {"model": b"m", "manifest": b"1"})
    assert store.read("bundles/x/model") == b"m"
    store.delete("bundles")


def test_unfinished_writes_are_not_listed(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write("a/b", b"")
    (tmp_path / "a" / ".b.0123").write_bytes(b"half")
    assert store.list("a") == ["b"]


def test_an_unreadable_path_is_explained(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write("a", b"a file")
    with pytest.raises(StoreError, match=r"'a/b' .* cannot be"):
        store.write("a/b", b"")
    with pytest.raises(StoreError, match=r"'a/b' .* cannot be"):
        store.write_folder("a/b", {"c": b""})
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"'folder' .* cannot be read"):
        store.read("folder")


def _attempt(store: Store, content: bytes) -> list[str]:
    messages = []
    writes = (
        lambda: store.write("file", content),
        lambda: store.create("new", content),
        lambda: store.write_folder("folder", {"small": b"s", "large": content}),
    )
    for write in writes:
        with pytest.raises(StoreError) as caught:
            write()
        messages.append(str(caught.value))
    return messages


def test_a_write_beyond_a_size_limit_changes_nothing(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write("file", b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        messages = _attempt(store, b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert all("The previous content is unchanged" in message for message in messages)
    assert _names(tmp_path) == ["file"]
    assert store.read("file") == b"before"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mounted = tmp_path / "disk"
    mounted.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mounted)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small file system")
    yield mounted
    subprocess.run(["umount", str(mounted)], check=True)


def test_a_full_disk_changes_nothing_and_is_explained(small_disk: Path) -> None:
    store = Store(str(small_disk))
    store.write("file", b"before")
    assert all("No space left on device. Free some space" in message for message in _attempt(store, b"x" * 200_000))
    assert _names(small_disk) == ["file"]
    assert store.read("file") == b"before"


_WRITER = """
import sys
from migraine_assets.stores.store import Store
store = Store(sys.argv[1])
print("ready", flush=True)
for number in range(10_000):
    content = bytes([number % 256]) * 200_000
    store.write("pointer", content)
    store.write_folder(f"bundles/{number}", {"model": content, "manifest": content})
"""


@pytest.mark.parametrize("delay", [0.002, 0.01, 0.03, 0.07])
def test_a_killed_writer_leaves_only_complete_files(tmp_path: Path, delay: float) -> None:
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    with writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        threading.Event().wait(delay)
        writer.kill()
    store = Store(str(tmp_path))
    for name in store.list("bundles"):
        assert store.list(f"bundles/{name}") == ["manifest", "model"]
        assert store.read(f"bundles/{name}/model") == bytes([int(name) % 256]) * 200_000
    if store.exists("pointer"):
        content = store.read("pointer")
        assert content == content[:1] * 200_000
    store.write("pointer", b"next run")
    assert store.read("pointer") == b"next run"


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_exactly_one_of_several_writers_creates(tmp_path: Path, kind: str) -> None:
    start, won = threading.Barrier(8), []

    def write(number: int) -> None:
        store, content = Store(str(tmp_path)), bytes([number]) * 1000
        start.wait()
        if kind == "file":
            created = store.create("a/x", content)
        else:
            created = store.write_folder("a/x", {"one": content, "two": content})
        if created:
            won.append(content)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    leaves = ["a/x"] if kind == "file" else ["a/x/one", "a/x/two"]
    assert _names(tmp_path) == leaves
    assert {(tmp_path / leaf).read_bytes() for leaf in leaves} == set(won)


def test_a_stream_is_copied_once(store: Store) -> None:
    store.create_copy("folder/file", lambda: io.BytesIO(b"content"))
    store.create_copy("folder/file", lambda: io.BytesIO(b"of the same name"))
    assert store.read("folder/file") == b"content"


def test_a_stream_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, count: int | None = -1) -> bytes:
            if self.tell():
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return super().read(min(count or 1, 4))

    store = Store(str(tmp_path))
    with pytest.raises(StoreError, match=r"'folder/broken' in .* cannot be written: Input/output error"):
        store.create_copy("folder/broken", lambda: Broken(b"content"))
    assert list((tmp_path / "folder").iterdir()) == []
