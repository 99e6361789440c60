"""An estimate and its interval survive JSON, including unknown limits."""

import json
import math

from migraine_assets.core.metrics.interval import UNKNOWN, Interval, interval_from_json


def test_an_interval_survives_json() -> None:
    interval = Interval(0.7, 0.6, 0.8)
    assert interval_from_json(json.loads(json.dumps(interval.to_json()))) == interval


def test_what_is_unknown_becomes_null_because_json_has_no_nan() -> None:
    text = json.dumps(Interval(0.7).to_json(), allow_nan=False)
    assert json.loads(text) == {"value": 0.7, "ci_low": None, "ci_high": None}
    back = interval_from_json(json.loads(text))
    assert back.value == 0.7
    assert math.isnan(back.ci_low)
    assert not back.bounded


def test_an_infinite_figure_becomes_null() -> None:
    assert Interval(math.inf, -math.inf, math.inf).to_json() == {"value": None, "ci_low": None, "ci_high": None}


def test_it_reads_well() -> None:
    assert str(Interval(0.7, 0.6, 0.8)) == "0.700 [0.600, 0.800]"
    assert str(Interval(0.7)) == "0.700"
    assert str(UNKNOWN) == "unknown"
