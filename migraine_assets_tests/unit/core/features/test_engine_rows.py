"""Features of chosen rows have the bits of the features of all rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.features import engine
from migraine_assets.core.features.diary import Diary


def random_diary(seed: int, *, dated: bool) -> Diary:
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 60, random.integers(1, 8))
    count = int(lengths.sum())
    day = np.concatenate([np.cumsum(random.choice([1, 1, 2, 40], length)) for length in lengths]).astype(np.int64)
    columns = {
        name: np.where(random.random(count) < 0.3, np.nan, random.integers(0, 3, count).astype(float))
        for name in CONTRACT.columns
    }
    person = np.repeat(np.arange(len(lengths)), lengths).astype(np.int64)
    return Diary(person, day if dated else np.zeros(count, dtype=np.int64), dated, columns)


@pytest.mark.parametrize(("horizon", "dated"), [(0, True), (1, True), (3, True), (0, False)])
@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.sampled_from([1, 7, 4096]))
@settings(max_examples=8, deadline=None)
def test_chosen_rows_have_the_bits_of_all(horizon: int, dated: bool, seed: int, share: float, block: int) -> None:
    diary = random_diary(seed, dated=dated)
    rows = np.flatnonzero(np.random.default_rng(seed).random(len(diary)) < share)
    chosen = engine.compute(diary, horizon=horizon, rows=rows, block_rows=block)
    assert chosen.tobytes() == engine.compute(diary, horizon=horizon)[rows].tobytes()
