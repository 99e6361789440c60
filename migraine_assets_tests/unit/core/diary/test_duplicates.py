"""Repetitions and conflicts, compared with a plain loop over all pairs of rows."""

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings

from migraine_assets.core.contract import NAMES
from migraine_assets.core.diary.duplicates import conflicts, content_codes, key_codes, repeated
from migraine_assets_tests.unit.core.raw_frames import raw_frame, raw_frames


def _contents(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    rows = frame[list(NAMES)].itertuples(index=False)
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in rows]


def _keys(frame: pd.DataFrame) -> list[tuple[object, ...] | None]:
    return [None if None in row[:2] else row[:2] for row in _contents(frame)]


@settings(max_examples=50, deadline=None)
@given(raw_frames())
def test_repetitions_are_those_of_a_plain_loop(frame: pd.DataFrame) -> None:
    contents, keys = _contents(frame), _keys(frame)
    expected = [
        key is not None and content in contents[:i] for i, (content, key) in enumerate(zip(contents, keys, strict=True))
    ]
    assert repeated(frame).tolist() == expected


@settings(max_examples=50, deadline=None)
@given(raw_frames())
def test_conflicts_are_those_of_a_plain_loop(frame: pd.DataFrame) -> None:
    contents, keys = _contents(frame), _keys(frame)
    ignored = frame["unreadable"].notna().to_numpy()
    expected = {}
    for i, key in enumerate(keys):
        others = [
            j
            for j, other in enumerate(keys)
            if key is not None and other == key and contents[j] != contents[i] and not (ignored[i] or ignored[j])
        ]
        if others:
            expected[i] = (others[0], len(others) - 1)
    conflicting = conflicts(frame, ignored=ignored)
    assert dict(zip(conflicting.rows, zip(conflicting.others, conflicting.more, strict=True), strict=True)) == expected


def test_null_equals_null_and_minus_zero_equals_zero() -> None:
    frame = raw_frame([{"participant_id": "a", "temperature_change": value} for value in (0.0, -0.0, None, None)])
    assert content_codes(frame).tolist() == [0, 0, 1, 1]


def test_a_row_without_participant_or_date_has_no_key() -> None:
    day = np.datetime64("2024-01-01")
    rows: list[dict[str, Any]] = [
        {"participant_id": "a", "date": day},
        {"participant_id": None, "date": day},
        {"participant_id": "a", "date": None},
    ]
    assert key_codes(raw_frame(rows)).tolist() == [0, -1, -1]
