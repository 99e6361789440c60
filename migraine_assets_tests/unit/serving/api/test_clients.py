"""What other people's programs make of the service: Triton's client, and a tester that reads the OpenAPI document."""

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

# Rules between fields (an attack's duration without an attack) are said in words; a schema cannot say them, so that a
# body which agrees with it may still be refused, with 422 and the path of the field.
NO_CHECK = "positive_data_acceptance"
EXAMPLES = "20"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Services]]:
    folder = tmp_path_factory.mktemp("clients")
    with running(fresh_store(folder), folder) as found:
        yield found


@pytest.fixture
def client(service: tuple[httpx.Client, Services]) -> Iterator[triton.InferenceServerClient]:
    client = triton.InferenceServerClient(service[0].base_url.netloc.decode())
    yield client
    client.close()


def test_tritons_client_finds_the_server_and_its_models(
    client: triton.InferenceServerClient, service: tuple[httpx.Client, Services]
) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("attack")
    said, served = client.get_model_metadata("attack"), service[1].models.current.tasks["attack"].champion
    assert said["versions"] == [served.bundle.hash]
    assert said["inputs"][0]["shape"] == [-1, len(served.manifest.features)]


@pytest.mark.parametrize("task", ["attack", "severity"])
@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_tritons_client_gets_the_numbers_of_the_bundle(
    client: triton.InferenceServerClient, service: tuple[httpx.Client, Services], task: str, binary: bool
) -> None:
    served = service[1].models.current.tasks[task].champion
    rows = np.random.default_rng(5).uniform(0, 10, (4, len(served.manifest.features))).astype(np.float32)
    asked = triton.InferInput("features", list(rows.shape), "FP32")
    asked.set_data_from_numpy(rows, binary_data=binary)
    wanted = triton.InferRequestedOutput(served.manifest.output, binary_data=binary)
    answer = client.infer(task, [asked], outputs=[wanted])
    expected = served.bundle.predict(rows).astype(np.float32)
    assert np.array_equal(answer.as_numpy(served.manifest.output).ravel(), expected.ravel())
    assert answer.get_response()["model_version"] == served.bundle.hash


def test_tritons_client_is_told_of_a_model_that_there_is_not(client: triton.InferenceServerClient) -> None:
    with pytest.raises(InferenceServerException, match="Models: attack, severity"):
        client.get_model_metadata("nothing")


def test_whatever_the_document_allows_or_forbids_every_answer_is_one_that_it_describes(
    service: tuple[httpx.Client, Services], tmp_path: Path
) -> None:
    command = (str(Path(sys.executable).with_name("schemathesis")), "run", f"{service[0].base_url}/openapi.json")
    options = ("--checks", "all", "--exclude-checks", NO_CHECK, "--max-examples", EXAMPLES, "--seed", "7")
    found = subprocess.run((*command, *options), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
    assert "13 selected / 13 total" in found.stdout
