"""The process that executes a run, as a tag of the run, so that killed runs can be detected.

Not here: what happens to a killed run (`cli.dagster.run_lock`).
"""

import os
import socket
from pathlib import Path

PROCESS_TAG = "migraine/process"


def this_process() -> str:
    """The tag of this process: host, process id and start time."""
    return f"{socket.gethostname()}:{os.getpid()}:{_start(os.getpid())}"


def is_gone(tag: str) -> bool:
    """Whether the process of `tag` has ended. Always False for a process of another host, which cannot be checked."""
    host, _, rest = tag.rpartition(":")[0].rpartition(":")
    start = tag.rpartition(":")[2]
    if host != socket.gethostname() or not rest.isdecimal():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    # The process id may have been reused by another process.
    return start != _start(int(rest))


def _start(pid: int) -> str:
    """The start time of the process in clock ticks since boot; empty if the system does not provide it."""
    # psutil only offers wall-clock start times, which move when the clock is set: a living run would look dead.
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # Field 22 is the start time. Field 2, the name in parentheses, may contain spaces.
    return stat.rpartition(")")[2].split()[19]
