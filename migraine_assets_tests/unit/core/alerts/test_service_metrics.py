"""Metrics are differences of counters between readings, including across restarts, gaps and clock changes."""

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
    quantile,
    readings_of_window,
    summarize,
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


def test_only_increases_since_the_first_reading_count() -> None:
    """A counter with a thousand old errors raises no alert."""
    metrics = summarize([reading(0, 5000, 1000), reading(1, 5100, 1000)], limits=LIMITS)
    assert (metrics.requests, metrics.errors, metrics.error_rate) == (100, 0, 0)


def test_the_error_rate_counts_server_errors_only() -> None:
    refused = {requests("422"): 90.0, requests("200"): 4.0, requests("500"): 6.0}
    metrics = summarize([Reading(START), Reading(START + MINUTE, refused)], limits=LIMITS)
    assert metrics.error_rate == pytest.approx(0.06)


def test_after_a_restart_the_counts_of_the_new_process_are_added() -> None:
    metrics = summarize([reading(0, 5000, 1000), reading(1, 30, 10)], limits=LIMITS)
    assert (metrics.requests, metrics.errors) == (40, 10)


def test_too_few_requests_have_no_rate() -> None:
    assert summarize([reading(0, 0, 0), reading(1, 0, LIMITS.least_requests - 1)], limits=LIMITS).error_rate is None
    assert summarize([reading(0, 0, 0), reading(1, 0, LIMITS.least_requests)], limits=LIMITS).error_rate == 1


def test_a_single_reading_has_only_gauges() -> None:
    metrics = summarize([Reading(START, {(READY, ()): 2.0, requests("500"): 1000.0})], limits=LIMITS)
    assert (metrics.error_rate, metrics.p95, metrics.requests, metrics.ready) == (None, None, 0, 2.0)


def test_the_models_and_their_problems_are_those_of_the_last_reading() -> None:
    info = (MODELS, (("algorithm", "xgboost"), ("arm", "champion"), ("model", "0123456789abcdef"), ("task", "attack")))
    metrics = summarize([Reading(START, {(PROBLEMS, ()): 2}), Reading(START + MINUTE, {info: 1})], limits=LIMITS)
    assert metrics.problems == 0
    assert metrics.models == ("attack xgboost 0123456789ab",)


def test_the_95th_percentile_lies_in_its_bucket() -> None:
    before = Reading(
        START, {bucket("0.5"): 1000.0, bucket("1.0"): 1000.0, bucket("2.5"): 1000.0, bucket("+Inf"): 1000.0}
    )
    after = Reading(
        START + MINUTE, {bucket("0.5"): 1080.0, bucket("1.0"): 1090.0, bucket("2.5"): 1100.0, bucket("+Inf"): 1100.0}
    )
    assert summarize([before, after], limits=LIMITS).p95 == pytest.approx(1.75)


@given(st.lists(st.floats(0.001, 9.9), min_size=20, max_size=300), st.floats(0.05, 0.99))
def test_a_quantile_is_within_the_bucket_of_the_true_one(values: list[float], share: float) -> None:
    bounds = [0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf]
    rank = int(share * len(values))
    share = (rank + 0.5) / len(values)  # between two values, where rounding decides nothing
    estimate = quantile([(bound, float(sum(value <= bound for value in values))) for bound in bounds], share)
    true = sorted(values)[rank]
    high = next(bound for bound in bounds if true <= bound)
    low = ([0.0, *bounds])[bounds.index(high)]
    assert estimate is not None
    assert low <= estimate <= high


def test_a_quantile_beyond_the_last_bound_is_infinite_and_without_values_none() -> None:
    assert quantile([(1.0, 0.0), (math.inf, 10.0)], 0.95) == math.inf
    assert quantile([(1.0, 0.0), (math.inf, 0.0)], 0.95) is None
    assert quantile([], 0.95) is None


def test_the_window_keeps_one_reading_before_it_and_drops_the_rest() -> None:
    readings = [reading(minute, 0, 0) for minute in range(12)]
    window = readings_of_window(readings, now=START + 11 * MINUTE, limits=LIMITS)
    assert [(item.when - START) // MINUTE for item in window] == [6, 7, 8, 9, 10, 11]


def test_readings_of_the_future_and_of_long_ago_are_dropped() -> None:
    readings = [reading(-600, 0, 0), reading(60, 0, 0)]
    assert readings_of_window(readings, now=START, limits=LIMITS) == ()
