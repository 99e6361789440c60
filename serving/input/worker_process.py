"""One table worker as the service sees it: a process, frames to and from it, and memory that both share.

Not here: what the process does (`serving.input.table_worker`), when it is started and what its answers mean
(`serving.input.table_reader`).
"""

import fcntl
import mmap
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from serving.input import table_worker

# How often a waiting thread looks whether its request still counts.
LOOK_SECONDS = 0.1
_LARGEST_HEADER = 64 << 20
_SCRIPT = Path(table_worker.__file__)
_KEPT = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL")

Check = Callable[[], None]


class WorkerDied(Exception):
    """The worker has ended, or sent something that it never sends."""


class Column(msgspec.Struct, frozen=True):
    """One column of an answer: its name, the bytes of its values, and its distinct words if it has any."""

    name: str
    size: int
    words: list[str] | None = None


class Frame(msgspec.Struct, frozen=True):
    """A frame from the worker, of whatever kind: see `serving.input.table_worker`."""

    ready: bool = False
    refused: str = ""
    column: str = ""
    rows: int = 0
    columns: list[Column] = []


_decoder = msgspec.json.Decoder(Frame)


class WorkerProcess:
    """A running worker. `check` is called while a method waits; what it raises is raised."""

    def __init__(self, *, budget: int, seconds: float) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                # -P and -s: nothing is imported from the folder of the script, nor from the home of the user.
                (sys.executable, "-P", "-s", str(_SCRIPT), str(budget), str(seconds)),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                # Native code may print what it reads, which is health data.
                stderr=subprocess.DEVNULL,
                env=_environment(),
                cwd="/",
            )
        ours.settimeout(LOOK_SECONDS)
        self._socket, self._ready = ours, False

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def await_ready(self, check: Check) -> None:
        """Wait until it has started. Raises `WorkerDied`."""
        while not self._ready:
            self._ready = self.frame(check).ready

    def send(self, header: Mapping[str, Any], shared: Sequence[int]) -> None:
        """Send one frame with the descriptors `shared`. Raises `WorkerDied`."""
        encoded = msgspec.json.encode(header)
        # Far less than the buffer of a socket, which is empty between two tables.
        try:
            socket.send_fds(self._socket, [table_worker.LENGTH.pack(len(encoded))], list(shared))
            self._socket.sendall(encoded)
        except OSError as error:
            raise WorkerDied from error

    def frame(self, check: Check) -> Frame:
        """The next frame. Raises `WorkerDied`."""
        length = bytearray(table_worker.LENGTH.size)
        self._fill(memoryview(length), check)
        [size] = table_worker.LENGTH.unpack(length)
        if size > _LARGEST_HEADER:
            raise WorkerDied
        header = bytearray(size)
        self._fill(memoryview(header), check)
        try:
            return _decoder.decode(header)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise WorkerDied from error

    def _fill(self, target: memoryview, check: Check) -> None:
        at = 0
        while at < len(target):
            try:
                count = self._socket.recv_into(target[at:])
            except TimeoutError:
                check()
                continue
            except OSError as error:
                raise WorkerDied from error
            if not count:
                raise WorkerDied
            at += count

    def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


class SharedMemory:
    """`size` bytes for two processes, neither of which can change the size. Taken only as far as they are written."""

    def __init__(self, size: int) -> None:
        self.size = max(size, 1)
        if sys.platform == "linux":
            self.descriptor = os.memfd_create("table", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        else:
            self.descriptor, path = tempfile.mkstemp()
            Path(path).unlink()
        os.ftruncate(self.descriptor, self.size)
        if sys.platform == "linux":
            # Otherwise a worker could cut off what the service is reading, which would kill the service.
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, seals)
        self.content = mmap.mmap(self.descriptor, self.size)

    def close(self) -> None:
        """Release it, once the other process has too."""
        self.content.close()
        os.close(self.descriptor)


def _environment() -> dict[str, str]:
    """The variables of a worker: no secrets, the modules of this process, one thread and one heap."""
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "ARROW_IO_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
