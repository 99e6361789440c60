"""Tables decoded by a worker process: the columns of a body as arrays, or why it is refused.

The worker is started with the first table, kept for the next ones, and replaced when it dies. Its answers are plain
arrays and words, so the service decodes no file. Not here: the process (`migraine_assets.worker_process`), the decoders
(`serving.input.table_worker`), what the values mean (`serving.input.arrow_columns`).
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from migraine_assets.worker_process import Check, SharedMemory, WorkerDied, WorkerProcess
from serving.contract.problems import Refused, invalid
from serving.contract.requests import RequestSchema
from serving.input.arrow_files import FILE, PARQUET, STREAM
from serving.input.field_errors import shown
from serving.input.table_worker import DATE, NUMBER, WORD

# Memory that decoding one table may take. With the largest body it is 256 MiB.
BUDGET_BYTES = 192 << 20
# Processor time that decoding one table may take. The largest accepted tables take about a second.
DECODE_SECONDS = 10.0

_DIED = "The decoder ended while it read this table. Do not send the table again, but write it anew."
_KINDS = {PARQUET: "parquet", STREAM: "stream", FILE: "file"}
_WORKER = "serving.input.table_worker"
_log = logging.getLogger(__name__)


class Column(msgspec.Struct, frozen=True):
    """One column of an answer: its name, the bytes of its values, and its distinct words if it has any."""

    name: str
    size: int
    words: list[str] | None = None


class Frame(msgspec.Struct, frozen=True):
    """An answer of the worker: see `serving.input.table_worker`."""

    refused: str = ""
    column: str = ""
    rows: int = 0
    columns: list[Column] = []


@dataclass(frozen=True, eq=False)
class DecodedTable:
    """A table of n rows: the types of its columns are checked, the values are not.

    `columns`: the contract fields that it has. `values` float64[columns, n] in the order of `RequestSchema.columns`,
    NaN for null; rows of encoded categories are NaN. `words`: by field, distinct strings and int32[n] indices of them,
    -1 for null. `day` int32[n]: days since 1970-01-01, `table_worker.NO_DAY` for null; None without dates.
    """

    rows: int
    columns: tuple[str, ...]
    values: NDArray[np.float64]
    words: Mapping[str, tuple[list[str], NDArray[np.int32]]]
    day: NDArray[np.int32] | None


class TableReader:
    """Decodes one table at a time. `on_death`: called when a worker died of a table."""

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
        self._shared: _Shared | None = None

    @property
    def worker(self) -> WorkerProcess | None:
        """The worker, if one was started."""
        return self._worker

    def read(
        self, body: bytes, media_type: str, *, most: int, schema: RequestSchema, check: Check = lambda: None
    ) -> DecodedTable:
        """The table in `body`.

        Raises `Refused`: 400 if it is none, 413 beyond `most` rows or the memory budget, 422 for columns that are
        unknown or of a wrong type, and for a table of which the worker died, 503 where no worker starts. `check` is
        called while waiting; what it raises is raised, and the table is given up.
        """
        question = _Question(media_type, most, self._budget, schema)
        with self._lock:
            worker = self._ready(check)
            try:
                shared = self._shared_for(len(body), question.room())
                answer = question.ask(worker, shared, body, check)
                refusal = question.refusal(answer)
                table = None if refusal else question.table(answer, shared)
            except WorkerDied:
                self._replace(worker)
                self._on_death()
                _log.error("table worker died", extra={"fields": {"exit_code": worker.exit_code}})
                raise Refused("undecodable-table", _DIED) from None
            except BaseException:
                # Given up halfway, by `check` too. The worker would answer the next request with this table.
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
        """Release the memory of past tables, unless a table is being read. The worker does so by itself."""
        if self._lock.acquire(blocking=False):
            try:
                self._release()
            finally:
                self._lock.release()

    def _release(self) -> None:
        if self._shared is not None:
            self._shared.sent.close()
            self._shared.room.close()
            self._shared = None

    def _shared_for(self, sent: int, room: int) -> "_Shared":
        """The memory of past tables if it is large enough: new memory would take longer than decoding."""
        if self._shared is None or self._shared.sent.size < sent or self._shared.room.size < room:
            self._release()
            self._shared = _Shared(SharedMemory(sent), SharedMemory(room))
        return self._shared

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
        """End `worker` and start another one, for which the next table need not wait."""
        worker.end()
        self._worker = None
        with contextlib.suppress(Refused):
            self._worker = self._start()

    def _start(self) -> WorkerProcess:
        try:
            return WorkerProcess(_WORKER, str(self._budget), str(self._seconds))
        except OSError as error:
            raise _unavailable(error.strerror or type(error).__name__) from None


@dataclass(frozen=True)
class _Shared:
    """Memory that is shared with the worker: what it reads, and room for what it answers."""

    sent: SharedMemory
    room: SharedMemory


def _unavailable(why: str) -> Refused:
    _log.error("table worker does not start", extra={"fields": {"why": why}})
    return Refused("overloaded", "Tables cannot be decoded at the moment.", headers={"Retry-After": "5"})


@dataclass(frozen=True)
class _Question:
    """One table for the worker: its request, and how its answers are understood."""

    media_type: str
    most: int
    budget: int
    schema: RequestSchema

    def ask(self, worker: WorkerProcess, shared: _Shared, body: bytes, check: Check) -> Frame:
        """The answer of `worker`. Raises `WorkerDied` and what `check` raises."""
        kinds = self._kinds()
        request = {
            "kind": _KINDS[self.media_type],
            "most": self.most,
            "longest": self._longest_word() + 1,
            "columns": kinds,
            "size": len(body),
        }
        shared.sent.content[: len(body)] = body
        worker.send(request, (shared.sent.descriptor, shared.room.descriptor))
        return worker.frame(Frame, check)

    def table(self, table: Frame, shared: _Shared) -> DecodedTable:
        """What `table` says is in `shared`. Raises `WorkerDied` where it cannot be."""
        kinds = self._kinds()
        sizes = [column.size for column in table.columns]
        names = {column.name for column in table.columns}
        if not 0 < table.rows <= self.most or not names <= kinds.keys() or len(names) < len(sizes):
            raise WorkerDied
        if not table.columns or any(size not in (4 * table.rows, 8 * table.rows) for size in sizes):
            raise WorkerDied
        with memoryview(shared.room.content) as content:
            return self._decoded(table, content)

    def room(self) -> int:
        """The bytes that the values of the largest accepted table take."""
        return 8 * len(self._kinds()) * self.most

    def _decoded(self, table: Frame, content: memoryview) -> DecodedTable:
        """The columns of `table`, copied from `content`, where they follow each other."""
        schema, kinds, at = self.schema, self._kinds(), 0
        values = np.empty((len(schema.columns), table.rows))
        given = {schema.index[column.name] for column in table.columns if kinds[column.name] == NUMBER}
        values[[row for row in range(len(values)) if row not in given]] = np.nan
        words: dict[str, tuple[list[str], NDArray[np.int32]]] = {}
        day: NDArray[np.int32] | None = None
        for column in table.columns:
            part, at = content[at : at + column.size], at + column.size
            if kinds[column.name] == NUMBER:
                values[schema.index[column.name]] = np.frombuffer(part, f"f{column.size // table.rows}")
                continue
            codes = np.frombuffer(part, np.int32).copy()
            if len(codes) != table.rows:
                raise WorkerDied
            if kinds[column.name] == DATE:
                day = codes
                continue
            words[column.name] = known, codes = column.words or [], codes
            if codes.min() < -1 or codes.max() >= len(known):
                raise WorkerDied
        return DecodedTable(table.rows, tuple(column.name for column in table.columns), values, words, day)

    def _kinds(self) -> dict[str, str]:
        schema = self.schema
        others = {name: DATE if name == "date" else WORD for name in schema.contract.names()}
        return others | dict.fromkeys(schema.numeric, NUMBER)

    def _longest_word(self) -> int:
        """Longer words are accepted nowhere, so the worker cuts them."""
        words = [word for name in self.schema.categories for word in self.schema.contract.by_name[name].categories]
        return max(64, *map(len, words))

    def refusal(self, frame: Frame) -> Refused | None:
        """Why the table is refused, if `frame` says that it is. Raises `WorkerDied` for an unknown reason."""
        column, schema = frame.column, self.schema
        match frame.refused:
            case "":
                return None
            case "unreadable":
                return Refused("unreadable-table", f"The body is not a readable table of type {self.media_type}.")
            case "empty":
                return Refused("unreadable-table", "The table has no rows.")
            case "rows":
                return Refused("too-large", f"At most {self.most} rows are accepted, and 10000 record batches.")
            case "memory":
                text = f"Decoding the table takes more than {self.budget >> 20} MiB of memory. Split it."
                return Refused("too-large", text)
            case "type" if column in schema.contract.by_name:
                kind = {NUMBER: "numbers", DATE: "dates", WORD: "strings"}[self._kinds()[column]]
                return invalid(f"$.{column}", f"is not a column of {kind}", schema.accepted(column))
            case "column":
                known = ", ".join(schema.contract.names())
                return invalid(f"$.{shown(column)}", "is not a diary column, or occurs twice", known)
        raise WorkerDied
