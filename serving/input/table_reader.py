"""Tables decoded by a worker process: the columns of a body as arrays, or why it is refused.

The worker is started with the first table, kept for the next ones, and replaced when it dies. Its answers are plain
arrays and words, so the service decodes no file. Not here: the request to the worker and its answer
(`serving.input.table_request`), the process (`migraine_assets.worker_process`), the decoders
(`serving.input.table_decoder`), what the values mean (`serving.input.arrow_columns`).
"""

import contextlib
import logging
import threading
from collections.abc import Callable

from migraine_assets.worker_process import Check, SharedMemory, WorkerDied, WorkerProcess
from serving.contract.problems import Refused
from serving.contract.requests import RequestSchema
from serving.input.table_request import DecodedTable, SharedTable, TableRequest

# Memory that decoding one table may take. With the largest body it is 256 MiB.
BUDGET_BYTES = 192 << 20
# Processor time that decoding one table may take. The largest accepted tables take about a second.
DECODE_SECONDS = 10.0

_DIED = "The decoder crashed while it read this table. Do not send the same file again: write the table anew."
_WORKER = "serving.input.table_worker"
_log = logging.getLogger(__name__)


class TableReader:
    """Reader that decodes one table at a time. `on_death` is called when a table crashes the worker."""

    def __init__(
        self,
        *,
        budget: int = BUDGET_BYTES,
        seconds: float = DECODE_SECONDS,
        on_death: Callable[[], None] = lambda: None,
    ) -> None:
        self._budget, self._seconds, self._on_death = budget, seconds, on_death
        self._lock = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._shared: SharedTable | None = None

    @property
    def worker(self) -> WorkerProcess | None:
        """The worker, None before the first table."""
        return self._worker

    def read(
        self, body: bytes, media_type: str, *, most: int, schema: RequestSchema, check: Check = lambda: None
    ) -> DecodedTable:
        """Decode the table in `body`.

        Raises `Refused`: 400 if it is not a table, 413 beyond `most` rows or the memory budget, 422 for columns that
        are unknown or of a wrong type and for a table that crashes the worker, 503 if no worker starts. `check` is
        called while waiting. If it raises, decoding ends and the exception is passed on.
        """
        request = TableRequest(media_type, most, self._budget, schema)
        with self._lock:
            worker = self._ready(check)
            try:
                shared = self._shared_for(len(body), request.answer_bytes())
                answer = request.send(worker, shared, body, check)
                refusal = request.refusal(answer)
                table = None if refusal else request.table(answer, shared)
            except WorkerDied:
                self._replace(worker)
                self._on_death()
                _log.error("table worker died", extra={"fields": {"exit_code": worker.exit_code}})
                raise Refused("undecodable-table", _DIED) from None
            except BaseException:
                # `check` ended it halfway, for example. The worker would answer the next request with this table.
                self._replace(worker)
                raise
        if table is None:
            raise refusal or WorkerDied
        return table

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            if self._worker is not None:
                self._worker.end()
                self._worker = None
            self._release()

    def release(self) -> None:
        """Release the memory of past tables, unless a table is being read. The worker releases its own."""
        if self._lock.acquire(blocking=False):
            try:
                self._release()
            finally:
                self._lock.release()

    def _release(self) -> None:
        if self._shared is not None:
            self._shared.body.close()
            self._shared.answer.close()
            self._shared = None

    def _shared_for(self, body_bytes: int, answer_bytes: int) -> SharedTable:
        """Return the memory of past tables if it is large enough: new memory would take longer than decoding."""
        shared = self._shared
        if shared is None or shared.body.size < body_bytes or shared.answer.size < answer_bytes:
            self._release()
            shared = self._shared = SharedTable(SharedMemory(body_bytes), SharedMemory(answer_bytes))
        return shared

    def _ready(self, check: Check) -> WorkerProcess:
        if self._worker is not None and self._worker.exit_code is not None:  # killed between two tables
            self._worker.end()
            self._worker = None
        if self._worker is None:
            self._worker = self._start()
        try:
            self._worker.await_ready(check)
        except WorkerDied:
            self._worker.end()
            raise _unavailable(f"exit code {self._worker.exit_code}") from None
        return self._worker

    def _replace(self, worker: WorkerProcess) -> None:
        """End `worker` and start another one at once, so that the next table does not wait for it."""
        worker.end()
        self._worker = None
        with contextlib.suppress(Refused):
            self._worker = self._start()

    def _start(self) -> WorkerProcess:
        try:
            return WorkerProcess(_WORKER, str(self._budget), str(self._seconds))
        except OSError as error:
            raise _unavailable(error.strerror or type(error).__name__) from None


def _unavailable(reason: str) -> Refused:
    _log.error("table worker does not start", extra={"fields": {"why": reason}})
    return Refused("overloaded", "Tables cannot be decoded at the moment.", headers={"Retry-After": "5"})
