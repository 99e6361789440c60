"""Intervals from the numbers in the manifest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.metrics.interval import IntervalRecord
from migraine_assets.prediction.intervals import calibration_band, expit, logit, severity_interval
from migraine_assets.stores.bundles.manifest import Conformal, Manifest, outcome_of
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_manifest


def calibrated(intercept: tuple[float | None, float | None], slope: tuple[float, float]) -> Manifest:
    def metric(ends: tuple[float | None, float | None]) -> IntervalRecord:
        return IntervalRecord(0.0, ends[0], ends[1])

    metrics = {"calibration_intercept": metric(intercept), "calibration_slope": metric(slope)}
    return example_manifest(metrics=metrics, base_rate=0.2)


@given(st.floats(0, 1), st.floats(-1, 0), st.floats(0, 1), st.floats(0, 1))
def test_the_interval_holds_the_probability_and_stays_between_0_and_1(
    p: float, low: float, high: float, slope: float
) -> None:
    band = calibration_band(calibrated((low, high), (1 - slope, 1 + slope)))
    assert band is not None
    around = band.around(p)
    assert 0 <= around.low <= p <= around.high <= 1 or abs(around.low - p) < 1e-6 or abs(around.high - p) < 1e-6


def test_at_the_base_rate_only_the_intercept_counts() -> None:
    band = calibration_band(calibrated((-0.1, 0.1), (0.5, 1.5)))
    assert band is not None
    around = band.around(0.2)
    assert around.low == pytest.approx(expit(logit(0.2) - 0.1), abs=1e-6)
    assert around.high == pytest.approx(expit(logit(0.2) + 0.1), abs=1e-6)


def test_far_from_the_base_rate_the_interval_is_wider() -> None:
    band = calibration_band(calibrated((-0.1, 0.1), (0.5, 1.5)))
    assert band is not None
    near, far = band.around(0.2), band.around(0.6)
    assert logit(far.high) - logit(far.low) > logit(near.high) - logit(near.low)


def test_without_both_ends_there_is_no_interval() -> None:
    assert calibration_band(calibrated((None, 0.1), (0.5, 1.5))) is None
    assert calibration_band(example_manifest()) is None


@pytest.mark.parametrize(
    ("kind", "expected", "ends"),
    [("severity", 5.0, (2.0, 8.0)), ("severity", 9.0, (6.0, 10.0)), ("burden", 1.0, (0.0, 4.0))],
)
def test_a_severity_stays_on_its_scale(kind: str, expected: float, ends: tuple[float, float]) -> None:
    outcome = outcome_of("severity", kind, CONTRACT, horizon=1)
    manifest = example_manifest(task="severity", outcome=outcome, conformal=Conformal(coverage=0.9, quantile=3.0))
    interval = severity_interval(expected, manifest)
    assert interval is not None
    assert (interval.low, interval.high) == ends


def test_a_model_without_a_quantile_has_no_interval() -> None:
    outcome = outcome_of("severity", "severity", CONTRACT, horizon=1)
    assert severity_interval(5.0, example_manifest(task="severity", outcome=outcome)) is None
