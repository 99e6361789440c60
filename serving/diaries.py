"""Access to the kept diaries from the event loop: in a few threads, with errors as problems.

Not here: the database (`migraine_assets.stores.diaries`), the endpoints (`serving.api.diaries`,
`serving.api.forecast`).
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.stores.diaries.diaries import Diaries, LimitReached
from serving.contract.problems import Refused

_log = logging.getLogger(__name__)

# SQLite has one writer at a time, and PostgreSQL has a connection for each thread.
THREADS = 4
# Most requests of a replica that may wait for the database. Further requests get a 503.
MOST_WAITING = 256
RETRY_SECONDS = 2

T = TypeVar("T")
Work = Callable[[Diaries], T]


class DiaryAccess:
    """Access to `diaries`; if it is None, every call raises 404. `on_failure` is called after each failure.

    `seconds`: how long a request waits for the database.
    """

    def __init__(self, diaries: Diaries | None, *, seconds: float, on_failure: Callable[[], object]) -> None:
        self._diaries, self._seconds, self._on_failure = diaries, seconds, on_failure
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="diaries")
        self._waiting, self._counting = 0, threading.Lock()

    async def run(self, work: Work[T]) -> T:
        """Run `work` in a thread and return its result. Raises `Refused`.

        After `seconds` the request gets a 503, but the work continues. The client may repeat the request.
        """
        diaries = self._required()
        if self._waiting >= MOST_WAITING:
            raise _busy("Too many requests are waiting for the database of diaries.")
        with self._counting:
            self._waiting += 1
        future = self._threads.submit(self._explained, work, diaries)
        future.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._seconds)
        except TimeoutError:
            raise _busy(f"The database of diaries took longer than {self._seconds:g} s.") from None

    async def read(self, work: Work[T]) -> T:
        """Run `work`, a read of a few rows, and return its result: in this thread if the database is quick, otherwise
        in another.
        """
        diaries = self._required()
        return self._explained(work, diaries) if diaries.database.quick else await self.run(work)

    def close(self) -> None:
        """Finish running work, stop the threads and close the database."""
        self._threads.shutdown(cancel_futures=True)
        if self._diaries is not None:
            self._diaries.close()

    def _required(self) -> Diaries:
        if self._diaries is None:
            raise Refused("not-found", "This service keeps no diaries. Send the days to /predict.")
        return self._diaries

    def _done(self, _: object) -> None:
        with self._counting:
            self._waiting -= 1

    def _explained(self, work: Work[T], diaries: Diaries) -> T:
        try:
            return work(diaries)
        except LimitReached as error:
            raise Refused("limit-reached", str(error)) from None
        except (StoreError, ConfigurationError) as error:
            # The reason contains hosts and paths, which clients must not see.
            self._on_failure()
            _log.error("diaries unavailable", extra={"fields": {"reason": str(error)}})
            text = "The kept diaries cannot be used at the moment. Nothing was changed; repeat the request."
            raise Refused("diaries-unavailable", text, headers={"Retry-After": str(RETRY_SECONDS)}) from error


def _busy(text: str) -> Refused:
    return Refused("overloaded", text, headers={"Retry-After": str(RETRY_SECONDS)})
