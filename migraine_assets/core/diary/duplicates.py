"""Rows that describe the same participant and day: repeated word for word, or in conflict.

Here belongs finding them, by the keys and by content. Not here: what is done with them (`core.diary.validation`
sets conflicts aside, `core.diary.preprocess` drops repetitions). A row without a date repeats nobody: two quiet days
of one participant look alike and are still two days.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import NAMES


@dataclass(frozen=True)
class Conflicts:
    """Positions of the rows in conflict; for each the first row that disagrees and how many further ones do."""

    rows: NDArray[np.int64]
    others: NDArray[np.int64]
    more: NDArray[np.int64]


def key_codes(frame: pd.DataFrame) -> NDArray[np.int64]:
    """One code for every different (participant, day); -1 where either is missing."""
    participant, _ = pd.factorize(frame["participant_id"])
    day, days = pd.factorize(frame["date"])
    whole = (participant >= 0) & (day >= 0)
    joint, _ = pd.factorize(participant.astype(np.int64) * max(len(days), 1) + day)
    return np.where(whole, joint, -1).astype(np.int64)


def content_codes(frame: pd.DataFrame) -> NDArray[np.int64]:
    """One code for every different content over all contract fields; null equals null. Exact, not a hash."""
    joint = np.zeros(len(frame), dtype=np.int64)
    for name in NAMES:
        column, values = pd.factorize(frame[name], use_na_sentinel=False)
        if len(values) > 1:
            joint, _ = pd.factorize(joint * len(values) + column)
    return joint.astype(np.int64)


def repeated(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Mask of the dated rows that repeat an earlier row in every contract field, wherever they were read."""
    rows = _shared(key_codes(frame))
    mask = np.zeros(len(frame), dtype=np.bool_)
    mask[rows] = pd.Series(content_codes(frame.iloc[rows])).duplicated().to_numpy()
    return mask


def conflicts(frame: pd.DataFrame, *, ignored: NDArray[np.bool_]) -> Conflicts:
    """The dated rows, `ignored` ones apart, whose participant and day are described differently elsewhere."""
    key = np.where(ignored, -1, key_codes(frame))
    rows = _shared(key)
    table = pd.DataFrame({"key": key[rows], "content": content_codes(frame.iloc[rows]), "row": rows})
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
    """Positions of the rows whose key (not -1) some other row has too."""
    return np.flatnonzero((key >= 0) & pd.Series(key).duplicated(keep=False).to_numpy())
