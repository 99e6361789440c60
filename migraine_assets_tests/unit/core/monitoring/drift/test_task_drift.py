import math

import msgspec
import numpy as np
import pytest

from migraine_assets.core.monitoring.drift.result import Drift
from migraine_assets.core.monitoring.drift.task_drift import (
    SHORT_HISTORY,
    DriftReference,
    Window,
    measure_drift,
)
from migraine_assets.core.monitoring.limits import DriftLimits
from migraine_assets.core.reference_bins import references
from migraine_assets_tests.unit.core.monitoring.cohorts import FLAGS, NAMES, against, window


@pytest.mark.parametrize(("count", "days"), [(12, 28), (30, 7), (60, 1), (60, 28), (300, 7)])
def test_without_drift_fewer_than_one_window_in_twenty_alarms(count: int, days: int) -> None:
    """Drift of all features. Days of a participant are similar, and no participant is in both reference and window."""
    rng, alarms, windows = np.random.default_rng(count * days), 0, 60
    for k in range(windows):
        if k % 6 == 0:
            reference = against(rng, 60 if k % 12 else 150)
        alarms += measure_drift(window(rng, count, days), reference).alarms
    assert alarms < windows / 20


def test_a_shift_is_reported_with_its_feature_its_size_and_the_critical_value() -> None:
    rng = np.random.default_rng(1)
    moved = window(rng, 200, 7)
    moved.matrix[:, 2] += 1.0
    drift = measure_drift(moved, against(rng))
    assert drift.status == "drift"
    assert drift.moved == ("f2",)
    assert drift.features["f2"].drift_ratio > 1
    assert all(reason.startswith("f2: ") for reason in drift.reasons)
    assert "chance reaches" in drift.reasons[0]


def test_a_larger_window_shows_smaller_shifts() -> None:
    rng = np.random.default_rng(2)
    reference = against(rng, 500)
    small, large = (
        measure_drift(window(rng, count, 7), reference).features["f0"].statistics["ks"] for count in (30, 1000)
    )
    assert small.visible > large.visible >= large.limit == 0.1  # type: ignore[operator]


def test_categories_use_jensen_shannon_and_numbers_kolmogorov_smirnov() -> None:
    rng = np.random.default_rng(3)
    drift = measure_drift(window(rng, 100, 7), against(rng))
    by_name = {name: list(item.statistics) for name, item in drift.features.items()}
    assert by_name["f0"] == ["psi", "ks", "missing"]
    assert by_name[FLAGS[0]] == ["psi", "js", "missing"]


def test_a_field_without_values_drifts_in_its_missing_share() -> None:
    rng = np.random.default_rng(4)
    silent = window(rng, 100, 7)
    silent.matrix[:, 5] = np.nan
    drift = measure_drift(silent, against(rng))
    assert drift.moved == ("f5",)
    assert (drift.features["f5"].missing, drift.features["f5"].rows) == (1.0, 0)
    assert "without a value" in drift.reasons[0]


def test_reference_samples_give_the_exact_distance() -> None:
    rng = np.random.default_rng(5)
    reference, now = against(rng, keep=True), window(rng, 100, 7)
    exact = measure_drift(now, reference).features["f0"].statistics["ks"].value
    binned = (
        measure_drift(now, DriftReference(reference.references, reference.participants, FLAGS))
        .features["f0"]
        .statistics["ks"]
        .value
    )
    assert 0 < binned < exact  # type: ignore[operator]


@pytest.mark.parametrize("size", [(0, 0), (3, 28), (20, 1)])
def test_a_small_window_has_too_little_data(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(6)
    drift = measure_drift(window(rng, *size, shift=5.0), against(rng))
    assert drift.status == "too little data"
    assert "needed" in drift.reasons[0]


def test_columns_without_a_reference_are_skipped() -> None:
    rng = np.random.default_rng(7)
    now = window(rng, 50, 7)
    drift = measure_drift(Window(now.matrix, ("new", *NAMES[1:]), now.participants), against(rng))
    assert list(drift.features) == list(NAMES[1:])


def test_a_window_that_a_classifier_can_distinguish_is_suspected() -> None:
    rng = np.random.default_rng(8)
    drift = measure_drift(window(rng, 100, 7), against(rng), domain_auc=0.93)
    assert drift.status == "suspected"
    assert "ROC-AUC of 0.93" in drift.reasons[-1]


def test_the_same_window_gives_the_same_drift_and_comes_back_from_json() -> None:
    rng = np.random.default_rng(9)
    reference, now = against(rng), window(rng, 12, 28)
    drift = measure_drift(now, reference, limits=DriftLimits(alpha=0.01))
    assert drift == measure_drift(now, reference, limits=DriftLimits(alpha=0.01))
    assert msgspec.json.decode(msgspec.json.encode(drift), type=Drift) == drift
    assert all(math.isfinite(item.drift_ratio) for item in drift.features.values())


def _diaries(known: float, *, sleep: float = 7.0) -> Window:
    """Return a week of 200 participants: their known days (up to `known` of 28), attacks and sleep."""
    rng = np.random.default_rng(8)
    who = np.repeat(np.arange(200), 7)
    observed = np.minimum(28, rng.integers(0, int(known), 200)[who] + np.tile(np.arange(7), 200))
    columns = (observed, rng.binomial(observed, 0.2), rng.normal(sleep, 1, who.size))
    return Window(np.column_stack(columns).astype(np.float64), ("observed_28d", "attacks_28d", "sleep_hours"), who)


def _of_long_diaries() -> DriftReference:
    diaries = _diaries(200)
    bins = {item.name: item for item in references(diaries.matrix.astype(np.float32), diaries.names)}
    return DriftReference(bins, 200, history=("observed_28d", "attacks_28d"), tenure="observed_28d")


def test_new_diaries_are_suspected_and_no_drift() -> None:
    drift = measure_drift(_diaries(7), _of_long_diaries())
    assert {name: item.status for name, item in drift.features.items()} == {
        "observed_28d": "suspected",
        "attacks_28d": "suspected",
        "sleep_hours": "none",
    }
    assert drift.status == "suspected"
    assert drift.reasons[-1] == SHORT_HISTORY


def test_another_feature_of_new_diaries_can_drift() -> None:
    drift = measure_drift(_diaries(7, sleep=5.5), _of_long_diaries())
    assert drift.moved == ("sleep_hours",)
    assert drift.status == "drift"


def test_counts_drift_when_diaries_are_as_long_as_in_training() -> None:
    moved = _diaries(200)
    moved.matrix[:, 1] += 5
    assert measure_drift(moved, _of_long_diaries()).moved == ("attacks_28d",)


def test_diaries_longer_than_in_training_are_drift() -> None:
    new = _diaries(7)
    bins = {item.name: item for item in references(new.matrix.astype(np.float32), new.names)}
    against = DriftReference(bins, 200, history=("observed_28d", "attacks_28d"), tenure="observed_28d")
    assert measure_drift(_diaries(200), against).status == "drift"


def test_an_unknown_diary_length_is_no_short_diary() -> None:
    unknown = _diaries(200)
    unknown.matrix[:, 0] = np.nan
    drift = measure_drift(unknown, _of_long_diaries())
    assert drift.moved == ("observed_28d",)
    assert SHORT_HISTORY not in drift.reasons
