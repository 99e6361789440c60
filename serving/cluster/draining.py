"""Draining: how long connections and requests may take to finish, and ending HAProxy without cutting a request.

Not here: draining without HAProxy (`serving.http_server`), stopping Ray (`serving.local_server`), the grace period of a
pod (`serving.terminationGracePeriodSeconds` of the chart).
"""

import os
import re
import signal
import socket
import time
from pathlib import Path

_PID = re.compile(rb"^Pid: (\d+)$", re.MULTILINE)
# The time before idle connections are closed. Until then, each response asks the client to close its connection.
CLOSE_SECONDS = 2.0
# The least time that Ray lets a replica finish its requests, and the most that HAProxy waits for open connections.
LEAST_DRAIN_SECONDS, MOST_DRAIN_SECONDS = 5, 30
# Deadline for HAProxy's answer on its admin socket.
ANSWER_SECONDS = 2.0
POLL_SECONDS = 0.05


def drain(admin_socket: Path, *, seconds: float) -> bool:
    """End the HAProxy behind `admin_socket`, a Unix socket. Returns whether it ended within `seconds`.

    Clients are asked to close their connections after the next response. Returns True if there is no HAProxy.
    """
    process = _process_of(admin_socket)
    if process is None:
        return True
    deadline = time.monotonic() + seconds
    try:
        os.kill(process, signal.SIGUSR1)
        while time.monotonic() < deadline:
            os.kill(process, 0)
            time.sleep(POLL_SECONDS)
    except ProcessLookupError:
        return True
    return False


def _process_of(admin_socket: Path) -> int | None:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(str(admin_socket))
            connection.sendall(b"show info\n")
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    except OSError:
        return None
    match = _PID.search(answer)
    return int(match[1]) if match else None
