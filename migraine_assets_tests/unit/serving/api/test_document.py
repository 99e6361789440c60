"""docs/api.md and the README: every command works with a real service, and every endpoint is documented."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from migraine_assets_tests.unit.serving.trained import fresh_store, running
from serving.contract import examples
from serving.services import Services

TEXT = (Path(__file__).parents[4] / "docs" / "api.md").read_text(encoding="utf-8")
README = (Path(__file__).parents[4] / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [
    command
    for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for command in re.split(r"\n(?=curl )", block.strip())
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Services]]:
    folder = tmp_path_factory.mktemp("document")
    with running(fresh_store(folder), folder) as client_and_services:
        yield client_and_services


@pytest.fixture(scope="module")
def flat_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Services]]:
    """A service whose model predicts from one day."""
    folder = tmp_path_factory.mktemp("flat")
    with running(fresh_store(folder, champions={"attack": "flat"}), folder) as client_and_services:
        yield client_and_services


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(command.split()[2:5]) for command in COMMANDS])
def test_a_command_of_the_document_works(
    command: str, service: tuple[httpx.Client, Services], flat_service: tuple[httpx.Client, Services]
) -> None:
    """No example may be answered with an abstention."""
    flat = "/predict " in command and "entries" not in command
    client = flat_service[0] if flat else service[0]
    prediction = client.post("/predict", json=examples.diary()).json()["prediction_id"]
    completed = subprocess.run(
        ["bash", "-c", command.replace("curl -s", "curl --silent --show-error --fail-with-body")],
        env=os.environ | {"SERVICE": str(client.base_url).rstrip("/"), "PREDICTION_ID": prediction},
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr
    response: Any = json.loads(completed.stdout or "{}")
    assert response or "DELETE" in command or "/dev/null" in command
    if "/predict " in command or "/forecast/" in command:
        # A FHIR resource that has no prediction is an abstention.
        assert response["status"] == "final" if "fhir" in command else not response["abstained"]
    if flat:
        assert response["interpreted"] == [{"given": "gender", "field": "sex", "value": "F"}]
    if "/predict/batch" in command:
        predicted, refused = response["items"]
        assert not predicted["result"]["abstained"]
        assert "attack" in str(predicted)
        assert "urn:migraine:problem:" not in str(predicted)
        assert "urn:migraine:problem:invalid-request" in str(refused)


def test_the_example_of_the_readme_gets_a_prediction(service: tuple[httpx.Client, Services]) -> None:
    """The first command that a reader pastes should not be answered by an abstention."""
    [body] = re.findall(
        r"127\.0\.0\.1:8000/predict -H 'content-type: application/json' -d '(.*?)'\n", README, re.DOTALL
    )
    response = service[0].post("/predict", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 200, response.text
    assert response.json()["attack"]
    assert response.json()["reasons"]["attack"]


def test_the_commands_are_there() -> None:
    assert len(COMMANDS) == 18
    assert len(PROGRAMS) == 2


@pytest.mark.parametrize("program", PROGRAMS, ids=["sync", "async"])
def test_a_program_of_the_document_works(
    program: str, service: tuple[httpx.Client, Services], capsys: pytest.CaptureFixture[str]
) -> None:
    exec(program.replace("http://127.0.0.1:8000", str(service[0].base_url)), {})
    printed = capsys.readouterr().out
    expected = r"0\.\d+ .* %.*\ninvalid-request .*\['\$\.sleep_hours'\]" if "Problem" in program else r"Attack\("
    assert re.search(expected, printed), printed


def test_every_address_of_the_service_is_on_the_page(service: tuple[httpx.Client, Services]) -> None:
    for path in service[0].get("/openapi.json").json()["paths"]:
        assert path in TEXT or path.startswith("/v2"), path
