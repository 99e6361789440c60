"""Background threads of a replica, which repeat some work and survive its errors.

Here an unexpected error is logged and counted instead of ending the thread. The work itself handles expected errors,
such as a store that does not answer or a damaged file. Not here: the work.
"""

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)

OnError = Callable[[Exception], object]


def repeat(
    name: str, work: Callable[[], object], *, interval: float, stop: threading.Event, on_error: OnError | None = None
) -> threading.Thread:
    """Start a thread that calls `work` every `interval` seconds until `stop` is set. `attempt` handles its errors."""

    def run() -> None:
        while not stop.wait(interval):
            attempt(name, work, on_error=on_error)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


def attempt(name: str, work: Callable[[], object], *, on_error: OnError | None = None) -> bool:
    """Call `work`. An error is logged with its traceback and passed to `on_error`. Returns whether there was none."""
    try:
        work()
    # A bug in one round must not end the thread, and with it the replica.
    except Exception as error:  # noqa: BLE001
        _log.exception("background work failed", extra={"fields": {"thread": name}})
        if on_error is not None:
            on_error(error)
        return False
    return True
