"""Several entries of one day in one file, merged to one row if the mapping states it.

Not here: rows of the same day in several files (`sources.superseded`), conflicts of single days
(`core.diary.validation`).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from migraine_assets.core.contract import CONTRACT, DURATION, SEVERITY, Contract, Field
from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.mapping import ENTRIES

_KEY = ["participant_id", "date"]
# If at least this number and more than this share of days have different rows, the rows are entries, not mistakes.
_MAX_DAYS_IN_CONFLICT = 0.20
_MIN_DAYS_IN_CONFLICT = 10


def refuse_entries(frame: pd.DataFrame, file: np.ndarray, contract: Contract = CONTRACT) -> None:
    """Raise `DataRefused` if many days have several different rows in one file."""
    dated = frame[_KEY].notna().all(axis=1)
    keys = frame.loc[dated, _KEY].assign(file=file[dated.to_numpy()])
    repeated = keys.duplicated(keep=False)
    if not repeated.any():
        return
    content = frame.loc[keys.index[repeated], list(contract.names())]
    rows = content[~content.duplicated()]
    days = keys.loc[rows.index].value_counts()
    several, total = int((days > 1).sum()), len(keys.drop_duplicates())
    if several >= _MIN_DAYS_IN_CONFLICT and several > _MAX_DAYS_IN_CONFLICT * total:
        raise DataRefused(
            f"{frame['source_file'].iloc[0]}: {several:,} of {total:,} "
            f"days of a participant have several rows that differ. If they are "
            "entries of one day, state 'entries: day' in the mapping "
            "({match_names: true, entries: day}). If several participants have the same name, state the columns that "
            "identify one together: {columns: {participant_id: [<site>, <patient>]}, match_names: true}."
        )


def merge_entries(
    frame: pd.DataFrame, stated: Mapping[str, str], contract: Contract = CONTRACT
) -> tuple[pd.DataFrame, np.ndarray, str]:
    """Return the frame with one row for each file, participant and day, the positions of the kept rows, and a note.

    `stated` maps a field to mean, max, min, sum, first or last. By default an exposure is the mean of its entries;
    flags, severity and the outcome are the maximum; a duration is the sum; every other field is the first entry.
    """
    dated = frame[_KEY].notna().all(axis=1)
    keys = ["source_file", *_KEY]
    groups = frame[dated].groupby(keys, sort=False, dropna=False)
    rules = {field.name: stated.get(field.name, _default(field)) for field in contract.fields if field.role != "key"}
    rules |= {name: "first" for name in frame.columns if name not in rules and name not in keys}
    merged = [
        # A sum of nulls is null: nothing was recorded.
        groups[names].sum(min_count=1) if rule == "sum" else getattr(groups[names], rule)()
        for rule in (*ENTRIES,)
        if (names := [name for name, stated_rule in rules.items() if stated_rule == rule])
    ]
    joined = pd.concat(merged, axis=1).reset_index()
    place = frame[dated].drop_duplicates(keys).index.to_numpy()
    result = pd.concat([joined.set_index(place), frame[~dated]])[list(frame.columns)].sort_index(kind="stable")
    used = [f"{name} by {rule}" for name, rule in rules.items() if frame[name].notna().any() and rule != "first"]
    note = f"{len(frame):,} entries became {len(result):,} days: {', '.join(used)}."
    return result.reset_index(drop=True), result.index.to_numpy(), note


def _default(field: Field) -> str:
    if field.kind == "flag" or field.name == SEVERITY:
        return "max"
    if field.name == DURATION:
        return "sum"
    return "mean" if field.kind == "number" and field.role != "static" else "first"


def stated_rules(columns: Sequence[tuple[str, str | None]]) -> dict[str, str]:
    """Return the rules by field, from pairs of a field and its rule; pairs without a rule are left out."""
    return {name: rule for name, rule in columns if rule is not None}
