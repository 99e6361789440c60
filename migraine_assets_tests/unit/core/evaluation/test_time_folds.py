"""The diary of one person is split in time, and no label of a later day trains a model for it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.evaluation.folds import TEST, TRAIN, Folds, FoldSettings
from migraine_assets.core.evaluation.time_folds import FIRST_BLOCK, assign_in_time, shortage
from migraine_assets.core.models.training import TimeOrder, TrainingSet, clusters
from migraine_assets.errors import DataRefused

START = 19_000


def _split(days: int = 490, *, rate: float = 0.3, seed: int = 1, ahead: int = 1, **changes: Any) -> tuple[Folds, Any]:
    rng = np.random.default_rng(seed)
    day = START + np.flatnonzero(rng.random(days) < 0.95)
    attack = np.where(rng.random(day.size) < 0.03, np.nan, rng.random(day.size) < rate)
    who = np.full(day.size, "me", dtype=object)
    split = assign_in_time(who, day, ~np.isnan(attack), attack=attack, ahead=ahead, settings=FoldSettings(**changes))
    return split, (day, attack)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 99), ahead=st.integers(1, 7), folds=st.integers(2, 8), days=st.integers(260, 600))
def test_no_label_reaches_into_the_days_that_it_helps_to_predict(seed: int, ahead: int, folds: int, days: int) -> None:
    split, (day, attack) = _split(days, seed=seed, ahead=ahead, folds=folds)
    train, test = split.part == TRAIN, split.part == TEST
    assert (day[train] + ahead).max() < day[test].min()
    data = TrainingSet(
        np.zeros((int(train.sum()), 1), dtype=np.float32), ("x",), attack[train], np.zeros(int(train.sum()), np.int64),
        split.fold[train], TimeOrder(day[train], day[train] + ahead),
    )  # fmt: skip
    assert data.predicted_folds.tolist() == list(range(1, folds + 1))
    for number in data.predicted_folds:
        used = data.training_for(number)
        assert used.any()
        assert (day[train][used] + ahead).max() < day[train][data.fold == number].min()


def test_the_last_quarter_is_tested_and_the_first_third_of_the_rest_only_trains() -> None:
    split, (_, attack) = _split()
    known = ~np.isnan(attack)
    assert (split.part == TEST).sum() / known.sum() == pytest.approx(0.25, abs=0.01)
    assert (split.fold == 0).sum() / (split.part == TRAIN).sum() == pytest.approx(FIRST_BLOCK, abs=0.01)
    assert split.forward
    sizes = [int((split.fold == k).sum()) for k in range(1, 6)]
    assert max(sizes) - min(sizes) <= 1


def test_too_short_a_diary_is_refused_with_what_is_missing() -> None:
    with pytest.raises(DataRefused, match=r"at least 120 days.*This one has \d+, .*more days with a known outcome"):
        _split(100)
    sentence = shortage(150, 12, FoldSettings())
    assert sentence is not None
    assert sentence.endswith("This one has 150, 12 with an attack: 8 more days with an attack are needed.")
    assert shortage(120, 20, FoldSettings()) is None, "what the sentence asks for is enough"


def test_attacks_in_one_season_only_are_refused() -> None:
    day = START + np.arange(300)
    attack = ((np.arange(300) > 150) & (np.arange(300) % 2 == 0)).astype(float)
    with pytest.raises(DataRefused, match="first block of the training part has 0 attacks"):
        assign_in_time(np.full(300, "me", dtype=object), day, attack >= 0, attack=attack)


@pytest.mark.parametrize(
    ("split", "participants", "dated", "in_time"),
    [("auto", 1, True, True), ("auto", 2, True, False), ("auto", 1, False, False), ("time", 9, True, True),
     ("participants", 1, True, False)],
)  # fmt: skip
def test_when_a_diary_is_split_in_time(split: Any, participants: int, *, dated: bool, in_time: bool) -> None:
    assert FoldSettings(split=split).in_time(participants=participants, dated=dated) is in_time


def test_the_bootstrap_of_one_person_draws_weeks() -> None:
    one, two, day = np.zeros(10, np.int64), np.arange(10) % 2, np.arange(19_723, 19_733)  # from a Monday on
    assert np.diff(clusters(one, day)).tolist() == [0] * 6 + [1] + [0] * 2
    assert clusters(two, day) is two
    assert clusters(one, None) is one
