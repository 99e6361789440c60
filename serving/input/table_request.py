"""One table for the worker: the request for it, and the table or the refusal that its answer means.

Answers come from another process, so each is checked before its bytes are read. Not here: the worker's life
(`serving.input.table_reader`), the decoders (`serving.input.table_decoder`), what the values mean
(`serving.input.arrow_columns`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from migraine_assets.worker_process import Check, SharedMemory, WorkerDied, WorkerProcess
from serving.contract.problems import Refused, invalid
from serving.contract.requests import RequestSchema
from serving.input.arrow_files import FILE, PARQUET, STREAM
from serving.input.field_errors import shown
from serving.input.table_decoder import DATE, NUMBER, WORD

_KINDS = {PARQUET: "parquet", STREAM: "stream", FILE: "file"}


class Column(msgspec.Struct, frozen=True):
    """One column of an answer: its name, the bytes of its values, and its distinct words if it has any."""

    name: str
    size: int
    words: list[str] | None = None


class Frame(msgspec.Struct, frozen=True):
    """An answer of the worker. `serving.input.table_worker` describes its fields."""

    refused: str = ""
    column: str = ""
    rows: int = 0
    columns: list[Column] = []


@dataclass(frozen=True, eq=False)
class DecodedTable:
    """A table of n rows: the types of its columns are checked, the values are not.

    `columns`: the contract fields that it has. `values` float64[columns, n] in the order of `RequestSchema.columns`,
    NaN for null; rows of encoded categories are NaN. `words`: by field, distinct strings and int32[n] indices of them,
    -1 for null. `day` int32[n]: days since 1970-01-01, `table_decoder.NO_DAY` for null; None without dates.
    """

    rows: int
    columns: tuple[str, ...]
    values: NDArray[np.float64]
    words: Mapping[str, tuple[list[str], NDArray[np.int32]]]
    day: NDArray[np.int32] | None


@dataclass(frozen=True)
class SharedTable:
    """Memory that is shared with the worker: the body that it reads, and room for the columns of its answer."""

    body: SharedMemory
    answer: SharedMemory


@dataclass(frozen=True)
class TableRequest:
    """One table for the worker. `most`: accepted rows. `budget`: bytes of memory that decoding may take."""

    media_type: str
    most: int
    budget: int
    schema: RequestSchema

    def send(self, worker: WorkerProcess, shared: SharedTable, body: bytes, check: Check) -> Frame:
        """Send `body` to `worker` and wait for its answer. Raises `WorkerDied` and what `check` raises."""
        header = {
            "kind": _KINDS[self.media_type],
            "most": self.most,
            "longest": self._longest_word() + 1,
            "columns": self._kinds(),
            "size": len(body),
        }
        shared.body.content[: len(body)] = body
        worker.send(header, (shared.body.descriptor, shared.answer.descriptor))
        return worker.frame(Frame, check)

    def table(self, table: Frame, shared: SharedTable) -> DecodedTable:
        """Return the table that the answer `table` describes. Raises `WorkerDied` for an impossible answer."""
        kinds = self._kinds()
        sizes = [column.size for column in table.columns]
        names = {column.name for column in table.columns}
        if not 0 < table.rows <= self.most or not names <= kinds.keys() or len(names) < len(sizes):
            raise WorkerDied
        if not table.columns or any(size not in (4 * table.rows, 8 * table.rows) for size in sizes):
            raise WorkerDied
        with memoryview(shared.answer.content) as content:
            return self._decoded(table, content)

    def answer_bytes(self) -> int:
        """Return the bytes that the values of the largest accepted table take."""
        return 8 * len(self._kinds()) * self.most

    def _decoded(self, table: Frame, content: memoryview) -> DecodedTable:
        """Return the columns of `table`, copied from their consecutive places in `content`."""
        schema, kinds, offset = self.schema, self._kinds(), 0
        values = np.empty((len(schema.columns), table.rows))
        sent = {schema.index[column.name] for column in table.columns if kinds[column.name] == NUMBER}
        values[[row for row in range(len(values)) if row not in sent]] = np.nan
        words: dict[str, tuple[list[str], NDArray[np.int32]]] = {}
        day: NDArray[np.int32] | None = None
        for column in table.columns:
            part, offset = content[offset : offset + column.size], offset + column.size
            if kinds[column.name] == NUMBER:
                values[schema.index[column.name]] = np.frombuffer(part, f"f{column.size // table.rows}")
                continue
            codes = np.frombuffer(part, np.int32).copy()
            if len(codes) != table.rows:
                raise WorkerDied
            if kinds[column.name] == DATE:
                day = codes
                continue
            distinct = column.words or []
            words[column.name] = distinct, codes
            if codes.min() < -1 or codes.max() >= len(distinct):
                raise WorkerDied
        return DecodedTable(table.rows, tuple(column.name for column in table.columns), values, words, day)

    def _kinds(self) -> dict[str, str]:
        """Return the kind of each accepted column."""
        schema = self.schema
        others = {name: DATE if name == "date" else WORD for name in schema.contract.names()}
        return others | dict.fromkeys(schema.numeric, NUMBER)

    def _longest_word(self) -> int:
        """Return the letters of the longest accepted word. The worker cuts longer ones."""
        words = [word for name in self.schema.categories for word in self.schema.contract.by_name[name].categories]
        return max(64, *map(len, words))

    def refusal(self, frame: Frame) -> Refused | None:
        """Return the error for the client if `frame` is a refusal. Raises `WorkerDied` for an unknown reason."""
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
                accepted = ", ".join(schema.contract.names())
                return invalid(f"$.{shown(column)}", "is not a diary column, or occurs twice", accepted)
        raise WorkerDied
