"""The process that reads Parquet and workbooks, and may die alone.

Their decoders are native code, which a hostile file can crash or make take any memory. A request is {format, name,
size, limits, positions} with two descriptors: the file, and an empty file for columns. Its answer is {header, notes,
size}, with `size` bytes of an Arrow file: the line numbers and, of a workbook, all columns, or the columns at
`positions`. Or it is {refused}, a sentence, or {memory: true}.

Not here: starting it, and what its answers mean (`sources.files.decoder`); the readers themselves.
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
FORMATS: Mapping[str, tuple[Callable[[str, memoryview, SourceLimits], Sheet], bool]] = {
    "parquet": (parquet_sheet, True),
    "workbook": (lambda name, content, limits: workbook_sheet(name, bytes(content), limits), False),
}
# Seconds without a file after which the process ends.
KEPT_SECONDS = 60.0


def answer(request: Mapping[str, Any], content: memoryview, room: int) -> dict[str, Any]:
    """Write the columns that `request` asks for to the descriptor `room`, and return the header of the answer."""
    read, column_by_column = FORMATS[request["format"]]
    try:
        sheet = read(request["name"], content, SourceLimits(**request["limits"]))
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
        except OSError as error:  # beyond the limit on files
            raise MemoryError from error
        return file.tell()


def main(budget: int, seconds: float) -> None:
    """Answer requests until no other comes for a while."""
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
