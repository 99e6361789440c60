"""The page without a service, in a real browser: the answers of the service, offline, and nothing sent."""

import functools
import http.server
import itertools
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from migraine_assets_tests.platform.browser.conftest import Open, days_of
from migraine_assets_tests.support.browser_runtime import runtime_archive
from migraine_assets_tests.unit.serving.trained import fresh_store, history, running
from serving.edge.folder import build_folder

pytestmark = pytest.mark.slow

CHAMPIONS = {"attack": "attack_tree", "severity": "severity"}
PREDICT = """async ([body, language]) => {
    localStorage.setItem("language", language);
    return (await import('/page/service.js')).predict(body);
}"""
LANGUAGES = ("en", "de", "es", "fr")

# The policy of the page forbids what Playwright waits for functions with.
CONTROLLED = """() => new Promise((resolve) => {
    if (navigator.serviceWorker.controller) resolve();
    navigator.serviceWorker.addEventListener("controllerchange", () => resolve());
})"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files, built from real models."""
    folder = tmp_path_factory.mktemp("edge")
    build_folder(
        fresh_store(folder, champions=CHAMPIONS), folder / "site", least_history_days=1, runtime=runtime_archive()
    )
    return folder / "site"


@pytest.fixture
def site(built: Path) -> Iterator[str]:
    """The address of a web server of files; it stops when the test leaves it."""
    handler = functools.partial(Quiet, directory=str(built))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def diaries(count: int) -> list[dict[str, Any]]:
    """Bodies of /predict with gaps and nulls; the first has too short a history."""
    chance = random.Random(4)
    bodies: list[dict[str, Any]] = [{"age": 30, "sex": "F", "explain": True, "entries": history(1)}]
    for _ in range(count):
        entries = [entry for entry in history(29) if chance.random() < 0.9]
        for entry in entries:
            entry["sleep_hours"] = chance.choice([None, round(chance.uniform(3, 23), 2)])
            entry["caffeine_intake"] = chance.choice([None, chance.randint(0, 20)])
            entry["migraine_occurrence"] = chance.choice([None, 0, 0, 0, 1])
            entry["bright_light"] = chance.choice([None, 0, 1])
        bodies.append({"age": chance.randint(18, 70), "sex": chance.choice("FM"), "explain": True, "entries": entries})
    return bodies


def numbers(answer: Any, path: str = "") -> dict[str, Any]:
    """Every value of an answer by its path, and the codes and fields of its warnings."""
    if isinstance(answer, dict):
        return {k: v for name, part in answer.items() for k, v in numbers(part, f"{path}.{name}").items()}
    if isinstance(answer, list):
        return {k: v for position, part in enumerate(answer) for k, v in numbers(part, f"{path}[{position}]").items()}
    return {path: answer}


def differ(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) > 1e-6
    return bool(one != other)


def test_the_answers_are_those_of_the_service(open_page: Open, site: str, tmp_path: Path) -> None:
    page = open_page(base=site)
    bodies, abstained, sentences = diaries(40), 0, 0
    with running(fresh_store(tmp_path, champions=CHAMPIONS), tmp_path) as (client, _):
        for body, language in zip(bodies, itertools.cycle(LANGUAGES)):
            expected = numbers(client.post("/predict", json=body, params={"language": language}).json())
            answer = numbers(page.evaluate(PREDICT, [body, language]))
            abstained += answer[".abstained"]
            # The service adds an id and the usual risk in words; texts of warnings are the page's own.
            shared = [name for name in answer if name in expected and not name.endswith(".message")]
            assert [
                (name, answer[name], expected[name]) for name in shared if differ(answer[name], expected[name])
            ] == []
            missing = {name for name in expected if name not in answer}
            unsaid = (".prediction_id", ".relative_to_usual.sentence", ".relative_to_usual.words")
            assert all(name.endswith(unsaid) for name in missing), missing
            sentences += sum(name.endswith(".sentence") for name in shared)
    assert 0 < abstained < len(bodies)
    assert sentences > 5 * len(bodies)


def test_it_works_offline_and_sends_nothing(open_page: Open, built: Path) -> None:
    handler = functools.partial(Quiet, directory=str(built))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    site = f"http://127.0.0.1:{server.server_port}"
    requests: list[Any] = []
    page = open_page(base=site)
    page.context.on("request", lambda request: requests.append(request))
    page.evaluate(CONTROLLED)
    server.shutdown()
    server.server_close()
    thread.join()
    with pytest.raises(httpx.ConnectError):
        httpx.get(site)
    page.reload()
    page.click("#start_sample")
    page.wait_for_selector("#headline")
    assert "nothing is sent" in page.inner_text("#diary-content")
    assert len(days_of(page)) > 28
    assert {request.method for request in requests} == {"GET"}
    assert all(request.url.startswith(f"{site}/") and "?" not in request.url for request in requests)
    erase(page)
    assert page.evaluate("indexedDB.databases()") == []


def erase(page: Page) -> None:
    page.click("#erase")
    page.click("#erase-confirmed")
    page.wait_for_selector("#start_sample")
