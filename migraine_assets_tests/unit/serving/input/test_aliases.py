"""Bodies in aliases: their interpretation, and what is still refused."""

import datetime as dt
import json
from typing import Any

import pytest

from migraine_assets.core.contract import BY_NAME
from migraine_assets.core.diary.aliases import ALIASES
from serving.contract.problems import Refused
from serving.contract.responses import Interpreted
from serving.input.aliases import read_case
from serving.input.cases import Case, case_of
from serving.input.decoding import decode_predict

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def read(body: dict[str, Any]) -> Case:
    return read_case(json.dumps(body).encode(), now=NOW)


def strict(body: dict[str, Any]) -> Case:
    content = json.dumps(body).encode()
    return case_of(decode_predict(content), now=NOW, body=content)


def refused(body: dict[str, Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        read(body)
    return caught.value


@pytest.mark.parametrize("alias", ALIASES, ids=lambda alias: alias.name)
def test_every_alias_of_files_is_understood(alias: Any) -> None:
    value: Any = {"string": "p1", "date": "2026-02-01"}.get(BY_NAME[alias.field].kind, 1)
    others = {"migraine_occurrence": 1} if alias.field in ("migraine_severity", "duration_h") else {}
    case = read({**others, alias.name: 30 if alias.field == "age" else 900 if "pressure" in alias.name else value})
    [interpreted] = case.interpreted
    assert (interpreted.given, interpreted.field) == (alias.name, alias.field)


@pytest.mark.parametrize(
    ("body", "named", "interpreted"),
    [
        ({"gender": 0}, {"sex": "M"}, ("gender", "sex", "M")),
        ({"gender": "1"}, {"sex": "F"}, ("gender", "sex", "F")),
        ({"gender": 1.0}, {"sex": "F"}, ("gender", "sex", "F")),
        ({"Gender": "female"}, {"sex": "F"}, ("Gender", "sex", "F")),
        ({"gender": "F"}, {"sex": "F"}, ("gender", "sex", None)),
        ({"sex": "female"}, {"sex": "F"}, ("sex", "sex", "F")),
        ({"sleepHours": 7}, {"sleep_hours": 7}, ("sleepHours", "sleep_hours", None)),
        ({"migraine_type": "with aura"}, {"migraine_type": "aura"}, ("migraine_type", "migraine_type", "aura")),
    ],
)
def test_a_name_or_code_is_taken_for_that_of_the_contract(
    body: dict[str, Any], named: dict[str, Any], interpreted: tuple[str, str, str | None]
) -> None:
    case, expected = read({"stress_level": 3, **body}), strict({"stress_level": 3, **named})
    assert case.interpreted == (Interpreted(*interpreted),)
    assert case.values.tobytes() == expected.values.tobytes()


def test_a_diary_names_each_alias_once() -> None:
    days = [{"date": f"2026-02-0{k}", "migraine": k % 2, "barometric_pressure": 1000 + k} for k in range(1, 6)]
    case = read({"patient_id": "p1", "gender": 1, "entries": days})
    assert case.participant == "p1"
    assert [one.given for one in case.interpreted] == ["patient_id", "gender", "migraine", "barometric_pressure"]


def test_a_body_in_names_of_the_contract_has_nothing_to_interpret() -> None:
    assert read({"sex": "F", "stress_level": 3}).interpreted == ()


def test_an_alias_beside_its_field_is_refused() -> None:
    [error] = refused({"sex": "F", "gender": 1}).errors
    assert (error.path, error.reason) == ("$.gender", "names the same field as sex")


def test_errors_have_the_names_of_the_request() -> None:
    body = {"gender": 7, "sleepHours": 25, "date": "2026-02-01"}
    assert [error.path for error in refused(body).errors] == ["$.gender", "$.sleepHours"]
    contradiction = refused({"migraine": 0, "severity": 5})
    assert contradiction.errors[0].path == "$.severity"


@pytest.mark.parametrize(
    "content", [b'{"gender": 1, "gender": 0}', b'{"gender": 1, "age": NaN}', b'[{"gender": 1}]', b'{"gender": 1']
)
def test_an_alias_excuses_no_other_fault(content: bytes) -> None:
    with pytest.raises(Refused):
        read_case(content, now=NOW)


def test_an_unknown_field_stays_refused() -> None:
    [error] = refused({"gender": 1, "favorite_color": "blue"}).errors
    assert (error.path, error.reason) == ("$.favorite_color", "is not a field of this object")
