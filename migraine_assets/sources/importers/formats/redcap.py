"""REDCap: the CSV export of a project with repeating instruments.

Not here: the meaning of its columns, which a mapping states.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set

from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.importer import Shape
from migraine_assets.sources.importers.sheets import Cell, text_sheet, texts

_EVENT, _INSTRUMENT, _INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
_LABELS = {_EVENT: "Event Name", _INSTRUMENT: "Repeat Instrument", _INSTANCE: "Repeat Instance"}
_FORM_STATUS = "_complete"


def _column(sheet: Sheet, raw: str) -> str | None:
    """Return the column of the exporter `raw`, under its name or under its label."""
    return next((name for name in (raw, _LABELS[raw]) if name in sheet.header), None)


def _is_export(sheet: Sheet) -> bool:
    return len(sheet.header) > 1 and any(_column(sheet, raw) for raw in (_INSTRUMENT, _EVENT))


def _without_baseline_rows(sheet: Sheet) -> Sheet:
    """Copy the values of baseline rows to the other rows of the same record, and drop the baseline rows.

    With repeating instruments, a baseline row is a row that is not repeated. Otherwise, it is a row of an event that
    fills none of the columns that most events fill. The first column identifies the record. REDCap's own columns are
    dropped.
    """
    columns = dict(zip(sheet.header, texts(sheet), strict=True))
    own = {column for raw in _LABELS if (column := _column(sheet, raw))}
    names = [name for name in sheet.header if name not in own and not name.endswith(_FORM_STATUS)]
    records, baseline = columns[sheet.header[0]], _baseline_rows(sheet, columns, names)
    days = [row for row in range(len(records)) if row not in baseline]
    days, instruments = _joined_instruments(sheet, columns, names, days)
    filled = [_spread(columns[name], records, baseline, days) for name in names]
    note = (
        f"{sheet.file}: an export of REDCap; {len(baseline)} baseline rows were spread over the days of their record."
        if baseline
        else f"{sheet.file}: an export of REDCap without baseline rows."
    )
    return text_sheet(
        sheet.file, names, filled, lines=sheet.lines[days].tolist(), notes=(*sheet.notes, note, *instruments)
    )


def _baseline_rows(sheet: Sheet, columns: Mapping[str, Sequence[Cell]], names: Sequence[str]) -> set[int]:
    instrument, event = (_column(sheet, raw) for raw in (_INSTRUMENT, _EVENT))
    if instrument and any(columns[instrument]):
        return {row for row, cell in enumerate(columns[instrument]) if not cell}
    if event is None:
        return set()
    filled: dict[Cell, set[str]] = {}
    for row, cell in enumerate(columns[event]):
        filled.setdefault(cell, set()).update(name for name in names[1:] if columns[name][row])
    counts = Counter(name for known in filled.values() for name in known)
    usual = {name for name, count in counts.items() if count == max(counts.values())}
    outside = {cell for cell, known in filled.items() if not known & usual}
    return {row for row, cell in enumerate(columns[event]) if cell in outside}


def _joined_instruments(
    sheet: Sheet, columns: dict[str, list[Cell]], names: Sequence[str], days: Sequence[int]
) -> tuple[list[int], tuple[str, ...]]:
    """Join the rows of several repeating instruments by record and date, in place; return the rows left, and notes.

    The rows of the instrument with the most rows are the days. Rows of another instrument complete them, or become days
    of their own. A second row of one instrument for a day, and rows without a date, are left out.
    """
    column = _column(sheet, _INSTRUMENT)
    rows_of: dict[Cell, list[int]] = {}
    for row in days:
        rows_of.setdefault(columns[column][row] if column else None, []).append(row)
    if len(rows_of) < 2:
        return list(days), ()
    main, *others = sorted(rows_of, key=lambda name: -len(rows_of[name]))
    records, date = columns[sheet.header[0]], _date_column(columns, names[1:], rows_of[main])
    if date is None:
        listed_rows = ", ".join(f"{len(rows_of[name])} of '{name}'" for name in others)
        return rows_of[main], (f"{sheet.file}: rows of other instruments than '{main}' were left out: {listed_rows}.",)
    index = {(records[row], columns[date][row]): row for row in reversed(rows_of[main])}
    kept, notes = set(rows_of[main]), []
    for name in others:
        own, joined = _date_column(columns, names[1:], rows_of[name]), set()
        for row in rows_of[name]:
            key = (records[row], columns[own][row] if own else None)
            if key[1] is None or key in joined:
                continue
            joined.add(key)
            target = index.setdefault(key, row)
            kept.add(target)
            columns[date][target] = key[1]
            for other in names[1:]:
                columns[other][target] = columns[other][target] or columns[other][row]
        lost = len(rows_of[name]) - len(joined)
        notes.append(
            f"{sheet.file}: {len(joined)} rows of '{name}' were joined to '{main}' by '{own}' and '{date}'; {lost} "
            "rows without a date, or of a day that has one already, were left out."
        )
    return sorted(kept), tuple(notes)


def _date_column(columns: Mapping[str, Sequence[Cell]], names: Sequence[str], rows: Sequence[int]) -> str | None:
    """Return the first column with a date in most of `rows`; None if there is none. REDCap writes ISO 8601."""
    for name in names:
        cells = [cell for row in rows if (cell := columns[name][row])]
        if 2 * len(cells) > len(rows) and all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell) for cell in cells):
            return name
    return None


def _spread(column: Sequence[Cell], records: Sequence[Cell], baseline: Set[int], days: Sequence[int]) -> list[Cell]:
    """Return the cells of the rows `days`; if all of them are empty, return the baseline values of their records."""
    if not baseline or any(column[row] for row in days):
        return [column[row] for row in days]
    known = {records[row]: column[row] for row in sorted(baseline) if column[row]}
    return [known.get(records[row]) for row in days]


REDCAP = Shape(
    "redcap",
    "REDCap (repeating instruments; baseline rows are spread over the days).",
    _is_export,
    _without_baseline_rows,
    keeps_columns=True,
)
