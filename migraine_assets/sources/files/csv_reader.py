"""CSV text as a sheet, with every row's physical line and the rows that do not fit the header.

Here belong records and fields. Not here: bytes and encodings (`text`), delimiters (`dialect`), what
a cell means (`coercion`).
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
from migraine_assets.sources.files.sheet import Load, Sheet, one_chunk

# Rows that lost or gained fields leave no way to tell which cell is which.
_RAGGED = "the line has {} fields where the header has {}: check its quotes and delimiters"


def csv_sheet(name: str, body: bytes, *, notes: tuple[str, ...]) -> Sheet:
    """The sheet of the UTF-8 text `body`. Raises `DataRefused` for quotes or a header that cannot be read."""
    skipped, stated = csv_dialect.preamble(body)
    before, body = body[:skipped].count(b"\n"), body[skipped:]
    if not body:
        raise DataRefused(f"{name} holds no table. Deliver a file with a header and at least one row.")
    separator = stated or csv_dialect.delimiter(body)
    by = _by_record if csv_dialect.has_stray_quotes(body, separator) else _by_buffer
    return by(name, body, separator, before=before, notes=notes)


def _by_buffer(name: str, body: bytes, separator: str, *, before: int, notes: tuple[str, ...]) -> Sheet:
    """The fast way: Arrow divides what is left after blank and ragged records are cut out of the buffer."""
    found = csv_dialect.records(body, separator)
    rows = _Rows(found.fields[1:], found.line[1:] + before, found.blank[1:], found.open[1:])
    header, notes = _fit(_header(name, body[: found.end[0]].decode(), separator), rows, name, notes)
    drop = np.concatenate([[True], rows.blank | rows.ragged(header)])
    first = int(found.start[1]) if len(found.start) > 1 else len(body)
    clean = csv_dialect.without(body, found, drop) if drop[1:].any() else body[first:]
    longest, count = int((found.end - found.start).max()), int((~drop).sum())

    def load(positions: Sequence[int]) -> list[pa.Array]:
        return _arrow_columns(clean, positions, separator, width=len(header), longest=longest, rows=count)

    return _sheet(name, header, rows, load, decimal_comma=separator != ",", notes=notes)


def _by_record(name: str, body: bytes, separator: str, *, before: int, notes: tuple[str, ...]) -> Sheet:
    """The slow way, record by record, for quotes that stand in the middle of fields."""
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
    """Every record with the physical line on which it begins."""
    text = io.StringIO(body.decode(), newline="")
    reader = csv.reader(text, delimiter=separator, strict=True, skipinitialspace=True)
    found: list[tuple[int, list[str]]] = []
    line = before + 1
    try:
        for cells in reader:
            found.append((line, cells))
            line = before + reader.line_num + 1
    except csv.Error as error:
        raise DataRefused(
            f"{name} line {line} opens a quote that is not closed rightly ({error}). Repair the quotes of that line."
        ) from error
    return found


@dataclass(frozen=True)
class _Rows:
    """The records below the header, as in `dialect.Records`."""

    fields: NDArray[np.int64]
    line: NDArray[np.int64]
    blank: NDArray[np.bool_]
    open: NDArray[np.bool_]

    def ragged(self, header: Sequence[str]) -> NDArray[np.bool_]:
        """Which rows hold something, but not one cell for each name in `header`."""
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
    """A sheet of the rows that are not blank, those that are ragged with null cells and a complaint."""
    kept = ~rows.blank
    broken = rows.ragged(header)[kept]
    texts = {int(at): _RAGGED.format(rows.fields[kept][at], len(header)) for at in np.flatnonzero(broken).tolist()}
    if rows.blank.any():
        notes = (*notes, f"{name}: {int(rows.blank.sum())} empty lines were passed over.")

    def spread(positions: Sequence[int]) -> list[pa.Array]:
        columns = load(positions)
        if not texts:
            return columns
        places = pa.array(np.cumsum(~broken) - 1, mask=broken)
        return [column.take(places) for column in columns]

    return Sheet(name, header, rows.line[kept], texts, spread, decimal_comma, notes)


def _fit(
    header: tuple[str, ...], rows: _Rows, name: str, notes: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The header with a place for a field that every row has beyond it, and a note on it."""
    used = ~rows.blank
    if not used.any() or not (rows.fields[used] == len(header) + 1).all():
        return header, notes
    if rows.open[used].all():
        return (*header, ""), (*notes, f"{name}: every row ends in a delimiter that the header does not have.")
    # R's write.table names no column for the row names.
    note = f"{name}: every row has one field more than the header; the first is taken for a row name."
    return ("", *header), (*notes, note)


def _header(name: str, line: str, separator: str) -> tuple[str, ...]:
    try:
        (cells,) = csv.reader(io.StringIO(line.rstrip("\r\n"), newline=""), delimiter=separator)
    except csv.Error as error:
        raise DataRefused(f"{name} has a header that cannot be read: {error}. Check its first line.") from error
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
    wanted = [names[position] for position in positions]
    table = arrow.read_csv(
        pa.BufferReader(clean),
        arrow.ReadOptions(column_names=names, block_size=max(1 << 22, 2 * longest + 2)),
        arrow.ParseOptions(delimiter=separator, newlines_in_values=b'"' in clean, ignore_empty_lines=False),
        arrow.ConvertOptions(include_columns=wanted, column_types={name: pa.string() for name in wanted}),
    )
    return [one_chunk(table.column(name)) for name in wanted]
