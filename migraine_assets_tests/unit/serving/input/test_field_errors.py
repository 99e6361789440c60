"""A refused body: every invalid field is named at once, up to a limit."""

import json
from typing import Any

import pytest

from serving.contract.problems import Refused
from serving.input.decoding import decode_predict
from serving.input.field_errors import MOST


def paths(body: dict[str, Any]) -> list[str]:
    with pytest.raises(Refused) as caught:
        decode_predict(json.dumps(body).encode())
    assert all(error.path in caught.value.detail for error in caught.value.errors)
    return [error.path for error in caught.value.errors]


def test_every_invalid_field_of_a_day_is_named() -> None:
    body = {"age": 9, "sleep_hours": "seven", "stress_level": 3, "colour": "red", "fatigue": 2, "sex": "x"}
    assert paths(body) == ["$.age", "$.sleep_hours", "$.colour", "$.fatigue", "$.sex"]


def test_every_invalid_field_of_a_diary_is_named() -> None:
    entries = [{"date": "2026-02-01", "sleep_hours": 25}, {"sleep_hours": 7}, {"date": "2026-02-03", "yawning": 0.5}]
    expected = ["$.entries[0].sleep_hours", "$.entries[1].date", "$.entries[2].yawning", "$.age"]
    assert paths({"entries": entries, "age": 9}) == expected


def test_a_body_without_any_valid_field_gets_a_bounded_answer() -> None:
    assert len(paths({f"field_{k}": k for k in range(1000)})) == MOST
