"""Long work beside the event loop: bounded, with a deadline, and abandoned when its client disconnects.

Not here: which requests are long and what they compute (`serving.api`).
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from serving.contract.problems import Refused

RETRY_SECONDS = 2
# Why a job was not finished: too many waited, its deadline had passed, its client had left.
DROP_REASONS = ("busy", "deadline", "client")

Check = Callable[[], None]
Job = Callable[[Check], bytes]
Receive = Callable[[], Awaitable[Any]]


def unlimited() -> None:
    """Do nothing: the check for work that is too short to be abandoned."""


def busy(text: str) -> Refused:
    """Return the refusal of a request for which this replica has no room or time now."""
    return Refused("overloaded", text, headers={"Retry-After": str(RETRY_SECONDS)})


class Work:
    """The state of one job for its thread: whether its client still waits. `expired`: the deadline has passed."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self._end, self._left = seconds, time.monotonic() + seconds, False
        self.expired = False

    def leave(self) -> None:
        """Note that the client no longer waits."""
        self._left = True

    def check(self) -> None:
        """Raise `Refused` if the work should stop. Call it between parts of the work, from any thread."""
        if self._left:
            raise client_left()
        if time.monotonic() > self._end:
            self.expired = True
            raise self.overdue()

    def overdue(self) -> Refused:
        """Return the refusal after the deadline."""
        return busy(f"The answer was not ready within {self.seconds:g} s. Send less at once, or try again later.")


def client_left() -> Refused:
    """Return the error of a request whose client has disconnected."""
    return Refused("bad-request", "The client disconnected.")


class LongJobs:
    """Two threads: one for large bodies, and one for the others, which do not wait behind them.

    At most `most` jobs wait or run. Each has `seconds` from the moment when its body has arrived. `on_drop` is called
    with the reason why a job was not finished, one of `DROP_REASONS`.
    """

    def __init__(self, *, most: int, seconds: float, on_drop: Callable[[str], None] = lambda _: None) -> None:
        self._most, self._seconds, self._on_drop = most, seconds, on_drop
        self._long = ThreadPoolExecutor(1, thread_name_prefix="long")
        self._large = ThreadPoolExecutor(1, thread_name_prefix="large")
        self._lock, self._count = threading.Lock(), 0

    async def run(self, job: Job, receive: Receive, *, large: bool) -> bytes:
        """Run `job`, which calls its argument between its parts, and return its result. `receive`: ASGI's, after the
        body.

        Raises `Refused` with 503 if too many jobs wait or the deadline has passed, `Refused` if the client has left,
        and what `job` raises.
        """
        if self._count >= self._most:
            self._on_drop("busy")
            raise busy(f"{self._most} long requests are already waiting.")
        work = Work(self._seconds)
        submitted = self._submit(self._large if large else self._long, job, work)
        answer, disconnect = asyncio.wrap_future(submitted), asyncio.ensure_future(_disconnect(receive))
        try:
            await asyncio.wait((answer, disconnect), timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            if answer.done() and not work.expired:
                return answer.result()
            if disconnect.done():
                self._on_drop("client")
                raise client_left()
            self._on_drop("deadline")
            raise work.overdue()
        except asyncio.CancelledError:  # Ray cancels the request when the client leaves
            self._on_drop("client")
            raise
        finally:
            work.leave()
            disconnect.cancel()
            if not answer.cancel() and not answer.cancelled():
                answer.exception()  # otherwise asyncio logs that it was never retrieved

    def close(self) -> None:
        """Finish the running jobs and drop the waiting ones."""
        self._long.shutdown(cancel_futures=True)
        self._large.shutdown(cancel_futures=True)

    def _submit(self, threads: ThreadPoolExecutor, job: Job, work: Work) -> "Future[bytes]":
        def checked() -> bytes:
            work.check()
            return job(work.check)

        with self._lock:
            self._count += 1
        submitted = threads.submit(checked)
        submitted.add_done_callback(self._ended)
        return submitted

    def _ended(self, _: "Future[bytes]") -> None:
        with self._lock:
            self._count -= 1


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class BodyMemory:
    """Memory for large bodies in a replica: at most `most` bytes. Use it in the thread of the event loop only."""

    def __init__(self, most: int) -> None:
        self.most, self.used = most, 0

    def hold(self) -> "MemoryLease":
        """Return a lease for one request, released at the end of a `with` block."""
        return MemoryLease(self)


class MemoryLease:
    """The bytes that the body of one request occupies."""

    __slots__ = ("_bytes", "_memory")

    def __init__(self, memory: BodyMemory) -> None:
        self._memory, self._bytes = memory, 0

    def __enter__(self) -> "MemoryLease":
        return self

    def __exit__(self, *_: object) -> None:
        self._memory.used -= self._bytes

    def add(self, count: int) -> None:
        """Occupy `count` bytes more. Raises `Refused` (503) if all requests together occupy too many."""
        self._bytes += count
        self._memory.used += count
        if self._memory.used > self._memory.most:
            raise busy(f"Bodies of other requests take {self._memory.most >> 20} MiB at the moment.")
