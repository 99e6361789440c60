"""Example request bodies for the OpenAPI document and the README, ready to be sent. Not here: responses."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

DAYS = 10
_FIRST = dt.date(2025, 3, 1)
_SLEEP = (7.5, 6.0, 7.0, 8.0, 5.5, 7.0, 7.5, 6.5, 7.0, 5.0)
_STRESS = (3, 6, 5, 2, 8, 7, 4, 3, 6, 8)
_ATTACKS = (0, 0, 1, 0, 0, 1, 0, 0, 0, 0)


def diary() -> dict[str, Any]:
    """Return ten days of one participant. The last one is "today"."""
    return {
        "participant_id": "P-0042",
        "age": 34,
        "sex": "F",
        "migraine_type": "no_aura",
        "entries": [_day(k) for k in range(DAYS)],
        "explain": True,
    }


def sheet() -> dict[str, Any]:
    """Return the same ten days for a sheet."""
    return {name: value for name, value in diary().items() if name != "explain"}


def _day(k: int) -> dict[str, Any]:
    day = {
        "date": (_FIRST + dt.timedelta(days=k)).isoformat(),
        "sleep_hours": _SLEEP[k],
        "stress_level": _STRESS[k],
        "caffeine_intake": k % 3,
        "bright_light": int(_STRESS[k] > 6),
        "neck_pain": int(k == DAYS - 1),
        "migraine_occurrence": _ATTACKS[k],
    }
    return day | ({"migraine_severity": 6, "medication": 1} if _ATTACKS[k] else {})


def flat() -> dict[str, Any]:
    """Return one day without history. Models of a table without dates predict from it; models of a diary abstain."""
    return {"age": 34, "sex": "F", "sleep_hours": 5.5, "stress_level": 8, "hydration": 1.2, "bright_light": 1}


def batch(*, history: bool = True) -> dict[str, Any]:
    """Return two participants. `history`: both with a diary, otherwise the second with one day."""
    other = diary() | {"participant_id": "P-0043", "age": 51, "sex": "M", "explain": False}
    return {"items": [diary() | {"explain": False}, other if history else flat()]}


def kept_day() -> dict[str, Any]:
    """Return the values of a day that an app knows in the evening; the null erases an earlier value."""
    return {"sleep_hours": 6.5, "stress_level": 7, "migraine_occurrence": 0, "caffeine_intake": None}


def kept_profile() -> dict[str, Any]:
    """Return the values that do not change from day to day."""
    return {"age": 34, "sex": "F", "migraine_type": "no_aura"}


def feedback() -> dict[str, Any]:
    """Return a reported attack. Replace its prediction_id by one that the service returned."""
    return {
        "prediction_id": "the-prediction_id-of-a-response",
        "migraine_occurrence": 1,
        "migraine_severity": 6,
    }


def infer(row: Sequence[float]) -> dict[str, Any]:
    """Return a request with one row of features, NaN for unknown."""
    data = [round(value, 3) if value == value else None for value in row]
    return {"inputs": [{"name": "features", "shape": [1, len(data)], "datatype": "FP32", "data": data}]}
