"""Reading of CSV text as a sheet: the physical line of every row, and messages on rows that do not match the header.

Not here: encodings (`sources.files.encoding`), delimiters (`sources.files.csv_dialect`), the meaning of cells
(`sources.columns`).
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files import csv_dialect
from migraine_assets.sources.files.limits import DEFAULT, SourceLimits, check_table, exceeded
from migraine_assets.sources.files.sheet import Load, Sheet, one_chunk

# The cells of such a row cannot be assigned to columns.
_RAGGED = "the line has {} fields, but the header has {}: check its quotes and delimiters"


def csv_sheet(
    name: str, body: bytes, *, notes: tuple[str, ...], limits: SourceLimits = DEFAULT, skip_rows: int = 0
) -> Sheet:
    """Read the UTF-8 text `body`; its first `skip_rows` lines are above the header.

    Raises `DataRefused` for invalid quotes, an unreadable header, or a text that exceeds `limits`.
    """
    _check_lines(name, body, limits)
    start, stated = csv_dialect.preamble(body) if not skip_rows else (csv_dialect.line_start(body, skip_rows), None)
    if not skip_rows and stated is None and (titles := csv_dialect.title_lines(body[start:])):
        start += csv_dialect.line_start(body[start:], titles)
        notes = (*notes, f"{name}: {titles} lines above the header were skipped.")
    before, body = body[:start].count(b"\n"), body[start:]
    if not body:
        raise DataRefused(f"{name} contains no table. Provide a file with a header and at least one row.")
    separator = stated or csv_dialect.delimiter(body)
    read = _by_record if csv_dialect.has_stray_quotes(body, separator) else _by_buffer
    sheet = read(name, body, separator, before=before, notes=notes)
    check_table(name, rows=len(sheet.lines), columns=len(sheet.header), limits=limits)
    return sheet


def _check_lines(name: str, body: bytes, limits: SourceLimits) -> None:
    count = body.count(b"\n")
    if count > limits.rows:
        raise exceeded(name, f"has {count:,} lines", "rows", limits.rows)
    most, half = limits.line_kib << 10, limits.line_kib << 9
    # Any line over the limit covers at least one whole block of half the limit, and that block has no newline.
    if all(body.find(b"\n", start, start + half) >= 0 for start in range(0, len(body) - half, half)):
        return
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n"))
    longest = int(np.diff(ends, prepend=-1, append=len(body)).max())
    if longest > most:
        raise exceeded(name, f"has a line of {longest >> 10:,} KiB", "line_kib", limits.line_kib)


def _by_buffer(name: str, body: bytes, separator: str, *, before: int, notes: tuple[str, ...]) -> Sheet:
    """Read with Arrow, after removing blank and ragged records. Needs a body without stray quotes."""
    records = csv_dialect.records(body, separator)
    rows = _Rows(records.fields[1:], records.line[1:] + before, records.blank[1:], records.open[1:])
    header, notes = _fit(_header(name, body[: records.end[0]].decode(), separator), rows, name, notes)
    drop = np.concatenate([[True], rows.blank | rows.ragged(header)])
    first = int(records.start[1]) if len(records.start) > 1 else len(body)
    clean = csv_dialect.without(body, records, drop) if drop[1:].any() else body[first:]
    longest, count = int((records.end - records.start).max()), int((~drop).sum())

    def load(positions: Sequence[int]) -> list[pa.Array]:
        return _arrow_columns(clean, positions, separator, width=len(header), longest=longest, rows=count)

    return _sheet(name, header, rows, load, decimal_comma=separator != ",", notes=notes)


def _by_record(name: str, body: bytes, separator: str, *, before: int, notes: tuple[str, ...]) -> Sheet:
    """Read record by record, which is slower but accepts quotes inside fields."""
    (_, names), *numbered = _numbered_records(name, body, separator, before)
    records = [cells for _, cells in numbered]
    rows = _Rows(
        np.array([len(cells) for cells in records], np.int64),
        np.array([line for line, _ in numbered], np.int64),
        np.array([not any(cells) for cells in records], bool),
        np.array([cells[-1:] == [""] for cells in records], bool),
    )
    header, notes = _fit(_tidy(names), rows, name, notes)
    drop = rows.blank | rows.ragged(header)
    good = [cells for cells, dropped in zip(records, drop, strict=True) if not dropped]

    def load(positions: Sequence[int]) -> list[pa.Array]:
        return [pa.array([cells[position] for cells in good], pa.string()) for position in positions]

    return _sheet(name, header, rows, load, decimal_comma=separator != ",", notes=notes)


def _numbered_records(name: str, body: bytes, separator: str, before: int) -> list[tuple[int, list[str]]]:
    """Return every record after the physical line on which it begins."""
    text = io.StringIO(body.decode(), newline="")
    reader = csv.reader(text, delimiter=separator, strict=True, skipinitialspace=True)
    records: list[tuple[int, list[str]]] = []
    line = before + 1
    try:
        for cells in reader:
            records.append((line, cells))
            line = before + reader.line_num + 1
    except csv.Error as error:
        raise DataRefused(
            f"{name} line {line} opens a quote that is not closed properly ({error}). Fix the quotes of that line."
        ) from error
    return records


@dataclass(frozen=True)
class _Rows:
    """The records below the header, as in `csv_dialect.Records`."""

    fields: NDArray[np.int64]
    line: NDArray[np.int64]
    blank: NDArray[np.bool_]
    open: NDArray[np.bool_]

    def ragged(self, header: Sequence[str]) -> NDArray[np.bool_]:
        """Return which rows are not blank and have another number of cells than the header."""
        return np.asarray(~self.blank & (self.fields != len(header)))


def _sheet(
    name: str,
    header: tuple[str, ...],
    rows: _Rows,
    load: Load,
    *,
    decimal_comma: bool,
    notes: tuple[str, ...],
) -> Sheet:
    """Build a sheet from the rows that are not blank; ragged rows have null cells and a message."""
    filled = ~rows.blank
    broken = rows.ragged(header)[filled]
    texts = {
        int(index): _RAGGED.format(rows.fields[filled][index], len(header)) for index in np.flatnonzero(broken).tolist()
    }
    if rows.blank.any():
        notes = (*notes, f"{name}: {int(rows.blank.sum())} empty lines were skipped.")

    def spread(positions: Sequence[int]) -> list[pa.Array]:
        columns = load(positions)
        if not texts:
            return columns
        indices = pa.array(np.cumsum(~broken) - 1, mask=broken)
        return [column.take(indices) for column in columns]

    return Sheet(name, header, rows.line[filled], texts, spread, decimal_comma, notes)


def _fit(
    header: tuple[str, ...], rows: _Rows, name: str, notes: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Extend the header, and add a note, if every row has one more field than the header."""
    used = ~rows.blank
    if not used.any() or not (rows.fields[used] == len(header) + 1).all():
        return header, notes
    if rows.open[used].all():
        return (*header, ""), (*notes, f"{name}: every row ends in a delimiter that the header does not have.")
    # R's write.table writes no name for the column of row names.
    note = f"{name}: every row has one field more than the header; the first is read as a row name."
    return ("", *header), (*notes, note)


def _header(name: str, line: str, separator: str) -> tuple[str, ...]:
    try:
        (cells,) = csv.reader(io.StringIO(line.rstrip("\r\n"), newline=""), delimiter=separator)
    except csv.Error as error:
        raise DataRefused(f"{name} has an unreadable header: {error}. Check its first line.") from error
    return _tidy(cells)


def _tidy(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(name.split()) for name in names)


def _arrow_columns(
    clean: bytes, positions: Sequence[int], separator: str, *, width: int, longest: int, rows: int
) -> list[pa.Array]:
    from pyarrow import csv as arrow

    if not rows:
        return [pa.nulls(0, pa.string()) for _ in positions]
    names = [f"c{position}" for position in range(width)]
    selected = [names[position] for position in positions]
    table = arrow.read_csv(
        pa.BufferReader(clean),
        arrow.ReadOptions(column_names=names, block_size=max(1 << 22, 2 * longest + 2)),
        arrow.ParseOptions(delimiter=separator, newlines_in_values=b'"' in clean, ignore_empty_lines=False),
        arrow.ConvertOptions(include_columns=selected, column_types={name: pa.string() for name in selected}),
    )
    return [one_chunk(table.column(name)) for name in selected]
