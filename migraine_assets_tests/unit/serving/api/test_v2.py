"""The Open Inference Protocol, as its clients speak it."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from migraine_assets_tests.unit.serving.trained import fresh_store, running, trained
from serving.input.tensors import HEADER
from serving.model.watcher import ModelSet
from serving.services import Services


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Services]]:
    folder = tmp_path_factory.mktemp("v2")
    with running(fresh_store(folder), folder, max_batch_rows=50) as found:
        yield found


@pytest.fixture
def client(service: tuple[httpx.Client, Services]) -> httpx.Client:
    return service[0]


@pytest.fixture
def models(service: tuple[httpx.Client, Services]) -> ModelSet:
    return service[1].models.current


def rows(models: ModelSet, count: int) -> Any:
    width = len(models.tasks["attack"].champion.manifest.features)
    X = np.random.default_rng(1).uniform(0, 5, (count, width)).astype(np.float32)
    X[0, 0] = np.nan
    return X


def tensor(X: Any, **more: Any) -> dict[str, Any]:
    return {"name": "features", "shape": list(X.shape), "datatype": "FP32", **more}


def listed(X: Any) -> list[Any]:
    return [None if np.isnan(x) else float(x) for x in X.ravel()]


def infer(client: httpx.Client, body: Any, *, raw: bytes = b"", model: str = "attack") -> httpx.Response:
    header = json.dumps(body).encode()
    headers = {HEADER: str(len(header))} if raw else {}
    return client.post(f"/v2/models/{model}/infer", content=header + raw, headers=headers)


def test_metadata_names_inputs_outputs_and_versions(client: httpx.Client, models: ModelSet) -> None:
    found = client.get("/v2/models/severity").json()
    width = len(models.tasks["severity"].champion.manifest.features)
    assert found["versions"] == [trained()[1]["severity"]]
    assert found["inputs"] == [{"name": "features", "datatype": "FP32", "shape": [-1, width]}]
    assert found["outputs"] == [{"name": "severity", "datatype": "FP32", "shape": [-1, 1]}]
    assert client.get("/v2").json()["name"] == "migraine"
    assert client.get("/v2/models/severity/ready").json()["ready"] is True


def test_numbers_in_json_flat_or_nested(client: httpx.Client, models: ModelSet) -> None:
    X = rows(models, 3)
    expected = models.tasks["attack"].champion.bundle.predict(X)
    flat = infer(client, {"id": "7", "inputs": [tensor(X, data=listed(X))]}).json()
    nested = infer(client, {"inputs": [tensor(X, data=[listed(row) for row in X])]}).json()
    assert (flat["id"], flat["model_version"]) == ("7", trained()[1]["attack"])
    assert flat["outputs"][0]["shape"] == [3, 1]
    assert flat["outputs"][0]["data"] == nested["outputs"][0]["data"] == expected.tolist()


@pytest.mark.parametrize("asked", ["parameters", "outputs"])
def test_raw_bytes_in_and_out(client: httpx.Client, models: ModelSet, asked: str) -> None:
    X = rows(models, 4)
    raw = X.tobytes()
    body: dict[str, Any] = {"inputs": [tensor(X, parameters={"binary_data_size": len(raw)})]}
    if asked == "parameters":
        body["parameters"] = {"binary_data_output": True}
    else:
        body["outputs"] = [{"name": "probability", "parameters": {"binary_data": True}}]
    answer = infer(client, body, raw=raw)
    length = int(answer.headers[HEADER])
    header = json.loads(answer.content[:length])
    assert header["outputs"][0]["parameters"] == {"binary_data_size": 16}
    values = np.frombuffer(answer.content[length:], "<f4")
    assert values.tolist() == models.tasks["attack"].champion.bundle.predict(X).tolist()


def broken(X: Any) -> list[tuple[Any, bytes]]:
    raw, good = X.tobytes(), tensor(X, data=listed(X))
    return [
        ([], b""),
        ({"inputs": []}, b""),
        ({"inputs": [good, good]}, b""),
        ({"inputs": [{**good, "name": "x"}]}, b""),
        ({"inputs": [{**good, "datatype": "BYTES"}]}, b""),
        ({"inputs": [{**good, "shape": [2, 3]}]}, b""),
        ({"inputs": [{**good, "shape": [-1, 3]}]}, b""),
        ({"inputs": [{**good, "shape": [10**12, X.shape[1]]}]}, b""),
        ({"inputs": [{**good, "shape": [51, X.shape[1]]}]}, b""),
        ({"inputs": [{**good, "data": good["data"][1:]}]}, b""),
        ({"inputs": [{**good, "data": ["a"] * X.size}]}, b""),
        ({"inputs": [{**good, "data": [True] * X.size}]}, b""),
        ({"inputs": [{**good, "data": [1e300] * X.size}]}, b""),
        ({"inputs": [{**good, "data": [10**400] * X.size}]}, b""),
        ({"inputs": [{**good, "data": [[[1.0]]]}]}, b""),
        ({"inputs": [good], "outputs": [{"name": "x"}]}, b""),
        ({"inputs": [tensor(X, parameters={"binary_data_size": len(raw) - 4})]}, raw),
        ({"inputs": [tensor(X, parameters={"binary_data_size": -1})]}, raw),
        ({"inputs": [tensor(X, parameters={"binary_data_size": "x"})]}, raw),
        ({"inputs": [tensor(X, parameters={"binary_data_size": len(raw) + 4})]}, raw),
    ]


@pytest.mark.parametrize("case", range(20))
def test_what_is_no_such_tensor_is_a_400_in_the_protocols_form(
    client: httpx.Client, models: ModelSet, case: int
) -> None:
    body, raw = broken(rows(models, 2))[case]
    answer = infer(client, body, raw=raw)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize("length", ["-1", "x", "99999999", "5"])
def test_a_wrong_header_length_is_a_400(client: httpx.Client, length: str) -> None:
    answer = client.post("/v2/models/attack/infer", content=b'{"inputs": []}', headers={HEADER: length})
    assert answer.status_code == 400


def test_another_model_is_a_404(client: httpx.Client) -> None:
    for answer in (client.get("/v2/models/x"), client.get("/v2/models/x/ready"), infer(client, {}, model="x")):
        assert (answer.status_code, set(answer.json())) == (404, {"error"})


def test_a_row_leaves_a_receipt(service: tuple[httpx.Client, Services], models: ModelSet) -> None:
    client, services = service
    X = rows(models, 2)
    infer(client, {"inputs": [tensor(X, data=listed(X))]})
    written = services.prediction_log.state.written + services.prediction_log.state.backlog
    infer(client, {"inputs": [tensor(X, data=listed(X))]})
    assert services.prediction_log.state.written + services.prediction_log.state.backlog == written + 2
