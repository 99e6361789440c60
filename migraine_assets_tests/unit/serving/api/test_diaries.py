"""Kept diaries over HTTP: merging, erasing, ownership, limits, and the forecast from them."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.trained import NOON, fresh_store, history, records_of, running
from serving.access import api_keys
from serving.services import Services

DAY = "/diaries/anna/days/2026-02-01"


@contextmanager
def service(folder: Path, store: Store | None = None, **changes: Any) -> Iterator[tuple[httpx.Client, Services]]:
    """Run the service with its diaries in `folder`."""
    with running(store or Store(str(folder / "store")), folder, **changes) as parts:
        yield parts


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service without a model, because diaries need none."""
    with service(tmp_path_factory.mktemp("kept")) as (client, _):
        yield client


def keep(client: httpx.Client, participant: str, entries: list[dict[str, Any]], **options: Any) -> None:
    """Send a PUT for every day of `entries`."""
    for entry in entries:
        fields = {name: value for name, value in entry.items() if name != "date"}
        response = client.put(f"/diaries/{participant}/days/{entry['date']}", json=fields, **options)
        assert response.status_code == 200, response.text


def test_partial_days_merge_and_null_erases(client: httpx.Client) -> None:
    morning = client.put(DAY, json={"sleep_hours": 6.5, "stress_level": 3, "neck_pain": True})
    evening = client.put(DAY, json={"migraine_occurrence": 1, "migraine_severity": 4, "stress_level": 8})
    erased = client.put(DAY, json={"sleep_hours": None})
    assert morning.json() == {"date": "2026-02-01", "sleep_hours": 6.5, "stress_level": 3, "neck_pain": 1}
    assert evening.json()["sleep_hours"] == 6.5
    expected = {
        "date": "2026-02-01", "stress_level": 8, "neck_pain": 1, "migraine_occurrence": 1, "migraine_severity": 4
    }  # fmt: skip
    assert erased.json() == client.put(DAY, json={}).json() == client.get(DAY).json() == expected


def test_a_diary_is_returned_as_a_body_of_predict_and_deleted(client: httpx.Client) -> None:
    keep(client, "berta", history(3))
    client.put("/diaries/berta", json={"age": 34, "sex": "F"})
    diary = client.get("/diaries/berta").json()
    assert diary == {"participant_id": "berta", "age": 34, "sex": "F", "entries": history(3)}
    assert client.get("/diaries/berta/days").json()["entries"] == history(3)
    some = client.get("/diaries/berta/days", params={"from": "2026-01-31", "to": "2026-01-31"}).json()
    assert [entry["date"] for entry in some["entries"]] == ["2026-01-31"]
    assert client.delete("/diaries/berta/days/2026-01-31").status_code == 204
    assert client.delete("/diaries/berta/days/2026-01-31").status_code == 404
    assert len(client.get("/diaries/berta").json()["entries"]) == 2
    assert client.delete("/diaries/berta/days").status_code == 204
    assert client.get("/diaries/berta").json()["entries"] == []
    assert client.delete("/diaries/berta").status_code == 204
    assert client.get("/diaries/berta").status_code == client.delete("/diaries/berta").status_code == 404


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"stress_level": 11}, "$.stress_level"),
        ({"strss_level": 1}, "$.strss_level"),
        ({"migraine_severity": 5}, "$.migraine_severity"),
        ({"date": "2026-02-02"}, "$.date"),
        ({"entries": []}, "$.entries"),
    ],
)
def test_an_invalid_change_changes_nothing(client: httpx.Client, body: dict[str, Any], path: str) -> None:
    client.put("/diaries/clara/days/2026-02-01", json={"stress_level": 4})
    response = client.put("/diaries/clara/days/2026-02-01", json=body)
    assert (response.status_code, response.json()["errors"][0]["path"]) == (422, path)
    assert client.get("/diaries/clara/days/2026-02-01").json() == {"date": "2026-02-01", "stress_level": 4}


def test_outcomes_are_checked_as_they_are_after_the_change(client: httpx.Client) -> None:
    day = "/diaries/dora/days/2026-02-01"
    client.put(day, json={"migraine_occurrence": 1, "migraine_severity": 6})
    assert client.put(day, json={"migraine_occurrence": 0}).status_code == 422
    changed = client.put(day, json={"migraine_occurrence": 0, "migraine_severity": None})
    assert changed.json() == {"date": "2026-02-01", "migraine_occurrence": 0}


@pytest.mark.parametrize(
    "path",
    ["/diaries/anna/days/2026-02-30", "/diaries/anna/days/2036-01-01", "/diaries/anna/days/1900-01-01"]
    + ["/diaries/anna%20b/days/2026-02-01", f"/diaries/{'a' * 65}/days/2026-02-01", "/diaries/a%0A/days/2026-02-01"],
)
def test_an_address_that_no_diary_has_is_refused_without_repeating_it(client: httpx.Client, path: str) -> None:
    response = client.put(path, json={})
    assert response.status_code == 422
    assert "anna" not in response.text


def test_aliases_are_understood(client: httpx.Client) -> None:
    response = client.put("/diaries/emma/days/2026-02-01", json={"migraine": 1, "gender": 1})
    assert response.json()["sex"] == "F"
    assert {one["given"] for one in response.json()["interpreted"]} == {"migraine", "gender"}
    assert "interpreted" not in client.get("/diaries/emma/days/2026-02-01").json()


