"""Third-party clients against the service: Triton's client, and Schemathesis reading the OpenAPI document."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from migraine_assets_tests.unit.serving.trained import fresh_store, running
from serving.services import Services

# A schema cannot express rules between fields (no duration without an attack), so a body that is valid under the
# schema may still be refused, with 422 and the path of the field. A batch with an invalid item is not refused: that
# item is answered with a problem.
CHECKS = """
checks.positive_data_acceptance.enabled = false

[[operations]]
include-name = "POST /predict/batch"
checks.negative_data_rejection.enabled = false
"""
EXAMPLES = "20"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Services]]:
    folder = tmp_path_factory.mktemp("clients")
    with running(fresh_store(folder), folder) as client_and_services:
        yield client_and_services


@pytest.fixture
def client(service: tuple[httpx.Client, Services]) -> Iterator[triton.InferenceServerClient]:
    client = triton.InferenceServerClient(service[0].base_url.netloc.decode())
    yield client
    client.close()


def test_triton_client_reads_server_and_model_metadata(
    client: triton.InferenceServerClient, service: tuple[httpx.Client, Services]
) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("attack")
    metadata, champion = client.get_model_metadata("attack"), service[1].models.current.tasks["attack"].champion
    assert metadata["versions"] == [champion.bundle.hash]
    assert metadata["inputs"][0]["shape"] == [-1, len(champion.manifest.features)]


@pytest.mark.parametrize("task", ["attack", "severity"])
@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_triton_client_gets_the_outputs_of_the_bundle(
    client: triton.InferenceServerClient, service: tuple[httpx.Client, Services], task: str, binary: bool
) -> None:
    champion = service[1].models.current.tasks[task].champion
    rows = np.random.default_rng(5).uniform(0, 10, (4, len(champion.manifest.features))).astype(np.float32)
    tensor = triton.InferInput("features", list(rows.shape), "FP32")
    tensor.set_data_from_numpy(rows, binary_data=binary)
    output = triton.InferRequestedOutput(champion.manifest.output, binary_data=binary)
    response = client.infer(task, [tensor], outputs=[output])
    expected = champion.bundle.predict(rows).astype(np.float32)
    assert np.array_equal(response.as_numpy(champion.manifest.output).ravel(), expected.ravel())
    assert response.get_response()["model_version"] == champion.bundle.hash


def test_triton_client_gets_an_error_for_an_unknown_model(client: triton.InferenceServerClient) -> None:
    with pytest.raises(InferenceServerException, match="Models: attack, severity"):
        client.get_model_metadata("nothing")


@pytest.mark.slow
def test_every_response_conforms_to_the_openapi_document(
    service: tuple[httpx.Client, Services], tmp_path: Path
) -> None:
    command = (str(Path(sys.executable).with_name("schemathesis")), "run", f"{service[0].base_url}/openapi.json")
    (tmp_path / "schemathesis.toml").write_text(CHECKS)
    options = ("--max-examples", EXAMPLES, "--seed", "7")
    completed = subprocess.run((*command, *options), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stdout
    operations = sum(len(methods) for methods in service[0].get("/openapi.json").json()["paths"].values())
    assert f"{operations} selected / {operations} total" in completed.stdout
