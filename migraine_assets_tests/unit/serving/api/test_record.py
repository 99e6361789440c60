"""A batch leaves the same records and counts as single requests of its participants."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from migraine_assets.stores.prediction_log import record_block
from migraine_assets.stores.prediction_log.reader import days, find_record, read
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.registry.rollouts import start_rollout
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.trained import NOON, fresh_store, history, running, trained
from serving.log.replay import replay
from serving.services import Services

COUNT = 30


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return fresh_store(tmp_path)


@pytest.fixture
def service(store: Store, tmp_path: Path) -> Iterator[tuple[httpx.Client, Services]]:
    with running(store, tmp_path) as client_and_services:
        yield client_and_services


def bodies() -> list[dict[str, Any]]:
    """Return one body per participant, with histories of different lengths. The first is too short for a prediction."""
    return [
        {"participant_id": f"p{k}", "entries": history(1 + k, last=dt.date(2026, 2, 1), stress_level=1 + k % 10)}
        for k in range(COUNT)
    ]


def logged(store: Store) -> dict[str, PredictionRecord]:
    return {
        record.id: record for day in days(store, PredictionRecord) for record in read(store, PredictionRecord, day=day)
    }


def together(client: httpx.Client) -> list[dict[str, Any]]:
    answer = client.post("/predict/batch", json={"items": bodies()})
    assert answer.status_code == 200
    return [item["result"] for item in answer.json()["items"]]


def recorded(client: httpx.Client, services: Services, store: Store) -> list[tuple[dict[str, Any], PredictionRecord]]:
    """Return each result of a batch, and its record."""
    results = together(client)
    assert services.prediction_log.flush()
    records = logged(store)
    return [(result, records[result["prediction_id"]]) for result in results]


def test_a_record_of_a_batch_equals_that_of_a_single_prediction(
    service: tuple[httpx.Client, Services], store: Store
) -> None:
    client, services = service
    for (_, record), body in zip(recorded(client, services, store), bodies(), strict=True):
        alone = client.post("/predict", json=body).json()
        assert services.prediction_log.flush()
        other = logged(store)[alone["prediction_id"]]
        assert (record.participant, record.for_date, record.bundles) == (
            other.participant,
            other.for_date,
            other.bundles,
        )
        assert (record.features, record.abstained, record.arm) == (other.features, other.abstained, other.arm)
        assert record.outputs == pytest.approx(other.outputs, abs=1e-6)


def test_a_record_of_a_batch_holds_the_response_and_repeats_to_the_same_number(
    service: tuple[httpx.Client, Services], store: Store
) -> None:
    client, services = service
    pairs = recorded(client, services, store)
    assert [answer["abstained"] for answer, _ in pairs] == [record.abstained for _, record in pairs]
    assert pairs[0][1].abstained
    for answer, record in pairs:
        assert (answer["attack"] or {}).get("probability") == record.outputs.get("attack")
        assert all(repeated.same for repeated in replay(store, record)), replay(store, record)


@pytest.mark.parametrize("mode", ["shadow", "canary"])
def test_a_rollout_is_in_the_records_of_a_batch(
    service: tuple[httpx.Client, Services], store: Store, mode: Any
) -> None:
    client, services = service
    challenger = trained()[1]["attack_2"]
    start_rollout(store, "attack", mode=mode, percent=50, bundle=challenger, who="a", when=NOON, why="w")
    services.models.check()
    pairs = recorded(client, services, store)
    assert [answer["model"]["attack"]["arm"] for answer, _ in pairs] == [record.arm for _, record in pairs]
    assert [answer["model"]["attack"]["bundle"] for answer, _ in pairs] == [k.bundles["attack"] for _, k in pairs]
    assigned = [k for _, k in pairs if challenger in (k.bundles["attack"], k.shadow_bundles.get("attack"))]
    assert 0 < len(assigned) < COUNT
    for record in assigned:
        assert all(repeated.same for repeated in replay(store, record))


def test_a_batch_is_counted_by_participant(service: tuple[httpx.Client, Services]) -> None:
    client, services = service
    abstained = sum(answer["abstained"] for answer in together(client))
    text = client.get("/metrics").text
    bundle = services.models.current.tasks["attack"].champion.bundle.hash
    labels = f'arm="champion",model="{bundle}",status="ok",task="attack"'
    assert f"migraine_predictions_total{{{labels}}} {COUNT - abstained}.0" in text
    assert f"migraine_abstentions_total {abstained}.0" in text
    assert services.prediction_log.state.backlog == COUNT


def test_a_large_batch_is_written_in_several_blocks(
    service: tuple[httpx.Client, Services], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, services = service
    monkeypatch.setattr("migraine_assets.prediction.records.MOST_ROWS", 7)
    for answer, record in recorded(client, services, store):
        assert (answer["attack"] or {}).get("probability") == record.outputs.get("attack")
    segment = next(Path(store.path("log/predictions")).rglob("*.jsonl"))
    assert segment.read_bytes().count(record_block.PREFIX) == 5


def test_a_record_of_a_batch_is_found_by_its_id(service: tuple[httpx.Client, Services], store: Store) -> None:
    client, services = service
    _, expected = recorded(client, services, store)[17]
    assert find_record(store, expected.id) == expected
