"""Requests become arrays: order of days, calendar, contradictions, encoding."""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from migraine_assets.core.features.engine import select
from migraine_assets.core.features.table import default_plan
from migraine_assets.prediction.history_features import HistoryFeatures
from migraine_assets.prediction.recipe import PAST, ModelRecipe
from serving.contract.problems import Refused
from serving.contract.requests import DEFAULT
from serving.input.cases import MANY, Case, case_of, day_cases, histories_of, latest_day
from serving.input.decoding import decode, decode_predict

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def case(body: dict[str, Any]) -> Case:
    return case_of(decode_predict(json.dumps(body).encode()), now=NOW, body=b"the body")


def features(cases: Sequence[Case], *, horizon: int = 1) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the features by the recipe of the table."""
    plan = default_plan()
    recipe = ModelRecipe(plan, select(PAST, plan=plan), 0)
    return HistoryFeatures(histories_of(cases), DEFAULT.columns, horizon=horizon).of(recipe)


def entries(*dates: str, **last: Any) -> list[dict[str, Any]]:
    days: list[dict[str, Any]] = [{"date": date} for date in dates]
    days[-1].update(last)
    return days


@pytest.mark.parametrize("dates", [("2026-02-02", "2026-02-01"), ("2026-02-01", "2026-02-01")])
def test_days_must_ascend(dates: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as caught:
        case({"entries": entries(*dates)})
    assert caught.value.errors[0].path == "$.entries[1].date"


@pytest.mark.parametrize(("date", "why"), [("2026-03-03", "future"), ("1979-12-31", "too long ago")])
def test_a_day_outside_the_calendar_is_refused(date: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        case({"entries": entries(date)})
    with pytest.raises(Refused, match=why):
        case({"date": date, "age": 30})


def test_a_day_that_has_begun_in_any_time_zone_is_accepted() -> None:
    assert latest_day(NOW) == dt.date(2026, 3, 2)
    assert case({"entries": entries("2026-03-02")}).last_day == dt.date(2026, 3, 2)


def test_a_day_without_a_date_is_today() -> None:
    assert case({"age": 30}).last_day == dt.date(2026, 3, 1)


@pytest.mark.parametrize("outcome", [{}, {"migraine_occurrence": 0}])
@pytest.mark.parametrize("field", ["migraine_severity", "duration_h"])
def test_severity_or_duration_without_an_attack_is_a_contradiction(outcome: dict[str, int], field: str) -> None:
    with pytest.raises(Refused, match=f"entries\\[1\\].{field} contradicts"):
        case({"entries": entries("2026-02-01", "2026-02-02", **outcome, **{field: 4})})


def test_severity_0_without_an_attack_equals_null() -> None:
    assert np.array_equal(
        features([case({"migraine_occurrence": 0, "migraine_severity": 0.0})]),
        features([case({"migraine_occurrence": 0, "migraine_severity": None})]),
        equal_nan=True,
    )


def test_an_attack_without_pain_needs_an_aura() -> None:
    with pytest.raises(Refused, match="which has pain"):
        case({"entries": entries("2026-02-01", migraine_type="no_aura", migraine_occurrence=1, migraine_severity=0)})
    case({"entries": entries("2026-02-01", migraine_type="aura", migraine_occurrence=1, migraine_severity=0)})


def test_static_fields_of_the_request_fill_days_that_lack_them() -> None:
    made = case(
        {"sex": "F", "age": 30, "migraine_type": "mixed", "preventive_medication": True,
         "entries": entries("2026-02-01", "2026-02-02", age=31, sex="M")}
    )  # fmt: skip
    assert made.values[DEFAULT.index["age"]].tolist() == [30, 31]
    assert made.values[DEFAULT.index["sex"]].tolist() == [1, 0]
    assert made.values[DEFAULT.index["aura"]].tolist() == [1, 1]
    assert made.values[DEFAULT.index["preventive_medication"]].tolist() == [1, 1]
    assert set(np.flatnonzero(made.has_values)) == {
        DEFAULT.index[name] for name in ("age", "sex", "aura", "preventive_medication")
    }


def test_null_and_missing_are_the_same() -> None:
    assert not case({"sleep_hours": None}).has_values.any()


def test_the_rollout_key_is_the_participant_or_else_the_body() -> None:
    assert case({"participant_id": "p1"}).key == b"p1"
    assert case({"age": 30}).key == b"the body"


def test_a_name_that_ends_with_a_line_break_is_refused() -> None:
    with pytest.raises(Refused, match="participant_id"):
        case({"participant_id": "p1\n"})


def test_days_become_the_same_cases_together_and_one_by_one() -> None:
    bodies: list[dict[str, Any]] = [
        {"age": 30, "sex": "F", "sleep_hours": 20},
        {"participant_id": "p", "date": "2026-01-01", "fatigue": True, "migraine_type": "other"},
        {"migraine_occurrence": 0, "migraine_severity": 0, "explain": True},
    ]
    requests = [decode_predict(json.dumps(body).encode()) for body in bodies]
    for together, body in zip(day_cases(requests, now=NOW), bodies, strict=True):
        alone = case(body)
        assert np.array_equal(together.values, alone.values, equal_nan=True)
        assert together.has_values.tolist() == alone.has_values.tolist()
        assert (together.participant, together.last_day, together.explain) == (
            alone.participant, alone.last_day, alone.explain
        )  # fmt: skip


@pytest.mark.parametrize("bad", [{"date": "2026-03-09"}, {"migraine_severity": 3}])
def test_one_wrong_day_among_many_is_refused(bad: dict[str, Any]) -> None:
    requests = [decode_predict(json.dumps(body).encode()) for body in ({"age": 30}, bad)]
    with pytest.raises(Refused):
        day_cases(requests, now=NOW)


def test_large_batches_are_read_like_small_ones() -> None:
    """The batches have fields that no item, every item and some items fill."""
    filled = ({"stress_level": 5}, {"stress_level": None, "sex": "F"}, {})
    items = [{"sleep_hours": 4 + k % 6, **filled[k % 3]} for k in range(MANY + 1)]
    requests = decode(json.dumps({"items": items}).encode(), DEFAULT.DayBatch).items
    now = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    together = day_cases(requests, now=now)
    for many, request in zip(together, requests, strict=True):
        [one] = day_cases([request], now=now)
        assert np.array_equal(many.values, one.values, equal_nan=True)
        assert (many.has_values == one.has_values).all()
    for horizon in (0, 1):
        alone = np.concatenate([features([one], horizon=horizon) for one in together])
        np.testing.assert_array_equal(features(together, horizon=horizon), alone)
        np.testing.assert_array_equal(features(list(together), horizon=horizon), alone)
