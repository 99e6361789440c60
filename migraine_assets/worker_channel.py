"""The side of a worker process: its start, its requests and answers, and the limits that it sets for itself.

Headers are frames on a socket, which is standard input: their length (4 bytes) and JSON. Content is in shared memory,
whose descriptors come with each request. This module imports the standard library only, so that workers start quickly.
Not here: the process that starts a worker (`migraine_assets.worker_process`).
"""

import json
import mmap
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LENGTH = struct.Struct("<I")
OPEN_FILES = 32


def channel() -> socket.socket:
    """Return the socket to the process that started this one, and set up signal handling."""
    # Ctrl-C in a terminal signals every process of the group, but only the parent process may end this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF})
    return socket.socket(fileno=os.dup(0))


def allow_seconds(seconds: float) -> None:
    """End this process, even inside native code, after `seconds` more of processor time. 0 removes the limit."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def send(channel: socket.socket, header: Mapping[str, Any]) -> None:
    """Send one frame with the header `header`."""
    encoded = json.dumps(header).encode()
    channel.sendall(LENGTH.pack(len(encoded)) + encoded)


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return the next request and its descriptors of shared memory. Raises `EOFError` when the channel is closed."""
    length, descriptors, _, _ = socket.recv_fds(channel, LENGTH.size, 2)
    if len(length) < LENGTH.size:
        raise EOFError
    header, at = bytearray(*LENGTH.unpack(length)), 0
    while at < len(header):
        count = channel.recv_into(memoryview(header)[at:])
        if not count:
            raise EOFError
        at += count
    return json.loads(header), descriptors


class Mappings:
    """Shared memory that stays mapped from one request to the next, because mapping takes as long as decoding."""

    def __init__(self) -> None:
        self._mapped: dict[int, tuple[int, memoryview]] = {}

    def of(self, descriptors: Sequence[int]) -> list[memoryview]:
        """Return the memory of each of `descriptors`, and close the descriptors."""
        for position, descriptor in enumerate(descriptors):
            inode = os.fstat(descriptor).st_ino
            if position not in self._mapped or self._mapped[position][0] != inode:
                self._mapped[position] = inode, memoryview(mmap.mmap(descriptor, 0))
            os.close(descriptor)
        return [self._mapped[position][1] for position in range(len(descriptors))]

    def release(self) -> None:
        """Unmap the memory. The system frees it once the other process has released it too."""
        self._mapped = {}


def confine(*, budget: int, file_bytes: int = 0) -> int:
    """Limit this process to `budget` more bytes of memory, and return the resulting limit in bytes.

    The process may also write no core dumps, write at most `file_bytes` to a file, and open few files.
    """
    limit = data_bytes() + budget
    if sys.platform == "linux":  # other systems do not enforce this limit
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    limits = (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, file_bytes), (resource.RLIMIT_NOFILE, OPEN_FILES)
    for kind, most in limits:
        resource.setrlimit(kind, (most, most))
    return limit


def data_bytes() -> int:
    """Return the bytes of private writable memory of this process, which RLIMIT_DATA limits."""
    if sys.platform != "linux":
        return 0
    fields = Path("/proc/self/statm").read_text("ascii").split()
    return int(fields[5]) * resource.getpagesize()
