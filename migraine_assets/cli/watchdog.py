"""The watchdog of `migraine ui`: ends its process groups if the command was killed and could not end them itself.

The command starts this file as a script and writes the id of each group to it, one per line, and "done" if it has ended
them. When the pipe closes without "done", the command is dead. Standard library only, because it starts with every
`migraine ui`. Not here: the normal end (`migraine_assets.cli.commands.ui`).
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

DONE = "done"
GRACE_SECONDS = 10
POLL_SECONDS = 0.1


def watch(lines: Iterable[str]) -> None:
    """Read group ids until `lines` end, then end those groups unless the last line is "done"."""
    groups: list[int] = []
    for line in lines:
        if line.strip() == DONE:
            return
        groups.append(int(line))
    deadline = time.monotonic() + GRACE_SECONDS
    signal_all(groups, signal.SIGTERM)
    while signal_all(groups, 0) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    signal_all(groups, signal.SIGKILL)


def signal_all(groups: Iterable[int], number: int) -> bool:
    """Send a signal to every group. Returns whether one of them still has processes."""
    alive = False
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
            alive = True
    return alive


if __name__ == "__main__":
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.SIG_IGN)
    watch(sys.stdin)
