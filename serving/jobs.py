"""Long work beside the event loop: bounded, with a deadline, and dropped when its client leaves.

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
    """The check of work that is too short to be given up."""


def busy(text: str) -> Refused:
    """The refusal of a request that this replica has no room or time for now."""
    return Refused("overloaded", text, headers={"Retry-After": str(RETRY_SECONDS)})


class Work:
    """One job as its thread sees it: whether anybody still waits for the answer. `expired`: it was too late."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self._end, self._left = seconds, time.monotonic() + seconds, False
        self.expired = False

    def leave(self) -> None:
        """Nobody waits any more."""
        self._left = True

    def check(self) -> None:
        """Raise `Refused` where the work should stop. To be called between its parts, from any thread."""
        if self._left:
            raise client_left()
        if time.monotonic() > self._end:
            self.expired = True
            raise self.overdue()

    def overdue(self) -> Refused:
        """The refusal after the deadline."""
        return busy(f"The answer was not ready within {self.seconds:g} s. Send less at once, or try again later.")


def client_left() -> Refused:
    """What a request ends with whose client has disconnected."""
    return Refused("bad-request", "The client disconnected.")


class LongJobs:
    """Two threads: one for large bodies, and one for the rest, which does not wait behind them.

    At most `most` jobs wait or run. Each has `seconds` from the moment when its body has arrived. `on_drop` is called
    with the reason why a job was not finished, one of `DROP_REASONS`.
    """

    def __init__(self, *, most: int, seconds: float, on_drop: Callable[[str], None] = lambda _: None) -> None:
        self._most, self._seconds, self._on_drop = most, seconds, on_drop
        self._long = ThreadPoolExecutor(1, thread_name_prefix="long")
        self._large = ThreadPoolExecutor(1, thread_name_prefix="large")
        self._lock, self._count = threading.Lock(), 0

    async def run(self, job: Job, receive: Receive, *, large: bool) -> bytes:
        """The result of `job`, which calls its argument between its parts. `receive`: ASGI's, after the body.

        Raises `Refused`: 503 where too many jobs wait or the deadline has passed, and where the client has left; and
        what `job` raises.
        """
        if self._count >= self._most:
            self._on_drop("busy")
            raise busy(f"{self._most} long requests are waiting already.")
        work = Work(self._seconds)
        submitted = self._submit(self._large if large else self._long, job, work)
        answer, gone = asyncio.wrap_future(submitted), asyncio.ensure_future(_disconnect(receive))
        try:
            await asyncio.wait((answer, gone), timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            if answer.done() and not work.expired:
                return answer.result()
            if gone.done():
                self._on_drop("client")
                raise client_left()
            self._on_drop("deadline")
            raise work.overdue()
        except asyncio.CancelledError:  # what Ray does when the client leaves
            self._on_drop("client")
            raise
        finally:
            work.leave()
            gone.cancel()
            if not answer.cancel() and not answer.cancelled():
                answer.exception()  # otherwise asyncio logs it as forgotten

    def close(self) -> None:
        """Finish what runs, drop what waits."""
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
    """The bytes of large bodies that a replica holds: at most `most`. For the thread of the event loop only."""

    def __init__(self, most: int) -> None:
        self.most, self.used = most, 0

    def hold(self) -> "Held":
        """Bytes of one request, released at the end of a `with` block."""
        return Held(self)


class Held:
    """The bytes that one request holds."""

    __slots__ = ("_bytes", "_memory")

    def __init__(self, memory: BodyMemory) -> None:
        self._memory, self._bytes = memory, 0

    def __enter__(self) -> "Held":
        return self

    def __exit__(self, *_: object) -> None:
        self._memory.used -= self._bytes

    def add(self, count: int) -> None:
        """Hold `count` bytes more. Raises `Refused` (503) where all requests together hold too many."""
        self._bytes += count
        self._memory.used += count
        if self._memory.used > self._memory.most:
            raise busy(f"Bodies of other requests take {self._memory.most >> 20} MiB at the moment.")
