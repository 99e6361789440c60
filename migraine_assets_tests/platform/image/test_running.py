"""The platform image runs the pipeline, and the serving image serves its champions."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migraine_assets_tests.platform.image.containers import USER, Image, inside, log_of, needs_images
from serving.cluster.ray_environment import free_ports

pytestmark = needs_images
LONGEST_START = 180
# Enough days for a prediction.
DIARY = [
    {"date": f"2025-03-{day:02d}", "sleep_hours": 5.5, "stress_level": 8, "migraine_occurrence": int(day % 5 == 0)}
    for day in range(1, 29)
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A volume after a run of the pipeline in the platform image."""
    folder = tmp_path_factory.mktemp("volume")
    os.chown(folder, USER, USER)
    output = Image("localhost/migraine-platform:test", folder).run(
        *("migraine", "run", "--source", "synthetic", "--option", "participants=40", "--option", "days=60")
    )
    assert "champion" in output.lower(), output
    return folder


def test_the_pipeline_ran_and_every_file_has_the_same_owner(home: Path) -> None:
    owners = {(entry.stat().st_uid, entry.stat().st_gid) for entry in home.rglob("*")}
    assert owners == {(USER, USER)}
    assert len(list((home / "store" / "bundles").iterdir())) >= 16
    assert list((home / "reports").rglob("*.html"))


def test_the_doctor_finds_no_problem(home: Path) -> None:
    Image("localhost/migraine-platform:test", home).run("migraine", "doctor")


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[tuple[str, str, str]]:
    """The running service: its address, a key and the name of its container."""
    image = Image("localhost/migraine-serving:test", home)
    key = image.run("migraine", "keys", "create", "test").splitlines()[0].strip()
    port, metrics = free_ports(2)
    with image.running(env={"SERVING_PORT": str(port), "SERVING_METRICS_PORT": str(metrics)}) as name:
        address = f"http://127.0.0.1:{port}"
        _wait_until_ready(address, name)
        yield address, key, name


def test_the_service_predicts(service: tuple[str, str, str]) -> None:
    address, key, _ = service
    status, answer = _post(f"{address}/predict", {"entries": DIARY}, key=key)
    assert status == 200, answer
    assert 0 < answer["attack"]["probability"] < 1


def test_requests_without_a_key_are_refused(service: tuple[str, str, str]) -> None:
    status, answer = _post(f"{service[0]}/predict", {"entries": DIARY}, key="")
    assert status == 401, answer


def test_the_pages_are_in_the_image(service: tuple[str, str, str]) -> None:
    for path in ("/", "/staff", "/docs", "/page/app.js", "/docs/swagger-ui-bundle.js"):
        request = urllib.request.Request(service[0] + path, headers={"accept": "text/html"})
        with urllib.request.urlopen(request, timeout=60) as response:
            assert response.status == 200, path


def test_the_health_check_of_the_image_passes(service: tuple[str, str, str]) -> None:
    name = service[2]
    done = inside(name, *Image("localhost/migraine-serving:test").health_check())
    assert done.returncode == 0, done.stderr


def test_a_prediction_can_be_replayed(service: tuple[str, str, str], home: Path) -> None:
    address, key, name = service
    _, answer = _post(f"{address}/predict", {"entries": DIARY}, key=key)
    replay = ("migraine", "replay", answer["prediction_id"])
    for _ in range(30):
        if inside(name, *replay).returncode == 0:
            break  # the prediction record is written
        time.sleep(1)
    output = Image("localhost/migraine-serving:test", home).run(*replay)
    assert "DIFFERENT" not in output
    assert "same" in output


def test_the_code_location_passes_its_health_check() -> None:
    image = Image("localhost/migraine-platform:test")
    with image.running() as name:
        for _ in range(30):
            done = inside(name, *image.health_check())
            if done.returncode == 0:
                return
            time.sleep(2)
        pytest.fail(done.stderr + log_of(name))


def _wait_until_ready(address: str, name: str) -> None:
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until:
        try:
            if urllib.request.urlopen(f"{address}/ready", timeout=60).status == 200:
                return
        except OSError:
            time.sleep(1)
    pytest.fail(f"The service is not ready:\n{log_of(name)}")


def _post(url: str, body: object, *, key: str) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
