"""Areas under curves agree with scikit-learn, for every weight, tie and replicate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from migraine_assets.core.metrics.bootstrap import resample
from migraine_assets.core.metrics.rank_metrics import person_areas, rank_areas, within_person_area

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6), st.integers(0, 4)), min_size=6, max_size=60).filter(
    lambda rows: len({y for y, _, _ in rows}) == 2 and len({g for _, _, g in rows}) > 1
)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_every_replicate_agrees_with_scikit_learn(rows: list[tuple[int, int, int]]) -> None:
    y, p, group = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    draw = resample(group, replicates=5, seed=1)
    roc, pr = rank_areas(y, p, draw)
    assert roc.value == pytest.approx(roc_auc_score(y, p))
    assert pr.value == pytest.approx(average_precision_score(y, p))
    for r, weights in enumerate(draw.weights):
        weight = weights[draw.group].astype(np.float64)
        if len(np.unique(y[weight > 0])) < 2:
            assert np.isnan(roc.replicates[r])
            continue
        assert roc.replicates[r] == pytest.approx(roc_auc_score(y, p, sample_weight=weight))
        assert pr.replicates[r] == pytest.approx(average_precision_score(y, p, sample_weight=weight))


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_each_persons_area_agrees_with_scikit_learn(rows: list[tuple[int, int, int]]) -> None:
    y, p, group = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    draw = resample(group, replicates=2, seed=1)
    area, weight = person_areas(y, p, draw)
    for code in range(draw.participants):
        mine = draw.group == code
        if len(np.unique(y[mine])) < 2:
            assert np.isnan(area[code])
            assert weight[code] == 0
        else:
            assert area[code] == pytest.approx(roc_auc_score(y[mine], p[mine]))


def test_a_score_that_knows_persons_but_no_days_has_no_within_person_area() -> None:
    """The model ranks the pooled rows of all participants well, so the pooled area alone is misleading."""
    y = np.tile([1.0, 1, 1, 0, 0, 0, 0, 1], 20)
    group = np.repeat(np.arange(40), 4)
    p = np.where(group % 2 == 0, 0.8, 0.2)
    draw = resample(group, replicates=50)
    assert rank_areas(y, p, draw)[0].value == 0.75
    within = within_person_area(y, p, draw).interval()
    assert (within.value, within.ci_low, within.ci_high) == (0.5, 0.5, 0.5)


def test_a_long_diary_weighs_more_but_does_not_drown_the_others() -> None:
    y = np.concatenate([np.tile([1.0, 0.0], 50), [1.0, 0.0]])
    p = np.concatenate([np.tile([0.9, 0.1], 50), [0.1, 0.9]])
    draw = resample(np.repeat([0, 1], [100, 2]), replicates=10)
    area, weight = person_areas(y, p, draw)
    assert area.tolist() == [1.0, 0.0]
    assert weight.tolist() == [pytest.approx(2500 / 101), pytest.approx(1 / 3)]


def test_one_row_a_person_has_no_within_person_area() -> None:
    draw = resample(np.arange(6), replicates=10)
    area = within_person_area(np.array([0.0, 1, 0, 1, 0, 1]), np.linspace(0, 1, 6), draw)
    assert np.isnan(area.value)
    assert np.isnan(area.replicates).all()
