"""Which process works on a run, as a tag of the run: so that a killed run can be told from a live one.

Not here: what is done about it (`cli.dagster.run_lock`).
"""

import os
import socket
from pathlib import Path

PROCESS_TAG = "migraine/process"


def this_process() -> str:
    """Host, process id and start of this process."""
    return f"{socket.gethostname()}:{os.getpid()}:{_start(os.getpid())}"


def is_gone(tag: str) -> bool:
    """Whether the process that `tag` names has ended. Of another host's processes nothing is known: False."""
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
    # The number may have been given to another process since.
    return start != _start(int(rest))


def _start(pid: int) -> str:
    """When the process started, in clock ticks since boot; empty where the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The second field, the name in parentheses, may hold spaces; the start is the 22nd.
    return stat.rpartition(")")[2].split()[19]
