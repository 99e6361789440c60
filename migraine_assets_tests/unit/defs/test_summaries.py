"""Summaries of columns contain aggregates only."""

import numpy as np
import pandas as pd
import pytest

from migraine_assets.defs.summaries import MIN_PARTICIPANTS, column_summaries


def _frame(participants: int) -> pd.DataFrame:
    names = [f"P-{k}" for k in range(participants)]
    values = np.arange(participants, dtype=np.float64)
    return pd.DataFrame({"participant_id": names, "sleep": values, "sparse": np.where(values < 2, values, np.nan)})


def test_a_column_has_its_count_mean_and_spread() -> None:
    summaries = {row[0]: row[1:] for row in column_summaries(_frame(10))}
    assert summaries["participant_id"] == (10, None, None)
    assert summaries["sleep"] == (10, 4.5, pytest.approx(np.arange(10).std()))
    assert summaries["sparse"] == (2, None, None), "two participants are too few"


@pytest.mark.parametrize("participants", [0, 1, MIN_PARTICIPANTS - 1])
def test_a_few_participants_have_no_mean(participants: int) -> None:
    assert all(row[2:] == (None, None) for row in column_summaries(_frame(participants)))


def test_many_days_of_a_few_participants_have_no_mean() -> None:
    frame = pd.concat([_frame(MIN_PARTICIPANTS - 1)] * 20)
    assert all(row[2:] == (None, None) for row in column_summaries(frame))


def test_a_frame_without_participants_is_summarized_by_rows() -> None:
    assert column_summaries(pd.DataFrame({"x": np.ones(MIN_PARTICIPANTS)})) == [("x", MIN_PARTICIPANTS, 1.0, 0.0)]
