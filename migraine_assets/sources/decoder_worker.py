"""The worker process that reads Parquet files and workbooks.

Their decoders are native code. A hostile file can crash them or make them allocate any amount of memory; in a process
of their own, they do not affect the rest of the platform.

A request is {format, name, size, limits, positions, title} with two descriptors: the file, and an empty file for
columns. `title` is the sheet of a workbook. The answer is {header, notes, size}, and `size` bytes of an Arrow file in
the second descriptor. Without `positions`, the Arrow file contains the line numbers and, for a workbook, all columns;
otherwise it contains the columns at `positions`.
A file that cannot be read is answered by {refused: sentence} or {memory: true}.

Not here: the code that starts the worker and reads its answers (`sources.files.decoder`), the readers of the formats.
"""

import os
import select
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.parquet_reader import parquet_sheet
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.formats.workbook import workbook_sheet
from migraine_assets.worker_channel import Mappings, allow_seconds, channel, confine, receive, send

# Formats by name: the reader, and whether it loads columns one by one.
FORMATS: Mapping[str, tuple[Callable[[str, memoryview, SourceLimits, str | None], Sheet], bool]] = {
    "parquet": (lambda name, content, limits, _: parquet_sheet(name, content, limits), True),
    "workbook": (lambda name, content, limits, title: workbook_sheet(name, bytes(content), limits, title), False),
}
# The process ends after this many seconds without a request.
KEPT_SECONDS = 60.0


def answer(request: Mapping[str, Any], content: memoryview, room: int) -> dict[str, Any]:
    """Write the requested columns to the descriptor `room`, and return the header of the answer."""
    read, column_by_column = FORMATS[request["format"]]
    try:
        sheet = read(request["name"], content, SourceLimits(**request["limits"]), request.get("title"))
        positions = request["positions"]
        if positions is not None:
            columns = sheet.load(positions)
        else:
            columns = [pa.array(sheet.lines), *(() if column_by_column else sheet.load(range(len(sheet.header))))]
        return {"header": sheet.header, "notes": sheet.notes, "size": _write(columns, room)}
    except DataRefused as refusal:
        return {"refused": str(refusal)}
    except MemoryError:
        return {"memory": True}


def _write(columns: list[pa.Array], room: int) -> int:
    if not columns:
        return 0
    batch = pa.RecordBatch.from_arrays(columns, names=[str(index) for index in range(len(columns))])
    with os.fdopen(room, "wb", closefd=False) as file:
        try:
            with pa.ipc.new_file(file, batch.schema) as writer:
                writer.write_batch(batch)
            file.flush()
        except OSError as error:  # the file exceeds the limit of the process
            raise MemoryError from error
        return file.tell()


def main(budget: int, seconds: float) -> None:
    """Answer requests until none arrives for `KEPT_SECONDS`.

    `budget`: the limit on additional memory, in bytes. `seconds`: the limit on the processor time of one request.
    """
    requests = channel()
    confine(budget=budget, file_bytes=budget)
    send(requests, {"ready": True})
    try:
        while select.select([requests], [], [], KEPT_SECONDS)[0]:
            _answer_one(requests, seconds)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _answer_one(requests: socket.socket, seconds: float) -> None:
    request, (content, room) = receive(requests)
    allow_seconds(seconds)
    [body] = Mappings().of([content])
    try:
        header = answer(request, body[: request["size"]], room)
    finally:
        os.close(room)
    allow_seconds(0)
    send(requests, header)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
