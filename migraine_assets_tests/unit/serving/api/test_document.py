"""docs/api.md and the README: every command works against a real service, and the table is the service's own."""

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
COMMANDS = [
    command
    for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for command in re.split(r"\n(?=curl )", block.strip())
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Services]]:
    folder = tmp_path_factory.mktemp("document")
    with running(fresh_store(folder), folder) as found:
        yield found


@pytest.mark.parametrize("command", COMMANDS, ids=[command.split()[2] for command in COMMANDS])
def test_a_command_of_the_document_works(command: str, service: tuple[httpx.Client, Services]) -> None:
    client = service[0]
    prediction = client.post("/predict", json=examples.diary()).json()["prediction_id"]
    done = subprocess.run(
        ["bash", "-c", command.replace("curl -s", "curl --silent --show-error --fail-with-body")],
        env=os.environ | {"SERVICE": str(client.base_url).rstrip("/"), "PREDICTION_ID": prediction},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer: Any = json.loads(done.stdout)
    assert answer
    if "/predict/batch" in command:
        answered, refused = answer["items"]
        assert "attack" in str(answered)
        assert "urn:migraine:problem:" not in str(answered)
        assert "urn:migraine:problem:invalid-request" in str(refused)


def test_the_readmes_person_is_told_of_a_risk(service: tuple[httpx.Client, Services]) -> None:
    """The first thing that somebody pastes should not be answered by an abstention."""
    [body] = re.findall(
        r"127\.0\.0\.1:8000/predict -H 'content-type: application/json' -d '(.*?)'\n", README, re.DOTALL
    )
    answer = service[0].post("/predict", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["attack"]
    assert answer.json()["reasons"]["attack"]


def test_the_commands_are_there() -> None:
    assert len(COMMANDS) == 7


def test_every_address_of_the_service_is_on_the_page(service: tuple[httpx.Client, Services]) -> None:
    for path in service[0].get("/openapi.json").json()["paths"]:
        assert path in TEXT or path.startswith("/v2"), path
