"""Counters are differenced between readings; restarts, silence and odd clocks are no alarms."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migraine_assets.core.alerts.service_metrics import (
    BUCKETS,
    MODELS,
    PROBLEMS,
    READY,
    REQUESTS,
    Reading,
    Series,
    ServiceLimits,
    kept,
    quantile,
    recent,
)

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
LIMITS = ServiceLimits()


def requests(status: str) -> Series:
    return REQUESTS, (("endpoint", "/v1/predict"), ("method", "POST"), ("status", status))


def bucket(le: str) -> Series:
    return BUCKETS, (("le", le),)


def reading(minute: float, good: float, bad: float) -> Reading:
    return Reading(START + minute * MINUTE, {requests("200"): good, requests("503"): bad})


def test_only_what_happened_since_the_first_reading_counts() -> None:
    """A thousand old errors are no alarm."""
    figures = recent([reading(0, 5000, 1000), reading(1, 5100, 1000)], limits=LIMITS)
    assert (figures.requests, figures.errors, figures.error_rate) == (100, 0, 0)


def test_the_error_rate_is_of_server_errors_alone() -> None:
    refused = {requests("422"): 90.0, requests("200"): 4.0, requests("500"): 6.0}
    figures = recent([Reading(START), Reading(START + MINUTE, refused)], limits=LIMITS)
    assert figures.error_rate == pytest.approx(0.06)


def test_a_restart_between_readings_counts_what_the_new_process_counted() -> None:
    figures = recent([reading(0, 5000, 1000), reading(1, 30, 10)], limits=LIMITS)
    assert (figures.requests, figures.errors) == (40, 10)


def test_few_requests_say_nothing() -> None:
    assert recent([reading(0, 0, 0), reading(1, 0, LIMITS.least_requests - 1)], limits=LIMITS).error_rate is None
    assert recent([reading(0, 0, 0), reading(1, 0, LIMITS.least_requests)], limits=LIMITS).error_rate == 1


def test_one_reading_alone_says_nothing_but_what_is_now() -> None:
    figures = recent([Reading(START, {(READY, ()): 2.0, requests("500"): 1000.0})], limits=LIMITS)
    assert (figures.error_rate, figures.p95, figures.requests, figures.ready) == (None, None, 0, 2.0)


def test_the_models_and_their_problems_are_those_of_the_last_reading() -> None:
    info = (MODELS, (("algorithm", "xgboost"), ("arm", "champion"), ("model", "0123456789abcdef"), ("task", "attack")))
    figures = recent([Reading(START, {(PROBLEMS, ()): 2}), Reading(START + MINUTE, {info: 1})], limits=LIMITS)
    assert figures.problems == 0
    assert figures.models == ("attack xgboost 0123456789ab",)


def test_the_95th_percentile_lies_in_its_bucket() -> None:
    before = Reading(
        START, {bucket("0.5"): 1000.0, bucket("1.0"): 1000.0, bucket("2.5"): 1000.0, bucket("+Inf"): 1000.0}
    )
    after = Reading(
        START + MINUTE, {bucket("0.5"): 1080.0, bucket("1.0"): 1090.0, bucket("2.5"): 1100.0, bucket("+Inf"): 1100.0}
    )
    assert recent([before, after], limits=LIMITS).p95 == pytest.approx(1.75)


@given(st.lists(st.floats(0.001, 9.9), min_size=20, max_size=300), st.floats(0.05, 0.99))
def test_a_quantile_is_within_the_bucket_of_the_true_one(values: list[float], share: float) -> None:
    bounds = [0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf]
    found = quantile([(bound, float(sum(value <= bound for value in values))) for bound in bounds], share)
    true = sorted(values)[max(0, math.ceil(share * len(values) - 1e-9) - 1)]
    high = next(bound for bound in bounds if true <= bound)
    low = ([0.0, *bounds])[bounds.index(high)]
    assert found is not None
    assert low <= found <= high


def test_a_quantile_beyond_the_last_bound_is_infinite_and_of_nothing_is_none() -> None:
    assert quantile([(1.0, 0.0), (math.inf, 10.0)], 0.95) == math.inf
    assert quantile([(1.0, 0.0), (math.inf, 0.0)], 0.95) is None
    assert quantile([], 0.95) is None


def test_the_window_keeps_one_reading_before_it_and_drops_the_rest() -> None:
    readings = [reading(minute, 0, 0) for minute in range(12)]
    left = kept(readings, now=START + 11 * MINUTE, limits=LIMITS)
    assert [(item.when - START) // MINUTE for item in left] == [6, 7, 8, 9, 10, 11]


def test_readings_of_the_future_and_of_long_ago_are_no_use() -> None:
    readings = [reading(-600, 0, 0), reading(60, 0, 0)]
    assert kept(readings, now=START, limits=LIMITS) == ()
