"""The process that executes a run, as a tag of the run, so that runs of killed processes can be detected.

Not here: how such runs are ended (`cli.dagster.run_lock`).
"""

import os
import socket

import dagster as dg
import psutil

PROCESS_TAG = "migraine/process"
# The owner of the store's lock, if a command holds it for its runs.
LOCK_TAG = "migraine/store_lock"
_TICKS = os.sysconf("SC_CLK_TCK")  # per second


def lock_owner(run: dg.DagsterRun) -> str:
    """Return the owner under which `run` holds the store's lock: the command that started it, or the run itself."""
    return run.tags.get(LOCK_TAG, run.run_id)


def this_process() -> str:
    """Return the tag of this process: host, process id and start."""
    return f"{socket.gethostname()}:{os.getpid()}:{_start(os.getpid())}"


def is_gone(tag: str) -> bool:
    """Return whether the process of `tag` has ended. False if that is unknown, as for processes of other hosts."""
    host, _, pid = tag.rpartition(":")[0].rpartition(":")
    start = tag.rpartition(":")[2]
    if host != socket.gethostname() or not pid.isdecimal():
        return False
    if not psutil.pid_exists(int(pid)):
        return True
    try:
        # Another process may have got the same id. On some systems clock adjustments move the start a little.
        return start.isdecimal() and abs(int(start) - _start(int(pid))) > _TICKS
    except psutil.Error:
        return False


def _start(pid: int) -> int:
    """Return when the process started, in clock ticks since boot."""
    # Both times of psutil move when the clock is set. Their difference does not.
    return round((psutil.Process(pid).create_time() - psutil.boot_time()) * _TICKS)
