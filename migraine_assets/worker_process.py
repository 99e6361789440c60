"""A separate process for native decoders, which a hostile file can crash: frames to and from it, and shared memory.

Not here: the side of the worker (`migraine_assets.worker_channel`), the workers (`serving.input.table_worker`,
`migraine_assets.sources.decoder_worker`).
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
from typing import Any, TypeVar

import msgspec

from migraine_assets.worker_channel import LENGTH

# Interval at which a waiting thread checks whether its request has been abandoned.
CHECK_SECONDS = 0.1
_MOST_HEADER_BYTES = 64 << 20
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL")

Check = Callable[[], None]
Frame = TypeVar("Frame", bound=msgspec.Struct)


class WorkerDied(Exception):
    """The worker has ended, or its answer is invalid."""


class _Ready(msgspec.Struct):
    """The first frame of every worker."""

    ready: bool = False


class WorkerProcess:
    """A running worker process that executes the module `module` with `arguments`.

    While a method waits, it calls `check` every `CHECK_SECONDS` and propagates its exceptions.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                # -P and -s: nothing is imported from the current folder or the home of the user.
                (sys.executable, "-P", "-s", "-m", module, *arguments),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                # Native code may print what it reads, which is health data.
                stderr=subprocess.DEVNULL,
                env=_environment(),
                cwd="/",
            )
        ours.settimeout(CHECK_SECONDS)
        self._socket, self._ready = ours, False

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative after a signal; None while the worker runs."""
        return self._process.poll()

    def await_ready(self, check: Check) -> None:
        """Wait until the worker has started. Raises `WorkerDied` if it ends before."""
        while not self._ready:
            self._ready = self.frame(_Ready, check).ready

    def send(self, header: Mapping[str, Any], shared: Sequence[int]) -> None:
        """Send one frame with the descriptors `shared`. Raises `WorkerDied` if the worker has ended."""
        encoded = msgspec.json.encode(header)
        # This never blocks: a request is much smaller than the buffer of the socket, which is empty between requests.
        try:
            socket.send_fds(self._socket, [LENGTH.pack(len(encoded))], list(shared))
            self._socket.sendall(encoded)
        except OSError as error:
            raise WorkerDied from error

    def frame(self, kind: type[Frame], check: Check) -> Frame:
        """Wait for the next frame and decode it. Raises `WorkerDied` if the worker ends or the frame is invalid."""
        length = bytearray(LENGTH.size)
        self._fill(memoryview(length), check)
        [size] = LENGTH.unpack(length)
        if size > _MOST_HEADER_BYTES:
            raise WorkerDied
        header = bytearray(size)
        self._fill(memoryview(header), check)
        try:
            return msgspec.json.decode(header, type=kind)
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
        """Kill the process and wait for its end."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


class SharedMemory:
    """Memory of `size` bytes that two processes share. Neither can change its size. Unwritten pages use no memory."""

    def __init__(self, size: int) -> None:
        self.size = max(size, 1)
        if sys.platform == "linux":
            self.descriptor = os.memfd_create("table", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        else:
            self.descriptor, path = tempfile.mkstemp()
            Path(path).unlink()
        os.ftruncate(self.descriptor, self.size)
        if sys.platform == "linux":
            # If a worker could shrink the memory while the service reads it, the service would be killed by SIGBUS.
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, seals)
        self.content = mmap.mmap(self.descriptor, self.size)

    def close(self) -> None:
        """Close the memory in this process. The system frees it once the other process has closed it too."""
        self.content.close()
        os.close(self.descriptor)


def _environment() -> dict[str, str]:
    """Return the environment of a worker: the module path of this process, one thread, one heap and no secrets."""
    return {
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "ARROW_IO_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
