"""Rows that describe the same participant and day: exact repetitions, and conflicts.

This module finds them by keys and content. Not here: how they are handled (`core.diary.validation` sets conflicts
aside, `core.diary.preprocess` drops repetitions). A row without a date never counts as a repetition: two uneventful
days of one participant look alike and are still two days.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import CONTRACT, Contract


@dataclass(frozen=True)
class Conflicts:
    """Positions of the rows in conflict; `others`: the first row that disagrees; `more`: how many others do."""

    rows: NDArray[np.int64]
    others: NDArray[np.int64]
    more: NDArray[np.int64]


def key_codes(frame: pd.DataFrame) -> NDArray[np.int64]:
    """One code for every distinct (participant, day): int64[n]; -1 if either is missing."""
    participant, _ = pd.factorize(frame["participant_id"])
    day, days = pd.factorize(frame["date"])
    whole = (participant >= 0) & (day >= 0)
    joint, _ = pd.factorize(participant.astype(np.int64) * max(len(days), 1) + day)
    return np.where(whole, joint, -1).astype(np.int64)


def content_codes(frame: pd.DataFrame, *, contract: Contract = CONTRACT) -> NDArray[np.int64]:
    """One code for every distinct content of the contract fields: int64[n]; null equals null. Exact, not a hash."""
    joint = np.zeros(len(frame), dtype=np.int64)
    for name in contract.names():
        column, values = pd.factorize(frame[name], use_na_sentinel=False)
        if len(values) > 1:
            joint, _ = pd.factorize(joint * len(values) + column)
    return joint.astype(np.int64)


def repeated(frame: pd.DataFrame, *, contract: Contract = CONTRACT) -> NDArray[np.bool_]:
    """Mask of the dated rows that repeat an earlier row in every contract field; provenance does not count."""
    rows = _shared(key_codes(frame))
    mask = np.zeros(len(frame), dtype=np.bool_)
    mask[rows] = pd.Series(content_codes(frame.iloc[rows], contract=contract)).duplicated().to_numpy()
    return mask


def conflicts(frame: pd.DataFrame, *, ignored: NDArray[np.bool_], contract: Contract = CONTRACT) -> Conflicts:
    """The dated rows, except `ignored` ones, whose participant and day another row describes differently."""
    key = np.where(ignored, -1, key_codes(frame))
    rows = _shared(key)
    table = pd.DataFrame({"key": key[rows], "content": content_codes(frame.iloc[rows], contract=contract), "row": rows})
    versions = table.drop_duplicates("content").copy()
    versions["nth"] = versions.groupby("key").cumcount()
    first = versions[versions["nth"] == 0].set_index("key")
    second = versions[versions["nth"] == 1].set_index("key")
    table = table[table["key"].isin(second.index)]
    is_first = table["content"].to_numpy() == table["key"].map(first["content"]).to_numpy()
    others = np.where(is_first, table["key"].map(second["row"]), table["key"].map(first["row"]))
    size = table.groupby("key")["row"].transform("size")
    same = table.groupby("content")["row"].transform("size")
    more = (size - same - 1).to_numpy(dtype=np.int64)
    return Conflicts(table["row"].to_numpy(), others.astype(np.int64), more)


def _shared(key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of the rows that share their key (not -1) with another row."""
    return np.flatnonzero((key >= 0) & pd.Series(key).duplicated(keep=False).to_numpy())
