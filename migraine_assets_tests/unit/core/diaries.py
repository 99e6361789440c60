"""Diaries for tests: small explicit ones, and random ones with gaps, nulls and several participants."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from migraine_assets.core import contract
from migraine_assets.core.features.diary import COLUMNS, Diary, Floats

MONDAY = 19723  # 2024-01-01
_FLAGS = {field.name for field in contract.FIELDS if field.kind == "flag"} | {"sex", "aura"}


def person(days: Sequence[int], **columns: Sequence[float | None]) -> Diary:
    """Return the diary of one participant; `days` are counted from a Monday."""
    values = {name: np.array(column, dtype=np.float64) for name, column in columns.items()}
    return Diary(np.zeros(len(days), dtype=np.int64), np.array(days, dtype=np.int64) + MONDAY, True, values)


def undated(rows: int, **columns: Sequence[float | None]) -> Diary:
    """Return rows without dates, each of its own participant."""
    values = {name: np.array(column, dtype=np.float64) for name, column in columns.items()}
    return Diary(np.arange(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64), False, values)


def part(diary: Diary, rows: slice | NDArray[np.bool_]) -> Diary:
    """Return some rows of a diary."""
    columns = {name: values[rows] for name, values in diary.columns.items()}
    return Diary(diary.participant[rows], diary.day[rows], diary.dated, columns)


def changed(diary: Diary, rows: NDArray[np.bool_], columns: Sequence[str]) -> Diary:
    """Return the diary with different values in `rows` of `columns`: flipped flags, changed numbers, filled nulls."""
    moved = {name: np.where(rows, _other(diary.values(name)), diary.values(name)) for name in columns}
    return replace(diary, columns={**diary.columns, **moved})


def _other(values: Floats) -> Floats:
    return np.where(np.isnan(values), 1.0, np.where(values <= 1, 1.0 - values, values * 0.5 + 0.125))


def random_column(name: str, rows: int, rng: np.random.Generator, null: float) -> Floats:
    values = rng.integers(0, 2, rows).astype(np.float64) if name in _FLAGS else rng.normal(5.0, 3.0, rows)
    return np.where(rng.random(rows) < null, np.nan, values)


def random_diary(*, people: int, days: int, seed: int) -> Diary:
    """Return a diary with every contract column, without a tenth of the days and a seventh of the values."""
    rng = np.random.default_rng(seed)
    present = rng.random(people * days) < 0.9
    participant = np.repeat(np.arange(people, dtype=np.int64), days)[present]
    day = np.tile(np.arange(days, dtype=np.int64), people)[present] + MONDAY
    columns = {name: random_column(name, len(day), rng, 1 / 7) for name in COLUMNS}
    return Diary(participant, day, True, columns)


@st.composite
def diaries(draw: st.DrawFn, *, longest: int = 60) -> Diary:
    """Draw a diary of one to four participants with up to `longest` days, gaps of up to 40 days, and nulls."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    null = draw(st.sampled_from([0.0, 0.2, 0.8]))
    gap = st.one_of(st.just(1), st.just(1), st.just(1), st.integers(2, 40))
    people = draw(st.lists(st.lists(gap, min_size=1, max_size=longest), min_size=1, max_size=4))
    day = np.concatenate([draw(st.integers(0, 30)) + MONDAY + np.cumsum(gaps) for gaps in people])
    participant = np.repeat(np.arange(len(people)), [len(gaps) for gaps in people]) * 3
    names = draw(st.sets(st.sampled_from(COLUMNS), min_size=len(COLUMNS) - 6))
    columns = {name: random_column(name, len(day), rng, null) for name in COLUMNS if name in names}
    return Diary(participant.astype(np.int64), day.astype(np.int64), True, columns)
