"""Shards of a delivery are the same diaries as those that training converts from frames."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.features.from_frame import diaries_from_frame, diary_from_frame
from migraine_assets.defs.forecast_shards import shard_of


@pytest.mark.parametrize("dated", [True, False])
def test_a_table_becomes_the_diary_of_its_frame(dated: bool) -> None:
    frame = pd.DataFrame(
        {
            "participant_id": ["a", "a", "b", "c", "c"],
            "date": pd.to_datetime(["2024-01-01", "2024-01-03", "2023-12-31", "1969-01-01", "2024-01-01"]),
            "sex": ["F", "F", "M", None, None],
            "migraine_type": ["aura", "mixed", "other", "no_aura", None],
            "stress_level": [1.0, np.nan, 3.0, 4.0, 5.0],
            "neck_pain": [np.nan] * 5,
            "migraine_occurrence": [0.0, 1.0, np.nan, 1.0, 0.0],
        }
    )
    if not dated:
        frame = frame.assign(date=pd.NaT)
    expected, shard = diary_from_frame(frame), shard_of(pa.Table.from_pandas(frame, preserve_index=False), CONTRACT)
    assert list(shard.names) == ["a", "b", "c"]
    assert shard.diary.dated == expected.dated == dated
    assert shard.diary.participant.tolist() == expected.participant.tolist()
    assert shard.diary.day.tolist() == expected.day.tolist()
    assert set(shard.diary.columns) == set(expected.columns)
    for name, values in expected.columns.items():
        assert np.array_equal(shard.diary.columns[name], values, equal_nan=True)


def test_parts_of_a_frame_hold_all_days_of_their_participants() -> None:
    frame = pd.DataFrame(
        {
            "participant_id": ["a"] * 3 + ["b"] + ["c"] * 2,
            "date": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"] * 2),
        }
    )
    parts = [(list(names), len(diary)) for names, diary in diaries_from_frame(frame, rows=4)]
    assert parts == [(["a", "b"], 4), (["c"], 2)]
    assert [list(names) for names, _ in diaries_from_frame(frame, rows=1)] == [["a"], ["b"], ["c"]]
