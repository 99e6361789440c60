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


def test_a_prediction_is_recorded_and_repeats_to_the_same_number(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    with running(store, tmp_path) as (client, services):
        response = client.post("/predict", json={"participant_id": "anna", "entries": history()})
        (record,) = records_of(services, store)
    content = response.json()
    assert response.status_code == 200
    assert record.id == content["prediction_id"]
    assert record.outputs["attack"] == content["attack"]["probability"]
    assert record.bundles["attack"] == content["model"]["attack"]["bundle"]
    assert "anna" not in str(record)
    repeated = replay(store, record)
    assert {again.task for again in repeated} == {"attack", "severity"}
    assert all(again.logged == again.repeated for again in repeated)


def test_an_abstention_is_recorded(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    with running(store, tmp_path) as (client, services):
        assert client.post("/predict", json={"stress_level": 3}).json()["abstained"]
        (record,) = records_of(services, store)
        metrics = client.get("/metrics").text
    assert (record.abstained, record.outputs) == (True, {})
    assert "migraine_abstentions_total 1.0" in metrics


@pytest.mark.parametrize("champions", [{"attack": "attack", "severity": "severity"}, {"attack": "flat"}])
def test_the_examples_of_the_openapi_document_forecast(tmp_path: Path, champions: dict[str, str]) -> None:
    with running(fresh_store(tmp_path, champions=champions), tmp_path) as (client, _):
        examples_of = {
            (path, name): example["value"]
            for path, operations in client.get("/openapi.json").json()["paths"].items()
            for content in (operations.get("post", {}).get("requestBody", {}).get("content", {}),)
            for name, example in content.get("application/json", {}).get("examples", {}).items()
        }
        assert {path for path, _ in examples_of} == {
            "/predict", "/predict/batch", "/feedback", "/sheet", "/v2/models/{name}/infer"
        }  # fmt: skip
        assert (("/predict", "one day without history") in examples_of) == ("severity" not in champions)
        for (path, name), body in examples_of.items():
            if path == "/feedback":
                body["prediction_id"] = client.post("/predict", json=examples.diary()).json()["prediction_id"]
            response = client.post(path.format(name="attack"), json=body)
            assert response.status_code == 200, (path, name, response.text)
            if path == "/sheet":
                assert response.headers["content-type"].startswith("text/html")
                continue
            content = response.json()
            answers = [item["result"] for item in content["items"]] if "items" in content else [content]
            assert not any(answer.get("abstained") for answer in answers), (path, name)
            assert "null" not in str(content.get("outputs", ""))
            if path == "/predict" and body.get("explain"):
                assert answers[0]["reasons"]["attack"]["contributions"]


FLAT = {
    "age": 34, "gender": 1, "sleep_hours": 6.5, "sleep_quality": 4, "stress_level": 8, "hydration": 1.5, "exercise": 2,
    "screen_time": 9, "caffeine_intake": 3, "alcohol_intake": 0, "weather_changes": 1, "menstrual_cycle": 0,
    "dehydration": 1, "bright_light": 1, "loud_noises": 0, "missed_meals": 1, "specific_foods": 0,
    "physical_activity": 0, "neck_pain": 1, "weather_pressure": 1009, "humidity": 70, "temperature_change": -4,
}  # fmt: skip


def test_a_flat_body_with_aliases_gets_the_answer_of_the_body_in_names_of_the_contract(tmp_path: Path) -> None:
    named = {name: value for name, value in FLAT.items() if name != "gender"} | {"sex": "F"}
    with running(fresh_store(tmp_path, champions={"attack": "flat"}), tmp_path) as (client, _):
        aliased, plain = (client.post("/predict", json=body).json() for body in (FLAT, named))
        batch = client.post("/predict/batch", json={"items": [FLAT, named, FLAT | {"gender": 2}]}).json()["items"]
    assert aliased["interpreted"] == [{"given": "gender", "field": "sex", "value": "F"}]
    assert "interpreted" not in plain
    assert aliased["attack"] == plain["attack"] is not None
    assert batch[0]["result"]["interpreted"] == aliased["interpreted"]
    assert batch[0]["result"]["attack"] == batch[1]["result"]["attack"] == plain["attack"]
    assert batch[2]["error"]["errors"][0]["path"] == "$.items[2].gender"


@pytest.mark.parametrize("docs", [True, False])
def test_the_root_without_the_page_says_where_to_look(tmp_path: Path, docs: bool) -> None:
    with running(fresh_store(tmp_path), tmp_path, docs=docs, page=False) as (client, _):
        index = client.get("/")
        page = client.get("/", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        listed = [client.get(path) for path in index.json()["endpoints"] if path in ("/health", "/ready", "/models")]
    assert index.status_code == 200
    assert index.json()["docs"] == ("/docs" if docs else None)
    assert "/predict" in index.json()["endpoints"]
    assert [response.status_code for response in listed] == [200, 200, 200]
    assert (page.status_code, page.headers.get("location")) == ((307, "/docs") if docs else (200, None))


def test_feedback_is_accepted_for_genuine_predictions_only(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path) as (client, services):
        identity = client.post("/predict", json={"entries": history()}).json()["prediction_id"]
        feedback = {"prediction_id": identity, "migraine_occurrence": 1, "migraine_severity": 6}
        first, again = client.post("/feedback", json=feedback), client.post("/feedback", json=feedback)
        aliased = client.post("/feedback", json={"prediction_id": identity, "migraine": 1, "severity": 6}).json()
        assert aliased["status"] == "recorded"
        assert [one["field"] for one in aliased["interpreted"]] == ["migraine_occurrence", "migraine_severity"]
        assert first.status_code == 200
        assert first.json() == again.json() == {"prediction_id": identity, "status": "recorded"}
        forged = client.post("/feedback", json={**feedback, "prediction_id": identity[::-1]})
        assert (forged.status_code, forged.json()["type"]) == (404, "urn:migraine:problem:unknown-prediction")
        contradiction = client.post("/feedback", json={**feedback, "migraine_occurrence": 0})
        assert (contradiction.status_code, contradiction.json()["errors"][0]["path"]) == (422, "$.migraine_severity")
        assert services.feedback_log.state.backlog + services.feedback_log.state.written == 3


def test_before_the_first_promotion_it_is_alive_but_not_ready(tmp_path: Path) -> None:
    with running(Store(str(tmp_path / "store")), tmp_path) as (client, _):
        assert client.get("/health").json() == {"status": "alive"}
        assert client.get("/v2/health/live").status_code == 200
        assert client.get("/v2/health/ready").status_code == 503
        for response in (client.get("/ready"), client.post("/predict", json={"age": 30})):
            assert response.status_code == 503
            assert "migraine run" in response.json()["detail"]
            assert response.headers["retry-after"]


def test_a_promoted_model_serves_in_the_same_process(tmp_path: Path) -> None:
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


def test_a_shadow_model_is_recorded_and_counted(tmp_path: Path) -> None:
    store, names = fresh_store(tmp_path), trained()[1]
    start_rollout(store, "attack", mode="shadow", percent=100, bundle=names["attack_2"], who="a", when=NOON, why="w")
    with running(store, tmp_path) as (client, services):
        client.post("/predict", json={"entries": history()})
        (record,) = records_of(services, store)
        metrics = client.get("/metrics").text
        assert client.get("/models").json()["tasks"]["attack"]["rollout"]["mode"] == "shadow"
    assert record.shadow_bundles == {"attack": names["attack_2"]}
    assert 0 <= record.shadow_outputs["attack"] <= 1
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
def test_an_unacceptable_body_is_a_problem(
    tmp_path: Path, body: bytes, headers: dict[str, str], status: int, kind: str
) -> None:
    with running(fresh_store(tmp_path), tmp_path, max_body_bytes=4096) as (client, _):
        response = client.post("/predict", content=body, headers=headers)
        assert (response.status_code, response.json()["type"]) == (status, f"urn:migraine:problem:{kind}")
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == status


def test_a_body_of_unknown_length_is_limited(tmp_path: Path) -> None:
    def endless() -> Any:
        for _ in range(100):
            yield b" " * 1000

    with running(fresh_store(tmp_path), tmp_path, max_body_bytes=4096) as (client, _):
        response = client.post("/predict", content=endless(), headers={"content-type": "application/json"})
        assert response.status_code == 413


def test_a_slow_body_times_out(tmp_path: Path) -> None:
    def slow() -> Any:
        yield b"{"
        time.sleep(0.5)
        yield b"}"

    with running(fresh_store(tmp_path), tmp_path, request_timeout=0.1) as (client, _):
        response = client.post("/predict", content=slow(), headers={"content-type": "application/json"})
        assert (response.status_code, response.json()["type"]) == (408, "urn:migraine:problem:timeout")


def test_unknown_addresses_and_methods_are_problems(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path) as (client, _):
        for response, status in (
            (client.get("/nothing"), 404),
            (client.get("/predict"), 405),
            (client.delete("/v2"), 405),
        ):
            assert (response.status_code, response.json()["status"]) == (status, status)
        assert client.get("/predict").headers["allow"] == "POST"
        assert client.get("/v2/nothing").json() == {"error": "No such resource"}


def test_every_response_has_security_headers(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path) as (client, _):
        for response in (client.get("/health"), client.get("/nothing"), client.post("/predict")):
            assert response.headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in response.headers["content-security-policy"]
            assert response.headers["cache-control"] == "no-store"


def test_docs_can_be_switched_off(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path, docs=False) as (client, _):
        assert client.get("/docs").status_code == client.get("/openapi.json").status_code == 404


def test_api_keys_are_required_where_configured(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    secret, _ = api_keys.create(store, "app", now=dt.datetime.now(dt.UTC))
    with running(store, tmp_path, api_keys_required=True) as (client, _services):
        refused = client.get("/models")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert client.get("/models", headers={"X-API-Key": secret}).status_code == 200
        assert client.get("/models", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
        assert client.get("/models", headers={"X-API-Key": secret[:-1] + "x"}).status_code == 401
        assert {client.get(path).status_code for path in ("/health", "/ready", "/metrics", "/v2/health/live")} == {200}
        assert client.get("/openapi.json").status_code == client.get("/contract").status_code == 401
        assert client.get("/openapi.json", headers={"X-API-Key": secret}).json()["security"]


def test_requests_beyond_the_rate_limit_get_a_retry_after(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path, rate_limit=0.01, rate_burst=2) as (client, _):
        assert [client.get("/models").status_code for _ in range(3)] == [200, 200, 429]
        assert int(client.get("/models").headers["retry-after"]) > 0
        assert client.get("/health").status_code == 200


def test_only_configured_origins_are_allowed_by_cors(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path, cors_origins="https://a.example") as (client, _):
        headers = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        allowed = client.options("/predict", headers={"Origin": "https://a.example", **headers})
        assert allowed.headers["access-control-allow-origin"] == "https://a.example"
        denied = client.options("/predict", headers={"Origin": "https://b.example", **headers})
        assert "access-control-allow-origin" not in denied.headers


@pytest.mark.parametrize(
    ("path", "body"), [("/predict", {"entries": history()}), ("/predict/batch", {"items": [{"entries": history()}]})]
)
def test_an_unexpected_error_is_a_500_without_details(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, Any]
) -> None:
    with running(fresh_store(tmp_path), tmp_path) as (client, services):
        monkeypatch.setattr(type(services.predictor), "predict", lambda *_: 1 / 0)
        response = client.post(path, json=body)
        assert response.status_code == 500
        assert response.json()["type"] == "urn:migraine:problem:internal-error"
        assert "ZeroDivision" not in response.text
        assert str(Path(__file__).parents[3]) not in response.text
        assert 'error_type="internal-error"' in client.get("/metrics").text


def test_a_request_is_in_progress_until_it_is_answered(tmp_path: Path) -> None:
    """The scrape itself is the only one in progress, even after a refused request."""
    with running(fresh_store(tmp_path), tmp_path) as (client, _):
        client.post("/predict", json={"entries": history()})
        client.post("/predict", content=b"{")
        assert "migraine_requests_in_progress 1.0" in client.get("/metrics").text


def test_requests_are_counted_by_route_template(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path) as (client, _):
        client.get("/v2/models/attack")
        client.get("/some/secret/path")
        text = client.get("/metrics").text
    assert 'migraine_api_requests_total{endpoint="/v2/models/{name}",method="GET",status="200"} 1.0' in text
    assert 'endpoint="other"' in text
    assert "secret" not in text


def test_each_probability_is_that_of_the_model_named_beside_it(tmp_path: Path) -> None:
    """This also holds while champions change between requests."""
    store, names = fresh_store(tmp_path), trained()[1]
    with running(store, tmp_path) as (client, services):
        body = {"entries": history()}
        by_bundle: dict[str, set[float]] = {}
        for k in range(30):
            if k % 5 == 0:
                put_in_charge(store, "attack", names[("attack", "attack_2", "attack_tree")[k // 5 % 3]])
                services.models.check()
            content = client.post("/predict", json=body).json()
            by_bundle.setdefault(content["model"]["attack"]["bundle"], set()).add(content["attack"]["probability"])
    assert len(by_bundle) == 3
    assert {len(probabilities) for probabilities in by_bundle.values()} == {1}
    assert len(np.unique([p for probabilities in by_bundle.values() for p in probabilities])) == 3
