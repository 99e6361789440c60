"""Checks of a delivery as a whole: it has rows, their types are right, and most of them can be read and accepted.

Not here: keys, dates and outcomes (`core.quality.rows`), single fields (`core.quality.fields`).
"""

import re

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from migraine_assets.core.contract import CONTRACT, Contract
from migraine_assets.core.diary.schema import raw_schema, validated_schema
from migraine_assets.core.diary.validation import QUARANTINED, Validated
from migraine_assets.core.formatting import listed, percent, plural, share
from migraine_assets.core.quality.finding import Finding, finding
from migraine_assets.core.quality.settings import QualitySettings


def raw_types(raw: pd.DataFrame, *, contract: Contract = CONTRACT) -> Finding:
    """Check that the raw frame has every field of the contract with a usable type (blocking)."""
    return _schema_finding("raw_types", raw_schema(contract), raw)


def types_and_bounds(valid: pd.DataFrame, *, contract: Contract = CONTRACT) -> Finding:
    """Check that the validated frame satisfies the strict schema of types, bounds and categories (blocking)."""
    return _schema_finding("types_and_bounds", validated_schema(contract), valid)


def not_empty(raw: pd.DataFrame) -> Finding:
    """Check that the delivery has rows (blocking)."""
    failures = [] if len(raw) else ["The delivery has no rows: check the file, or the pattern that selects it."]
    return finding("not_empty", failures, success=f"The delivery has {plural(len(raw), 'row')}.", blocking=True)


def unreadable_share(raw: pd.DataFrame, *, settings: QualitySettings) -> Finding:
    """Check that few rows have an unreadable cell (warning).

    Such a cell becomes null; a row with an unreadable key or outcome is quarantined.
    """
    notes = [raw[name] for name in ("unreadable", "nulled") if name in raw]
    text = notes[0].where(notes[0].notna(), notes[-1]) if notes else pd.Series(None, index=raw.index, dtype=object)
    mask = text.notna()
    part = share(int(mask.sum()), len(raw))
    sentence = f"{plural(int(mask.sum()), 'row')} of {len(raw):,} ({percent(part)}) cannot be read completely"
    failures = [f"{sentence}: see the raw diary for the cells."] if part > settings.unreadable_warning else []
    cells = raw.loc[mask, ["source_file", "source_row"]].assign(text=text[mask]).head(10)
    rows = [(str(r.source_file), str(r.source_row), _fields_of(str(r.text))) for r in cells.itertuples()]
    columns = ("file", "row", "fields")
    return finding("unreadable_share", failures, success=f"{sentence}.", blocking=False, columns=columns, rows=rows)


def quarantine_share(validated: Validated, *, settings: QualitySettings) -> Finding:
    """Check that few rows are quarantined (warning; blocking if the accepted rows no longer represent the diary)."""
    bad, size = len(validated.quarantined), len(validated.quarantined) + len(validated.valid)
    part = share(bad, size)
    sentence = f"{plural(bad, 'row')} of {size:,} ({percent(part)}) are quarantined"
    blocking = part > settings.quarantine_blocking
    limit = settings.quarantine_blocking if blocking else settings.quarantine_warning
    failures = [f"{sentence}, more than {percent(limit)}: see the reasons."] if part > limit else []
    quarantined = validated.reasons["effect"] == QUARANTINED
    reasons = validated.reasons.loc[quarantined, ["rule", "field", "what", "rows"]]
    cells = [tuple(map(str, row)) for row in reasons.itertuples(index=False)]
    columns = tuple(reasons.columns)
    return finding("quarantine_share", failures, success=f"{sentence}.", blocking=blocking, columns=columns, rows=cells)


def _schema_finding(name: str, schema: pa.DataFrameSchema, frame: pd.DataFrame) -> Finding:
    columns = ("column", "rule", "rows")
    success = f"All {len(frame):,} rows satisfy the schema of the {schema.name}."
    try:
        # The schemas change no values, so the frame need not be copied.
        schema.validate(frame, lazy=True, inplace=True)
    except SchemaErrors as error:
        rows = _cases(error.failure_cases)
        violations = [f"{column} ({rule}; {plural(int(count), 'case')})" for column, rule, count in rows]
        failures = [f"The schema of the {schema.name} is violated by {listed(violations)}."]
        return finding(name, failures, success=success, blocking=True, columns=columns, rows=rows)
    return finding(name, [], success=success, blocking=True)


def _cases(cases: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Count Pandera's failure cases, which are one per cell, by column and rule, without quoting cells."""
    # For an error of the whole frame, the failure case is the name of the column.
    column = cases["column"].where(cases["schema_context"] != "DataFrameSchema", cases["failure_case"]).astype(str)
    grouped = cases.assign(column=column).groupby(["column", "check"], sort=False, dropna=False)
    return [(str(column), str(check), str(len(part))) for (column, check), part in grouped]


def _fields_of(unreadable: str) -> str:
    """Return the fields in a note on unreadable cells, without the cells; empty if the whole row is unreadable."""
    return ", ".join(dict.fromkeys(re.findall(r"(?:^|; )([a-z][a-z0-9_]*)='", unreadable)))
