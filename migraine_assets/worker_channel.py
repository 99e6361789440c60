"""A worker process from the inside: its start, its requests and answers, and the limits that it puts on itself.

Headers travel as frames over a socket, which is standard input: their length (4 bytes) and JSON. Content travels in
shared memory, whose descriptors come with each request. It imports the standard library only, so that workers start
quickly. Not here: the process that starts a worker (`migraine_assets.worker_process`).
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
    """The socket to the process that started this one. It also sets how signals are handled."""
    # Ctrl-C in a terminal reaches the whole group of processes; the other process ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF})
    return socket.socket(fileno=os.dup(0))


def allow_seconds(seconds: float) -> None:
    """End this process, also inside native code, once it has used so much more processor time. 0: without limit."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def send(channel: socket.socket, header: Mapping[str, Any]) -> None:
    """Send one frame."""
    encoded = json.dumps(header).encode()
    channel.sendall(LENGTH.pack(len(encoded)) + encoded)


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The next request, and the descriptors of its shared memory. Raises `EOFError` when the other process has gone."""
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
    """Shared memory that stays mapped from one request to the next: to map its pages takes as long as decoding."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[int, memoryview]] = {}

    def of(self, descriptors: Sequence[int]) -> list[memoryview]:
        """The memory behind each of `descriptors`, which are closed."""
        for place, descriptor in enumerate(descriptors):
            inode = os.fstat(descriptor).st_ino
            if place not in self._kept or self._kept[place][0] != inode:
                self._kept[place] = inode, memoryview(mmap.mmap(descriptor, 0))
            os.close(descriptor)
        return [self._kept[place][1] for place in range(len(descriptors))]

    def forget(self) -> None:
        """Release it, so that it is gone once the other process has released it too."""
        self._kept = {}


def confine(*, budget: int, file_bytes: int = 0) -> int:
    """Limit the memory of this process to `budget` bytes more than now, and what else it could do to the machine.

    `file_bytes`: how much it may write to a file. Returns the limit on memory.
    """
    limit = data_bytes() + budget
    if sys.platform == "linux":  # no other system enforces it
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    limits = (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, file_bytes), (resource.RLIMIT_NOFILE, OPEN_FILES)
    for what, most in limits:
        resource.setrlimit(what, (most, most))
    return limit


def data_bytes() -> int:
    """The private writable memory of this process, which RLIMIT_DATA limits."""
    if sys.platform != "linux":
        return 0
    fields = Path("/proc/self/statm").read_text("ascii").split()
    return int(fields[5]) * resource.getpagesize()