def test_no_name_is_in_the_database_nor_in_the_metrics(tmp_path: Path) -> None:
    with service(tmp_path) as (client, _):
        keep(client, "participant-42", history(5))
        client.get("/forecast/participant-42")
        client.get("/diaries/participant-42/days/2026-02-01/participant-42")
        metrics = client.get("/metrics").text
    assert 'endpoint="/diaries/{participant}/days/{date}",method="PUT",status="200"} 5.0' in metrics
    assert 'migraine_diary_changes_total{operation="put"} 5.0' in metrics
    assert "participant-42" not in metrics
    files = list(tmp_path.glob("diaries.db*"))
    assert files
    assert all(b"participant-42" not in file.read_bytes() for file in files)
    assert {file.stat().st_mode & 0o077 for file in files} == {0}


def test_a_key_sees_its_own_participants_only(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    keys = {name: api_keys.create(store, name, now=NOON)[0] for name in ("north", "south")}
    with service(tmp_path, store, api_keys_required=True) as (client, services):
        north, south = ({"x-api-key": keys[name]} for name in ("north", "south"))
        keep(client, "anna", history(3), headers=north)
        for method, path in (
            ("GET", "/diaries/anna"), ("GET", "/diaries/anna/days"), ("GET", DAY), ("GET", "/forecast/anna"),
            ("DELETE", DAY), ("DELETE", "/diaries/anna/days"), ("DELETE", "/diaries/anna"),
        ):  # fmt: skip
            foreign = client.request(method, path, headers=south)
            absent = client.request(method, path.replace("anna", "nobody"), headers=south)
            assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content)
            assert foreign.status_code == 404
        assert client.get(DAY).status_code == 401
        assert client.get("/diaries", headers=south).json() == {"participants": [], "next": None}
        listed = client.get("/diaries", headers=north).json()["participants"]
        assert listed == [{"participant_id": "anna", "days": 3, "first_day": "2026-01-30", "last_day": "2026-02-01"}]
        # The same name is another person for another key, and a new key of the same name sees what the old one kept.
        keep(client, "anna", [{"date": "2026-02-01", "stress_level": 9}], headers=south)
        replaced, _ = api_keys.create(store, "north", now=NOON)
        services.keys.refresh()
        assert client.get("/diaries/anna", headers={"x-api-key": replaced}).json()["entries"] == history(3)


def test_limits_are_kept(tmp_path: Path) -> None:
    with service(tmp_path, max_diary_days=2, max_participants=1) as (client, _):
        keep(client, "anna", history(2))
        client.put("/diaries/anna", json={"age": 40})
        third, other = client.put("/diaries/anna/days/2026-02-02", json={}), client.put("/diaries/b", json={"age": 40})
        assert third.status_code == other.status_code == 409
        assert third.json()["type"] == "urn:migraine:problem:limit-reached"
        assert client.put(DAY, json={"stress_level": 2}).status_code == 200


def test_a_database_that_cannot_be_used_is_a_problem_of_diaries_alone(tmp_path: Path) -> None:
    (tmp_path / "diaries.db").write_bytes(b"no database" * 1000)
    with service(tmp_path, fresh_store(tmp_path)) as (client, _):
        response = client.put(DAY, json={"stress_level": 2})
        assert (response.status_code, response.headers["retry-after"]) == (503, "2")
        assert response.json()["type"] == "urn:migraine:problem:diaries-unavailable"
        assert str(tmp_path) not in response.text
        assert "migraine_diary_failures_total 1.0" in client.get("/metrics").text
        assert client.post("/predict", json={"entries": history()}).status_code == 200


def test_a_service_may_keep_no_diaries(tmp_path: Path) -> None:
    with service(tmp_path, diaries=False) as (client, _):
        assert client.put(DAY, json={}).status_code == client.get("/forecast/anna").status_code == 404
    assert not (tmp_path / "diaries.db").exists()


def test_a_forecast_is_the_answer_and_the_record_of_predict(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    entries = history(40)
    with service(tmp_path, store) as (client, services):
        keep(client, "anna", entries)
        client.put("/diaries/anna", json={"age": 34, "sex": "F"})
        body = {"participant_id": "anna", "age": 34, "sex": "F", "entries": entries}
        predicted, forecast = client.post("/predict", json=body).json(), client.get("/forecast/anna").json()
        explained = client.get("/forecast/anna", params={"explain": "true"}).json()
        before = client.get("/forecast/anna", params={"day": "2026-01-20"}).json()
        first, second, *_ = sorted(records_of(services, store), key=lambda record: record.time)
    assert predicted["attack"]
    assert predicted | {"prediction_id": ""} == forecast | {"prediction_id": ""}
    assert (first.participant, first.for_date, first.features, first.outputs, first.bundles) == (
        second.participant, second.for_date, second.features, second.outputs, second.bundles
    )  # fmt: skip
    assert second.id == forecast["prediction_id"]
    assert explained["reasons"]["attack"]["contributions"]
    assert before["for_date"] == "2026-01-21"


def test_a_forecast_needs_a_day_and_valid_options(tmp_path: Path) -> None:
    with service(tmp_path, fresh_store(tmp_path)) as (client, _):
        client.put("/diaries/anna", json={"age": 34})
        assert client.get("/forecast/anna").status_code == 404
        client.put(DAY, json={"stress_level": 2})
        assert client.get("/forecast/anna").json()["abstained"]
        for options in ({"day": "tomorrow"}, {"explain": "maybe"}):
            assert client.get("/forecast/anna", params=options).status_code == 422
        assert client.get("/forecast/").status_code == client.get("/forecast/a/b").status_code == 404
        assert client.post("/forecast/anna").status_code == 405


def test_days_up_to_today_anywhere_on_earth_are_accepted(client: httpx.Client) -> None:
    now = dt.datetime.now(dt.UTC)
    today = (now + dt.timedelta(hours=14)).date()
    assert client.put(f"/diaries/fritz/days/{today}", json={"stress_level": 1}).status_code == 200
    assert client.put(f"/diaries/fritz/days/{today + dt.timedelta(days=1)}", json={}).status_code == 422
