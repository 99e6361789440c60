"""The Open Inference Protocol over HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from migraine_assets_tests.unit.serving.trained import fresh_store, running, trained
from serving.input.tensors import HEADER
from serving.model.watcher import ServedModels
from serving.services import Services


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Services]]:
    folder = tmp_path_factory.mktemp("v2")
    with running(fresh_store(folder), folder, max_batch_rows=50) as client_and_services:
        yield client_and_services


@pytest.fixture
def client(service: tuple[httpx.Client, Services]) -> httpx.Client:
    return service[0]


@pytest.fixture
def models(service: tuple[httpx.Client, Services]) -> ServedModels:
    return service[1].models.current


def rows(models: ServedModels, count: int) -> Any:
    width = len(models.tasks["attack"].champion.manifest.features)
    X = np.random.default_rng(1).uniform(0, 5, (count, width)).astype(np.float32)
    X[0, 0] = np.nan
    return X


def tensor(X: Any, **more: Any) -> dict[str, Any]:
    return {"name": "features", "shape": list(X.shape), "datatype": "FP32", **more}


def as_list(X: Any) -> list[Any]:
    return [None if np.isnan(x) else float(x) for x in X.ravel()]


def infer(client: httpx.Client, body: Any, *, raw: bytes = b"", model: str = "attack") -> httpx.Response:
    header = json.dumps(body).encode()
    headers = {HEADER: str(len(header))} if raw else {}
    return client.post(f"/v2/models/{model}/infer", content=header + raw, headers=headers)


def test_metadata_names_inputs_outputs_and_versions(client: httpx.Client, models: ServedModels) -> None:
    metadata = client.get("/v2/models/severity").json()
    width = len(models.tasks["severity"].champion.manifest.features)
    assert metadata["versions"] == [trained()[1]["severity"]]
    assert metadata["inputs"] == [{"name": "features", "datatype": "FP32", "shape": [-1, width]}]
    assert metadata["outputs"] == [{"name": "severity", "datatype": "FP32", "shape": [-1, 1]}]
    assert client.get("/v2").json()["name"] == "migraine"
    assert client.get("/v2/models/severity/ready").json()["ready"] is True


def test_json_numbers_may_be_flat_or_nested(client: httpx.Client, models: ServedModels) -> None:
    X = rows(models, 3)
    expected = models.tasks["attack"].champion.bundle.predict(X)
    flat = infer(client, {"id": "7", "inputs": [tensor(X, data=as_list(X))]}).json()
    nested = infer(client, {"inputs": [tensor(X, data=[as_list(row) for row in X])]}).json()
    assert (flat["id"], flat["model_version"]) == ("7", trained()[1]["attack"])
    assert flat["outputs"][0]["shape"] == [3, 1]
    assert flat["outputs"][0]["data"] == nested["outputs"][0]["data"] == expected.tolist()


@pytest.mark.parametrize("requested_in", ["parameters", "outputs"])
def test_raw_bytes_in_and_out(client: httpx.Client, models: ServedModels, requested_in: str) -> None:
    X = rows(models, 4)
    raw = X.tobytes()
    body: dict[str, Any] = {"inputs": [tensor(X, parameters={"binary_data_size": len(raw)})]}
    if requested_in == "parameters":
        body["parameters"] = {"binary_data_output": True}
    else:
        body["outputs"] = [{"name": "probability", "parameters": {"binary_data": True}}]
    response = infer(client, body, raw=raw)
    length = int(response.headers[HEADER])
    header = json.loads(response.content[:length])
    assert header["outputs"][0]["parameters"] == {"binary_data_size": 16}
    values = np.frombuffer(response.content[length:], "<f4")
    assert values.tolist() == models.tasks["attack"].champion.bundle.predict(X).tolist()


def broken(X: Any) -> list[tuple[Any, bytes]]:
    raw, good = X.tobytes(), tensor(X, data=as_list(X))
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
def test_invalid_tensors_are_a_400_in_the_format_of_the_protocol(
    client: httpx.Client, models: ServedModels, case: int
) -> None:
    body, raw = broken(rows(models, 2))[case]
    response = infer(client, body, raw=raw)
    assert response.status_code == 400
    assert set(response.json()) == {"error"}


@pytest.mark.parametrize("length", ["-1", "x", "99999999", "5"])
def test_a_wrong_header_length_is_a_400(client: httpx.Client, length: str) -> None:
    response = client.post("/v2/models/attack/infer", content=b'{"inputs": []}', headers={HEADER: length})
    assert response.status_code == 400


def test_an_unknown_model_is_a_404(client: httpx.Client) -> None:
    for response in (client.get("/v2/models/x"), client.get("/v2/models/x/ready"), infer(client, {}, model="x")):
        assert (response.status_code, set(response.json())) == (404, {"error"})


def test_every_row_is_recorded(service: tuple[httpx.Client, Services], models: ServedModels) -> None:
    client, services = service
    X = rows(models, 2)
    infer(client, {"inputs": [tensor(X, data=as_list(X))]})
    written = services.prediction_log.state.written + services.prediction_log.state.backlog
    infer(client, {"inputs": [tensor(X, data=as_list(X))]})
    assert services.prediction_log.state.written + services.prediction_log.state.backlog == written + 2
