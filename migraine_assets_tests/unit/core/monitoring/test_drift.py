import json
import math

import numpy as np
import pytest

from migraine_assets.core.monitoring.drift import NEWER, Against, Limits, Window, measure
from migraine_assets.core.reference_bins import references
from migraine_assets_tests.unit.core.monitoring.cohorts import FLAGS, NAMES, against, window


@pytest.mark.parametrize(("count", "days"), [(12, 28), (30, 7), (60, 1), (60, 28), (300, 7)])
def test_where_nothing_moves_fewer_than_one_window_in_twenty_alarms(count: int, days: int) -> None:
    """All features together, days of one person alike, reference and window of different people."""
    rng, alarms, windows = np.random.default_rng(count * days), 0, 60
    for k in range(windows):
        if k % 6 == 0:
            reference = against(rng, 60 if k % 12 else 150)
        alarms += measure(window(rng, count, days), reference).verdict.alarms
    assert alarms < windows / 20


def test_a_shift_is_told_with_its_feature_its_size_and_what_chance_reaches() -> None:
    rng = np.random.default_rng(1)
    moved = window(rng, 200, 7)
    moved.matrix[:, 2] += 1.0
    found = measure(moved, against(rng))
    assert found.verdict.status == "drift"
    assert [item.name for item in found.moved] == ["f2"]
    assert found.moved[0].score > 1
    assert all(reason.startswith("f2: ") for reason in found.verdict.reasons)
    assert "chance reaches" in found.verdict.reasons[0]


def test_the_smallest_shift_that_the_window_could_have_seen_shrinks_with_the_window() -> None:
    rng = np.random.default_rng(2)
    reference = against(rng, 500)
    small, large = (measure(window(rng, count, 7), reference).features[0].statistics[1] for count in (30, 1000))
    assert small.visible > large.visible >= large.limit == 0.1


def test_a_category_is_held_by_jensen_shannon_and_a_number_by_kolmogorov_smirnov() -> None:
    rng = np.random.default_rng(3)
    found = measure(window(rng, 100, 7), against(rng))
    by_name = {item.name: [s.name for s in item.statistics] for item in found.features}
    assert by_name["f0"] == ["psi", "ks", "missing"]
    assert by_name[FLAGS[0]] == ["psi", "js", "missing"]


def test_a_field_that_is_no_longer_asked_is_drift_in_its_missing_share() -> None:
    rng = np.random.default_rng(4)
    silent = window(rng, 100, 7)
    silent.matrix[:, 5] = np.nan
    found = measure(silent, against(rng))
    [moved] = found.moved
    assert (moved.name, moved.missing, moved.rows) == ("f5", 1.0, 0)
    assert "without a value" in found.verdict.reasons[0]


def test_kept_rows_give_the_exact_distance() -> None:
    rng = np.random.default_rng(5)
    kept, now = against(rng, keep=True), window(rng, 100, 7)
    exact = measure(now, kept).features[0].statistics[1].value
    binned = measure(now, Against(kept.references, kept.people, FLAGS)).features[0].statistics[1].value
    assert 0 < binned < exact


@pytest.mark.parametrize("size", [(0, 0), (3, 28), (20, 1)])
def test_a_small_window_says_so_and_nothing_else(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(6)
    found = measure(window(rng, *size, shift=5.0), against(rng))
    assert found.verdict.status == "too little data"
    assert "needed" in found.verdict.reasons[0]


def test_columns_without_a_reference_are_left_out() -> None:
    rng = np.random.default_rng(7)
    now = window(rng, 50, 7)
    found = measure(Window(now.matrix, ("new", *NAMES[1:]), now.participants), against(rng))
    assert [item.name for item in found.features] == list(NAMES[1:])


def test_a_window_that_a_classifier_can_tell_is_suspected() -> None:
    rng = np.random.default_rng(8)
    found = measure(window(rng, 100, 7), against(rng), domain_auc=0.93)
    assert found.verdict.status == "suspected"
    assert "ROC-AUC of 0.93" in found.verdict.reasons[-1]


def test_the_same_window_gives_the_same_drift_as_plain_values() -> None:
    rng = np.random.default_rng(9)
    reference, now = against(rng), window(rng, 12, 28)
    found = measure(now, reference, limits=Limits(alpha=0.01)).to_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found == measure(now, reference, limits=Limits(alpha=0.01)).to_json()
    assert all(math.isfinite(item["score"]) for item in found["features"].values())


def _diaries(known: float, *, sleep: float = 7.0) -> Window:
    """A week of 200 people of whom up to `known` of 28 days are known, attacks counted over these, and their sleep."""
    rng = np.random.default_rng(8)
    who = np.repeat(np.arange(200), 7)
    observed = np.minimum(28, rng.integers(0, int(known), 200)[who] + np.tile(np.arange(7), 200))
    columns = (observed, rng.binomial(observed, 0.2), rng.normal(sleep, 1, who.size))
    return Window(np.column_stack(columns).astype(np.float64), ("observed_28d", "attacks_28d", "sleep_hours"), who)


def _of_long_diaries() -> Against:
    kept = _diaries(200)
    found = {item.name: item for item in references(kept.matrix.astype(np.float32), kept.names)}
    return Against(found, 200, history=("observed_28d", "attacks_28d"), tenure="observed_28d")


def test_people_who_have_just_begun_their_diary_are_no_drift() -> None:
    found = measure(_diaries(7), _of_long_diaries())
    assert {item.name: item.verdict.status for item in found.features} == {
        "observed_28d": "suspected",
        "attacks_28d": "suspected",
        "sleep_hours": "none",
    }
    assert found.verdict.status == "suspected"
    assert found.verdict.reasons[-1] == NEWER


def test_what_moves_besides_is_drift_also_of_new_people() -> None:
    found = measure(_diaries(7, sleep=5.5), _of_long_diaries())
    assert [item.name for item in found.moved] == ["sleep_hours"]
    assert found.verdict.status == "drift"


def test_counts_that_move_where_diaries_are_as_long_are_drift() -> None:
    moved = _diaries(200)
    moved.matrix[:, 1] += 5
    assert [item.name for item in measure(moved, _of_long_diaries()).moved] == ["attacks_28d"]


def test_diaries_longer_than_those_of_the_training_are_drift_which_a_retraining_mends() -> None:
    new = _diaries(7)
    found = {item.name: item for item in references(new.matrix.astype(np.float32), new.names)}
    against = Against(found, 200, history=("observed_28d", "attacks_28d"), tenure="observed_28d")
    assert measure(_diaries(200), against).verdict.status == "drift"


def test_people_of_whom_it_is_not_known_how_long_are_not_taken_for_beginners() -> None:
    unknown = _diaries(200)
    unknown.matrix[:, 0] = np.nan
    found = measure(unknown, _of_long_diaries())
    assert [item.name for item in found.moved] == ["observed_28d"]
    assert NEWER not in found.verdict.reasons
