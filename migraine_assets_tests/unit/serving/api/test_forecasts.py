"""The forecasts of everybody: those of each participant alone, in parts, for the key that keeps the diaries."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.api.test_diaries import keep
from migraine_assets_tests.unit.serving.trained import fresh_store, history, records_of, running
from serving.access import api_keys
from serving.services import Services

PEOPLE = {"anna": history(30), "berta": history(12, stress_level=9), "carla": history(2)}


@pytest.fixture(scope="module")
def stored_diaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Services, Store]]:
    """A service that keeps the diaries of four people, one of them without a day."""
    folder = tmp_path_factory.mktemp("forecasts")
    store = fresh_store(folder)
    with running(store, folder) as (client, services):
        for name, entries in PEOPLE.items():
            keep(client, name, entries)
        client.put("/diaries/dora", json={"age": 40})
        yield client, services, store


def test_each_forecast_is_that_of_the_participant_alone(stored_diaries: tuple[httpx.Client, Services, Store]) -> None:
    client, _, _ = stored_diaries
    listed = {one["participant_id"]: one for one in client.get("/forecasts").json()["forecasts"]}
    assert set(listed) == {*PEOPLE, "dora"}
    german = client.get("/forecasts", params={"language": "de"}).json()["forecasts"]
    assert "Tag" in next(one for one in german if one["attack"])["attack"]["relative_to_usual"]["sentence"]
    for name, entries in PEOPLE.items():
        alone = client.get(f"/forecast/{name}").json()
        shared = ("for_date", "abstained", "attack", "severity", "warnings", "simulated_model")
        assert {key: listed[name][key] for key in shared} == {key: alone[key] for key in shared}
        assert (listed[name]["days"], listed[name]["last_day"]) == (len(entries), entries[-1]["date"])
    assert listed["anna"]["attack"]["probability"] != listed["berta"]["attack"]["probability"]
    for name, days in (("carla", 2), ("dora", 0)):
        assert listed[name]["abstained"]
        assert (listed[name]["attack"], listed[name]["days"]) == (None, days)
        assert listed[name]["warnings"][0]["code"] == "too_little_history"


def test_parts_follow_each_other(stored_diaries: tuple[httpx.Client, Services, Store]) -> None:
    client, _, _ = stored_diaries
    names: list[str] = []
    after = ""
    for _ in range(5):
        part = client.get("/forecasts", params={"limit": 1, "after": after}).json()
        names += [one["participant_id"] for one in part["forecasts"]]
        after = part["next"]
        if after is None:
            break
    assert sorted(names) == ["anna", "berta", "carla", "dora"]
    assert client.get("/forecasts", params={"limit": 501}).status_code == 422


def test_a_list_is_not_recorded(stored_diaries: tuple[httpx.Client, Services, Store]) -> None:
    client, services, store = stored_diaries
    before = len(records_of(services, store))
    client.get("/forecasts")
    assert len(records_of(services, store)) == before
    client.get("/forecast/anna")
    assert len(records_of(services, store)) == before + 1


def test_a_key_sees_its_own_people_and_no_list_comes_before_a_model(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    keys = [api_keys.create(store, name, now=dt.datetime.now(dt.UTC))[0] for name in ("one", "two")]
    with running(store, tmp_path, api_keys_required=True) as (client, _):
        keep(client, "anna", history(3), headers={"X-API-Key": keys[0]})
        assert client.get("/forecasts").status_code == 401
        answers = [client.get("/forecasts", headers={"X-API-Key": key}) for key in keys]
        assert [answer.json()["type"] for answer in answers] == ["urn:migraine:problem:not-ready"] * 2
        shown = [client.get("/diaries", headers={"X-API-Key": key}).json()["participants"] for key in keys]
    assert [len(people) for people in shown] == [1, 0]
