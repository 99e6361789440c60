"""What many answers at once leave behind: the same receipts and counts as if each had been asked alone."""

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

PEOPLE = 30


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return fresh_store(tmp_path)


@pytest.fixture
def service(store: Store, tmp_path: Path) -> Iterator[tuple[httpx.Client, Services]]:
    with running(store, tmp_path) as found:
        yield found


def people() -> list[dict[str, Any]]:
    """Of different histories, the first too short to say anything."""
    return [
        {"participant_id": f"p{k}", "entries": history(1 + k, last=dt.date(2026, 2, 1), stress_level=1 + k % 10)}
        for k in range(PEOPLE)
    ]


def logged(store: Store) -> dict[str, PredictionRecord]:
    return {
        receipt.id: receipt
        for day in days(store, PredictionRecord)
        for receipt in read(store, PredictionRecord, day=day)
    }


def together(client: httpx.Client) -> list[dict[str, Any]]:
    answer = client.post("/predict/batch", json={"items": people()})
    assert answer.status_code == 200
    return [item["result"] for item in answer.json()["items"]]


def asked(client: httpx.Client, services: Services, store: Store) -> list[tuple[dict[str, Any], PredictionRecord]]:
    """Each answer of a batch and its receipt."""
    said = together(client)
    assert services.prediction_log.flush()
    receipts = logged(store)
    return [(answer, receipts[answer["prediction_id"]]) for answer in said]


def test_each_person_of_a_batch_has_a_receipt_like_the_one_it_would_have_alone(
    service: tuple[httpx.Client, Services], store: Store
) -> None:
    client, services = service
    for (_, kept), body in zip(asked(client, services, store), people(), strict=True):
        alone = client.post("/predict", json=body).json()
        assert services.prediction_log.flush()
        other = logged(store)[alone["prediction_id"]]
        assert (kept.participant, kept.for_date, kept.bundles) == (other.participant, other.for_date, other.bundles)
        assert (kept.features, kept.abstained, kept.arm) == (other.features, other.abstained, other.arm)
        assert kept.outputs == pytest.approx(other.outputs, abs=1e-6)


def test_a_receipt_of_a_batch_holds_what_was_said_and_repeats_to_the_same_number(
    service: tuple[httpx.Client, Services], store: Store
) -> None:
    client, services = service
    pairs = asked(client, services, store)
    assert [answer["abstained"] for answer, _ in pairs] == [kept.abstained for _, kept in pairs]
    assert pairs[0][1].abstained
    for answer, kept in pairs:
        assert (answer["attack"] or {}).get("probability") == kept.outputs.get("attack")
        assert all(repeated.same for repeated in replay(store, kept)), replay(store, kept)


@pytest.mark.parametrize("mode", ["shadow", "canary"])
def test_a_trial_is_in_the_receipts_of_a_batch(service: tuple[httpx.Client, Services], store: Store, mode: Any) -> None:
    client, services = service
    challenger = trained()[1]["attack_2"]
    start_rollout(store, "attack", mode=mode, percent=50, bundle=challenger, who="a", when=NOON, why="w")
    services.models.check()
    pairs = asked(client, services, store)
    assert [answer["model"]["attack"]["arm"] for answer, _ in pairs] == [kept.arm for _, kept in pairs]
    assert [answer["model"]["attack"]["bundle"] for answer, _ in pairs] == [k.bundles["attack"] for _, k in pairs]
    tried = [k for _, k in pairs if challenger in (k.bundles["attack"], k.shadow_bundles.get("attack"))]
    assert 0 < len(tried) < PEOPLE
    for kept in tried:
        assert all(repeated.same for repeated in replay(store, kept))


def test_a_batch_is_counted_as_its_people(service: tuple[httpx.Client, Services]) -> None:
    client, services = service
    abstained = sum(answer["abstained"] for answer in together(client))
    text = client.get("/metrics").text
    bundle = services.models.current.tasks["attack"].champion.bundle.hash
    labels = f'arm="champion",model="{bundle}",status="ok",task="attack"'
    assert f"migraine_predictions_total{{{labels}}} {PEOPLE - abstained}.0" in text
    assert f"migraine_abstentions_total {abstained}.0" in text
    assert services.prediction_log.state.backlog == PEOPLE


def test_more_people_than_a_block_holds_are_in_several(
    service: tuple[httpx.Client, Services], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, services = service
    monkeypatch.setattr("serving.api.record.MOST_ROWS", 7)
    for answer, kept in asked(client, services, store):
        assert (answer["attack"] or {}).get("probability") == kept.outputs.get("attack")
    segment = next(Path(store.path("log/predictions")).rglob("*.jsonl"))
    assert segment.read_bytes().count(record_block.PREFIX) == 5


def test_one_of_a_batch_is_found_by_its_identity(service: tuple[httpx.Client, Services], store: Store) -> None:
    client, services = service
    _, wanted = asked(client, services, store)[17]
    assert find_record(store, wanted.id) == wanted
