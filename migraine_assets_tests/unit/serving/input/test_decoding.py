"""Invalid bodies and the explanations that their senders get."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core import contract
from serving.contract.problems import Refused
from serving.contract.requests import DEFAULT, BatchRequest
from serving.input.decoding import decode, decode_predict

SECRET = "'; DROP TABLE diary; --<script>"


def refused(body: bytes | dict[str, Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        decode_predict(body if isinstance(body, bytes) else json.dumps(body).encode())
    return caught.value


@pytest.mark.parametrize(
    ("day", "path", "reason", "accepted"),
    [
        ({"stress": 3}, "$.entries[0].stress", "is not a field", "stress_level"),
        ({"sleep_hours": 24.5}, "$.entries[0].sleep_hours", "above the highest", "0 to 24 h"),
        ({"age": 9}, "$.entries[0].age", "below the lowest", "10 to 100 years"),
        ({"sleep_hours": SECRET}, "$.entries[0].sleep_hours", "is a string", "0 to 24 h"),
        ({"sleep_hours": True}, "$.entries[0].sleep_hours", "is true or false", "0 to 24 h"),
        ({"sleep_hours": [7]}, "$.entries[0].sleep_hours", "is a list", "0 to 24 h"),
        ({"fatigue": 0.5}, "$.entries[0].fatigue", "neither 0 nor 1", "0, 1, true, false or null"),
        ({"fatigue": 2}, "$.entries[0].fatigue", "above the highest", "0, 1, true, false or null"),
        ({"sex": SECRET}, "$.entries[0].sex", "not one of the accepted", "F, M or null"),
        ({"air_quality": 1e300}, "$.entries[0].air_quality", "above the highest", "from 0"),
        ({"date": "31.12.2020"}, "$.entries[0].date", "not a calendar date", "YYYY-MM-DD"),
        ({"date": "2023-02-29"}, "$.entries[0].date", "not a calendar date", "YYYY-MM-DD"),
        ({"date": 20200101}, "$.entries[0].date", "is a number", "YYYY-MM-DD"),
        ({"date": None}, "$.entries[0].date", "is null", "YYYY-MM-DD"),
    ],
)
def test_an_invalid_field_is_named_with_the_reason_and_what_is_accepted(
    day: dict[str, Any], path: str, reason: str, accepted: str
) -> None:
    error = refused({"entries": [{"date": "2024-01-01", **day}]})
    assert error.http_status == 422
    assert (error.errors[0].path, len(error.errors)) == (path, 1)
    assert reason in error.errors[0].reason
    assert accepted in error.errors[0].accepted
    assert SECRET not in str(error.problem)


@pytest.mark.parametrize(
    ("body", "path", "reason"),
    [
        ({"entries": []}, "$.entries", "is empty"),
        ({"entries": [{"date": "2024-01-01"}] * 91}, "$.entries", "too many"),
        ({"entries": [{}]}, "$.entries[0].date", "is missing"),
        ({"entries": [None]}, "$.entries[0]", "is null"),
        ({"entries": {}}, "$.entries", "is an object"),
        ({"entries": [{"date": "2024-01-01"}], "sleep_hours": 3}, "$.sleep_hours", "is not a field"),
        ({"participant_id": SECRET, "sleep_hours": 3}, "$.participant_id", "not have the accepted form"),
        ({"participant_id": "x" * 65}, "$.participant_id", "not have the accepted form"),
        ({"participant_id": ""}, "$.participant_id", "not have the accepted form"),
        ({"explain": 1}, "$.explain", "is a number"),
        ([1], "$", "is a list"),
    ],
)
def test_a_body_with_the_wrong_structure_is_refused(body: Any, path: str, reason: str) -> None:
    error = refused(json.dumps(body).encode())
    assert error.http_status == 422
    assert error.errors[0].path == path
    assert reason in error.errors[0].reason


@pytest.mark.parametrize(
    "body",
    [b"", b" \n", b"{", b"nonsense", b"a=1&b=2", b'{"age": NaN}', b'{"age": Infinity}', b'{"age": -Infinity}',
     b'{"age": 30x}', b'{"age": 30,}', b'{"age": 30} {}', b'{"participant_id": "\xff"}', b"\xff\xfe{\x00}\x00"],
)  # fmt: skip
def test_invalid_json_is_a_400(body: bytes) -> None:
    error = refused(body)
    assert (error.http_status, error.kind.name) == (400, "not-json")


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"9" * 5000])
def test_a_number_out_of_range_is_refused(number: bytes) -> None:
    error = refused(b'{"age": ' + number + b"}")
    assert error.http_status == 422
    assert error.errors[0].path == "$.age"


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"entries":[', b'{"age":['])
def test_deep_nesting_is_refused(opening: bytes) -> None:
    assert refused(opening * 50_000).http_status in (400, 422)


@pytest.mark.parametrize(
    "body",
    [
        b'{"age": 30, "age": 31}',
        b'{"age": null, "age": 31}',
        b'{"\\u0061ge": 30, "age": 31}',
        b'{"participant_id": "a\\u003ab", "age": 30, "age": 31}',
        b'{"entries": [{"date": "2024-01-01", "fatigue": 1, "fatigue": 0}]}',
        b'{"entries": [{"date": "2024-01-01"}], "entries": [{"date": "2024-01-01"}]}',
    ],
)
def test_a_duplicate_key_is_refused_even_when_escaped(body: bytes) -> None:
    error = refused(body)
    assert error.http_status == 422
    assert "twice" in error.detail


def test_colons_and_escapes_in_strings_are_not_duplicate_keys() -> None:
    assert decode_predict(b'{"participant_id": "a:b:c", "age": 30}').participant_id == "a:b:c"
    assert decode_predict(b'{"participant_id": "a\\u003ab", "age": 30}').participant_id == "a:b"


def test_the_key_entries_decides_the_request_type_and_not_a_string_with_that_word() -> None:
    assert type(decode_predict(b'{"participant_id": "entries"}')) is DEFAULT.DayRequest
    assert type(decode_predict(b'{"\\u0065ntries": [{"date": "2024-01-01"}]}')) is DEFAULT.DiaryRequest
    assert "entries[0]" in refused(b'{"\\u0065ntries": [{"date": 3}]}').errors[0].path


def test_a_batch_with_duplicate_items_is_refused() -> None:
    with pytest.raises(Refused, match="twice"):
        decode(b'{"items": [{"age": 3}], "items": [{}]}', BatchRequest)


def test_feedback_needs_an_outcome() -> None:
    with pytest.raises(Refused, match="migraine_occurrence is null"):
        decode(b'{"prediction_id": "a", "migraine_occurrence": null}', DEFAULT.FeedbackRequest)


def test_a_long_field_name_is_shortened_in_the_message() -> None:
    error = refused({"x" * 5000: 1})
    assert len(error.errors[0].path) < 100


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*contract.NAMES, "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from([*contract.NAMES, "entries", "explain", "x"]), values, max_size=5))
def test_any_body_is_decoded_or_refused(body: dict[str, Any]) -> None:
    result: Any = None
    try:
        result = decode_predict(json.dumps(body).encode())
    except Refused as error:
        result = error.problem
    assert isinstance(result, DEFAULT.DayRequest | DEFAULT.DiaryRequest) or (
        400 <= result.status < 500 and result.detail
    )
