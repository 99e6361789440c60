"""Rows for the same day in several files of a delivery: the later file supersedes the earlier one.

Not here: conflicts within one file (`core.diary.validation`).
"""

import numpy as np
import pandas as pd

from migraine_assets.core.contract import CONTRACT, Contract

_KEY = ["participant_id", "date"]


def superseded(frame: pd.DataFrame, file: np.ndarray, contract: Contract = CONTRACT) -> np.ndarray:
    """Return, for each row, a sentence that names the row of a later file that supersedes it, or None.

    `file` is the index of each row's file in the delivery. Identical rows are not superseded, because duplicates are
    removed later. A row with unreadable cells supersedes no other row.
    """
    sentences = np.full(len(frame), None, object)
    usable = frame["unreadable"].isna() & frame[_KEY].notna().all(axis=1)
    if file.size == 0 or file[0] == file[-1] or not usable.any():
        return sentences
    candidates = frame.loc[usable, _KEY].assign(file=file[usable.to_numpy()])
    shared = candidates.duplicated(_KEY, keep=False)
    candidates = candidates[shared]
    last = candidates.groupby(_KEY, sort=False)["file"].transform("max")
    older = candidates.index[candidates["file"] < last]
    repeated = frame.loc[candidates.index, list(contract.names())].duplicated(keep="last")
    replaced = older[~repeated.loc[older].to_numpy()]
    if len(replaced):
        winners = candidates[candidates["file"] == last].drop_duplicates(_KEY, keep="last")
        sentences[replaced] = _sentences(frame, replaced, winners)
    return sentences


def _sentences(frame: pd.DataFrame, replaced: pd.Index, winners: pd.DataFrame) -> list[str]:
    row_of = dict(zip(zip(winners["participant_id"], winners["date"], strict=True), winners.index, strict=True))
    keys = zip(frame.loc[replaced, "participant_id"], frame.loc[replaced, "date"], strict=True)
    rows = [row_of[key] for key in keys]
    names, lines = frame["source_file"], frame["source_row"]
    return [f"superseded by {names.iat[row]} line {lines.iat[row]}" for row in rows]
