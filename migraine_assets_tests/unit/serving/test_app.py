"""The endpoints over HTTP, with real models, logs and counts."""

import datetime as dt
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from migraine_assets.stores.registry.rollouts import start_rollout
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.trained import (
    NOON,
    fresh_store,
    history,
    put_in_charge,
    records_of,
    running,
    trained,
)
from serving.access import api_keys
from serving.contract import examples
from serving.log.replay import replay


def test_a_prediction_leaves_a_receipt_that_repeats_to_the_same_number(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    with running(store, tmp_path) as (client, services):
        answer = client.post("/predict", json={"participant_id": "anna", "entries": history()})
        (receipt,) = records_of(services, store)
    said = answer.json()
    assert answer.status_code == 200
    assert receipt.id == said["prediction_id"]
    assert receipt.outputs["attack"] == said["attack"]["probability"]
    assert receipt.bundles["attack"] == said["model"]["attack"]["bundle"]
    assert "anna" not in str(receipt)
    repeated = replay(store, receipt)
    assert {again.task for again in repeated} == {"attack", "severity"}
    assert all(again.logged == again.repeated for again in repeated)


def test_an_abstention_leaves_a_receipt_too(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    with running(store, tmp_path) as (client, services):
        assert client.post("/predict", json={"stress_level": 3}).json()["abstained"]
        (receipt,) = records_of(services, store)
        metrics = client.get("/metrics").text
    assert (receipt.abstained, receipt.outputs) == (True, {})
    assert "migraine_abstentions_total 1.0" in metrics


def test_the_examples_of_the_document_work(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path) as (client, _):
        document = client.get("/openapi.json").json()
        for path, operations in document["paths"].items():
            content = operations.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
            for example in content.get("examples", {}).values():
                if path in ("/predict", "/predict/batch"):
                    assert client.post(path, json=example["value"]).status_code == 200, path
        said = client.post("/predict", json=examples.diary()).json()
        assert not said["abstained"]
        assert said["reasons"]["attack"]["contributions"]


def test_feedback_is_taken_for_genuine_predictions_alone(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path) as (client, services):
        identity = client.post("/predict", json={"entries": history()}).json()["prediction_id"]
        told = {"prediction_id": identity, "migraine_occurrence": 1, "migraine_severity": 6}
        first, again = client.post("/feedback", json=told), client.post("/feedback", json=told)
        assert first.status_code == 200
        assert first.json() == again.json() == {"prediction_id": identity, "status": "recorded"}
        forged = client.post("/feedback", json={**told, "prediction_id": identity[:-1] + "_"})
        assert (forged.status_code, forged.json()["type"]) == (404, "urn:migraine:problem:unknown-prediction")
        contradiction = client.post("/feedback", json={**told, "migraine_occurrence": 0})
        assert (contradiction.status_code, contradiction.json()["errors"][0]["path"]) == (422, "$.migraine_severity")
        assert services.feedback_log.state.backlog + services.feedback_log.state.written == 2


def test_before_the_first_promotion_it_is_alive_and_not_ready_and_says_what_to_do(tmp_path: Path) -> None:
    with running(Store(str(tmp_path / "store")), tmp_path) as (client, _):
        assert client.get("/health").json() == {"status": "alive"}
        assert client.get("/v2/health/live").status_code == 200
        assert client.get("/v2/health/ready").status_code == 503
        for answer in (client.get("/ready"), client.post("/predict", json={"age": 30})):
            assert answer.status_code == 503
            assert "migraine run" in answer.json()["detail"]
            assert answer.headers["retry-after"]


def test_a_promotion_is_answered_by_the_new_model_in_the_same_process(tmp_path: Path) -> None:
    store, names = fresh_store(tmp_path), trained()[1]
    with running(store, tmp_path) as (client, services):
        body = {"entries": history()}
        before = client.post("/predict", json=body).json()
        put_in_charge(store, "attack", names["attack_2"])
        services.models.check()
        after = client.post("/predict", json=body).json()
        assert before["model"]["attack"]["bundle"] == names["attack"]
        assert after["model"]["attack"]["bundle"] == names["attack_2"]
        assert before["attack"]["probability"] != after["attack"]["probability"]
        assert client.get("/ready").json()["models"]["attack"] == names["attack_2"]
        assert client.get("/models").json()["tasks"]["attack"]["champion"]["algorithm"] == "naive_bayes"
        assert names["attack_2"] in client.get("/metrics").text


def test_a_shadow_is_in_the_receipt_and_in_the_counts(tmp_path: Path) -> None:
    store, names = fresh_store(tmp_path), trained()[1]
    start_rollout(store, "attack", mode="shadow", percent=100, bundle=names["attack_2"], who="a", when=NOON, why="w")
    with running(store, tmp_path) as (client, services):
        client.post("/predict", json={"entries": history()})
        (receipt,) = records_of(services, store)
        metrics = client.get("/metrics").text
        assert client.get("/models").json()["tasks"]["attack"]["rollout"]["mode"] == "shadow"
    assert receipt.shadow_bundles == {"attack": names["attack_2"]}
    assert 0 <= receipt.shadow_outputs["attack"] <= 1
    assert 'arm="shadow"' in metrics


@pytest.mark.parametrize(
    ("body", "headers", "status", "kind"),
    [
        (b"{", {"content-type": "application/json"}, 400, "not-json"),
        (b"{}", {"content-type": "text/plain"}, 415, "unsupported-media-type"),
        (b"{}", {}, 415, "unsupported-media-type"),
        (b"{}", {"content-type": "application/json; charset=latin-1"}, 415, "unsupported-media-type"),
        (b"{}", {"content-type": "application/json", "content-encoding": "gzip"}, 415, "unsupported-media-type"),
        (b" " * 5000, {"content-type": "application/json"}, 413, "too-large"),
    ],
)
def test_a_body_that_is_not_taken_is_a_problem(
    tmp_path: Path, body: bytes, headers: dict[str, str], status: int, kind: str
) -> None:
    with running(fresh_store(tmp_path), tmp_path, max_body_bytes=4096) as (client, _):
        answer = client.post("/predict", content=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:migraine:problem:{kind}")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_a_body_without_a_length_is_limited_too(tmp_path: Path) -> None:
    def endless() -> Any:
        for _ in range(100):
            yield b" " * 1000

    with running(fresh_store(tmp_path), tmp_path, max_body_bytes=4096) as (client, _):
        answer = client.post("/predict", content=endless(), headers={"content-type": "application/json"})
        assert answer.status_code == 413


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    def slow() -> Any:
        yield b"{"
        time.sleep(0.5)
        yield b"}"

    with running(fresh_store(tmp_path), tmp_path, request_timeout=0.1) as (client, _):
        answer = client.post("/predict", content=slow(), headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["type"]) == (408, "urn:migraine:problem:timeout")


def test_unknown_addresses_and_methods_are_problems(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path) as (client, _):
        for answer, status in (
            (client.get("/nothing"), 404),
            (client.get("/predict"), 405),
            (client.delete("/v2"), 405),
        ):
            assert (answer.status_code, answer.json()["status"]) == (status, status)
        assert client.get("/predict").headers["allow"] == "POST"
        assert client.get("/v2/nothing").json() == {"error": "No such resource"}


def test_every_answer_has_security_headers(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path) as (client, _):
        for answer in (client.get("/health"), client.get("/nothing"), client.post("/predict")):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "script-src" in client.get("/docs").headers["content-security-policy"]


def test_documents_can_be_switched_off(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path, docs=False) as (client, _):
        assert client.get("/docs").status_code == client.get("/openapi.json").status_code == 404


def test_keys_open_the_door_where_they_are_required(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    secret, _ = api_keys.create(store, "app", now=dt.datetime.now(dt.UTC))
    with running(store, tmp_path, api_keys_required=True) as (client, _services):
        shut = client.get("/models")
        assert (shut.status_code, shut.headers["www-authenticate"]) == (401, "Bearer")
        assert client.get("/models", headers={"X-API-Key": secret}).status_code == 200
        assert client.get("/models", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
        assert client.get("/models", headers={"X-API-Key": secret[:-1] + "x"}).status_code == 401
        assert {client.get(path).status_code for path in ("/health", "/ready", "/metrics", "/v2/health/live")} == {200}
        assert client.get("/openapi.json").json()["security"]


def test_who_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path, rate_limit=0.01, rate_burst=2) as (client, _):
        assert [client.get("/models").status_code for _ in range(3)] == [200, 200, 429]
        assert int(client.get("/models").headers["retry-after"]) > 0
        assert client.get("/health").status_code == 200


def test_only_listed_origins_may_ask_from_a_page(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path, cors_origins="https://a.example") as (client, _):
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        good = client.options("/predict", headers={"Origin": "https://a.example", **asked})
        assert good.headers["access-control-allow-origin"] == "https://a.example"
        bad = client.options("/predict", headers={"Origin": "https://b.example", **asked})
        assert "access-control-allow-origin" not in bad.headers


def test_a_bug_is_a_500_without_its_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(fresh_store(tmp_path), tmp_path) as (client, services):
        monkeypatch.setattr(type(services.predictor), "predict", lambda *_: 1 / 0)
        answer = client.post("/predict", json={"entries": history()})
        assert answer.status_code == 500
        assert answer.json()["type"] == "urn:migraine:problem:internal-error"
        assert "ZeroDivision" not in answer.text
        assert str(Path(__file__).parents[3]) not in answer.text
        assert 'error_type="internal-error"' in client.get("/metrics").text


def test_requests_are_counted_by_the_template_of_their_address(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path) as (client, _):
        client.get("/v2/models/attack")
        client.get("/some/secret/path")
        text = client.get("/metrics").text
    assert 'migraine_api_requests_total{endpoint="/v2/models/{name}",method="GET",status="200"} 1.0' in text
    assert 'endpoint="other"' in text
    assert "secret" not in text


def test_answers_to_many_at_once_are_consistent_with_the_model_that_they_name(tmp_path: Path) -> None:
    """Champions move while requests run: no failure, and each probability is that of the bundle beside it."""
    store, names = fresh_store(tmp_path), trained()[1]
    with running(store, tmp_path) as (client, services):
        body = {"entries": history()}
        by_bundle: dict[str, set[float]] = {}
        for k in range(30):
            if k % 5 == 0:
                put_in_charge(store, "attack", names[("attack", "attack_2", "attack_tree")[k // 5 % 3]])
                services.models.check()
            said = client.post("/predict", json=body).json()
            by_bundle.setdefault(said["model"]["attack"]["bundle"], set()).add(said["attack"]["probability"])
    assert len(by_bundle) == 3
    assert {len(found) for found in by_bundle.values()} == {1}
    assert len(np.unique([p for found in by_bundle.values() for p in found])) == 3
