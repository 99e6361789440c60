"""Groups are counted and ordered, and scored only if they have enough participants and attacks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from migraine_assets.core.evaluation.subgroups import (
    MIN_EVENTS,
    MIN_PARTICIPANTS,
    NOT_RECORDED,
    Subgroup,
    age_band,
    subgroups,
)
from migraine_assets.core.metrics.interval import Interval, Scores


def _rows(mask: NDArray[np.bool_]) -> Scores:
    return {"rows": Interval(float(mask.sum()))}


def _one_group(people: int, events: int, others: int) -> Subgroup:
    n = events + others
    values = np.full(n, "F", dtype=object)
    groups = subgroups(
        {"Sex": values},
        participant=np.arange(n) % people,
        events=np.repeat([1.0, 0.0], [events, others]),
        score=_rows,
    )
    return groups[0]


def test_the_smallest_group_that_is_scored() -> None:
    group = _one_group(MIN_PARTICIPANTS, MIN_EVENTS, MIN_EVENTS)
    assert group.reason == ""
    assert group.scores["rows"].value == 2 * MIN_EVENTS


@pytest.mark.parametrize(
    ("people", "events", "others", "reason"),
    [
        (MIN_PARTICIPANTS - 1, 50, 50, "participants"),
        (20, MIN_EVENTS - 1, 50, "attack"),
        (20, 50, MIN_EVENTS - 1, "attack"),
    ],
)
def test_a_small_group_is_counted_but_not_scored(people: int, events: int, others: int, reason: str) -> None:
    group = _one_group(people, events, others)
    assert (group.rows, group.participants, group.events) == (events + others, people, events)
    assert group.scores == {}
    assert group.reason.startswith("too small")
    assert reason in group.reason


def test_a_regression_needs_days_not_attacks() -> None:
    for n, scored in ((MIN_EVENTS - 1, False), (MIN_EVENTS, True)):
        values = np.full(n, "F", dtype=object)
        group = subgroups({"Sex": values}, participant=np.arange(n), events=None, score=_rows)[0]
        assert bool(group.scores) is scored
        assert group.events is None


def test_what_is_not_recorded_is_a_group_of_its_own_and_comes_last() -> None:
    values = np.array(["no_aura", None, "aura", ""], dtype=object)
    groups = subgroups({"Migraine type": values}, participant=np.arange(4), events=None, score=_rows)
    assert [(group.label, group.rows) for group in groups] == [("aura", 1), ("no_aura", 1), (NOT_RECORDED, 2)]


def test_age_bands_end_below_their_number_and_are_ordered_by_age() -> None:
    age = np.array([60.0, 29.9, 30.0, np.nan, 44.99, 45.0, 10.0])
    bands = age_band(age)
    assert bands.tolist() == [
        "60 and over", "under 30", "30-44", NOT_RECORDED, "30-44", "45-59", "under 30",
    ]  # fmt: skip
    groups = subgroups({"Age": bands}, participant=np.arange(7), events=None, score=_rows)
    assert [group.label for group in groups] == ["under 30", "30-44", "45-59", "60 and over", NOT_RECORDED]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["F", "M", "", None]), min_size=1, max_size=60))
def test_every_row_is_in_exactly_one_group_of_a_dimension(labels: list[str | None]) -> None:
    values = np.array(labels, dtype=object)
    groups = subgroups({"Sex": values}, participant=np.arange(len(labels)), events=None, score=_rows)
    assert sum(group.rows for group in groups) == len(labels)
