"""JSON batches: items are answered in order and fail one by one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from migraine_assets_tests.unit.serving.trained import fresh_store, history, records_of, running
from serving.services import Services


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Services]]:
    folder = tmp_path_factory.mktemp("batch")
    with running(fresh_store(folder), folder) as client_and_services:
        yield client_and_services


def post(service: tuple[httpx.Client, Services], items: Any) -> httpx.Response:
    return service[0].post("/predict/batch", json={"items": items})


def without_id(prediction: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in prediction.items() if name != "prediction_id"}


def test_each_item_gets_a_result_or_a_problem_in_order(service: tuple[httpx.Client, Services]) -> None:
    good, flat = {"participant_id": "p", "entries": history()}, {"stress_level": 3}
    bad = {"entries": [{"date": "2026-01-01", "sleep_hours": 99}]}
    items = post(service, [good, bad, flat, 7, {"age": 30, "x": 1}]).json()["items"]
    assert [item["error"] is None for item in items] == [True, False, True, False, False]
    assert [item["result"] is None for item in items] == [False, True, False, True, True]
    assert items[1]["error"]["errors"][0]["path"] == "$.items[1].entries[0].sleep_hours"
    assert items[4]["error"]["errors"][0]["path"] == "$.items[4].x"
    alone = service[0].post("/predict", json=good).json()
    assert items[0]["result"]["attack"]["probability"] == pytest.approx(alone["attack"]["probability"], abs=1e-6)


@pytest.mark.parametrize("broken", [{"stress_level": 99}, {"date": "2999-01-01"}, {"migraine_severity": 3}, None])
def test_days_get_the_same_result_together_and_one_by_one(
    service: tuple[httpx.Client, Services], broken: dict[str, Any] | None
) -> None:
    days = [{"participant_id": f"p{k}", "stress_level": k, "date": "2026-01-05"} for k in range(1, 6)]
    items = post(service, [*days, *([broken] if broken else [])]).json()["items"]
    for item, day in zip(items, days, strict=False):
        assert without_id(item["result"]) == without_id(service[0].post("/predict", json=day).json())
    if broken:
        assert items[5]["error"]["status"] == 422


@pytest.mark.parametrize("count", [0, 1001])
def test_a_batch_has_1_to_1000_items(service: tuple[httpx.Client, Services], count: int) -> None:
    response = post(service, [{"age": 30}] * count)
    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == "$.items"


def test_1000_participants_are_answered(service: tuple[httpx.Client, Services]) -> None:
    assert len(post(service, [{"age": 30}] * 1000).json()["items"]) == 1000


def test_a_batch_of_invalid_items_is_answered_item_by_item(service: tuple[httpx.Client, Services]) -> None:
    response = post(service, [1, 2])
    assert response.status_code == 200
    assert all(item["error"] for item in response.json()["items"])


def test_the_number_of_explanations_is_limited(service: tuple[httpx.Client, Services]) -> None:
    body = {"entries": history(), "explain": True}
    assert post(service, [body] * 3).json()["items"][2]["result"]["reasons"]["attack"]
    assert post(service, [body] * 21).status_code == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"[]", 422), (b"{", 400), (b'{"items": [{"age": 30}], "items": [{}]}', 422), (b'{"items": [{]}', 400)],
)
def test_a_body_that_is_not_a_batch_is_refused_as_a_whole(
    service: tuple[httpx.Client, Services], body: bytes, status: int
) -> None:
    response = service[0].post("/predict/batch", content=body, headers={"content-type": "application/json"})
    assert response.status_code == status


def test_a_duplicate_key_is_a_problem_of_its_item_only(service: tuple[httpx.Client, Services]) -> None:
    body = b'{"items": [{"age": 30, "age": 31}, {"age": 30}]}'
    response = service[0].post("/predict/batch", content=body, headers={"content-type": "application/json"})
    items = response.json()["items"]
    assert "twice" in items[0]["error"]["detail"]
    assert items[1]["error"] is None


def test_every_result_is_recorded(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    with running(store, tmp_path) as (client, services):
        response = client.post("/predict/batch", json={"items": [{"entries": history()}, {"age": 30}, 3]})
        records = records_of(services, store)
    ids = [item["result"]["prediction_id"] for item in json.loads(response.content)["items"][:2]]
    assert [record.id for record in records] == ids
