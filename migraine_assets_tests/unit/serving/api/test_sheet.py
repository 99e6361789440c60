"""The sheet over HTTP: the page of `migraine sheet`, for the key that keeps the diary, within the limits."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from migraine_assets.cli.commands.sheet import sheet
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.api.test_diaries import keep
from migraine_assets_tests.unit.serving.trained import fresh_store, history, records_of, running
from serving.access import api_keys
from serving.api.middleware import endpoint
from serving.services import Services

ENTRIES = history(130, sleep_hours=19)

Running = tuple[httpx.Client, Services, Store, Path]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with models that keeps a diary with values that cleaning changes."""
    folder = tmp_path_factory.mktemp("sheets")
    store = fresh_store(folder)
    with running(store, folder) as (client, services):
        keep(client, "anna", ENTRIES)
        client.put("/diaries/dora", json={"age": 40})
        yield client, services, store, folder


def before_the_footer(page: str) -> str:
    return page.partition("<footer>")[0]


def test_the_sheet_of_a_kept_diary_is_that_of_the_command(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _, _, folder = service
    monkeypatch.setenv("MIGRAINE_HOME", str(folder))
    monkeypatch.setenv("SERVING_DIARY_URL", f"sqlite:///{folder / 'diaries.db'}")
    for days in (28, 84):
        sheet("anna", "service", to=tmp_path / "a.html", days=days, mapping=None)
        answer = client.get("/sheet/anna", params={"days": days})
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert before_the_footer(answer.text) == before_the_footer((tmp_path / "a.html").read_text("utf-8"))
    assert "observed / expected" in answer.text
    assert answer.text == client.get("/sheet/anna").text


def test_a_diary_in_the_body_gives_the_same_sheet_and_is_neither_kept_nor_recorded(service: Running) -> None:
    client, services, store, _ = service
    before = len(records_of(services, store)), client.get("/diaries").json()
    named = client.post("/sheet", json={"participant_id": "anna", "entries": ENTRIES})
    assert before_the_footer(named.text) == before_the_footer(client.get("/sheet/anna").text)
    renamed = [{"sleepHours" if name == "sleep_hours" else name: day[name] for name in day} for day in ENTRIES]
    nameless = client.post("/sheet", json={"entries": renamed})
    assert "<h1>Headache diary</h1>" in nameless.text
    assert before_the_footer(nameless.text).count("anna") == 0
    assert (len(records_of(services, store)), client.get("/diaries").json()) == before


def test_only_its_own_style_is_allowed(service: Running) -> None:
    policies = service[0].get("/sheet/anna").headers.get_list("content-security-policy")
    assert len(policies) == 1
    assert "default-src 'none'; style-src 'sha256-" in policies[0]
    assert "unsafe" not in policies[0]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/sheet/anna?days=27", None, 422),
        ("/sheet/anna?days=x", None, 422),
        ("/sheet/dora", None, 404),
        ("/sheet/a%20b", None, 422),
        ("/sheet", {"entries": []}, 422),
        ("/sheet", {"entries": ENTRIES, "explain": True}, 422),
        ("/sheet", {"entries": history(367)}, 422),
        ("/sheet", {"entries": history(3, last=dt.date(2999, 1, 1))}, 422),
    ],
)
def test_a_request_that_cannot_be_answered_says_why(
    service: Running, path: str, body: dict[str, object] | None, status: int
) -> None:
    client = service[0]
    answer = client.post(path, json=body) if body else client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_key_gets_the_sheets_of_its_own_diaries_within_the_limits(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    now = dt.datetime.now(dt.UTC)
    mine, other = (api_keys.create(store, name, now=now)[0] for name in ("mine", "other"))
    limits = {"api_keys_required": True, "max_body_bytes": 4096}
    with running(store, tmp_path, **limits) as (client, _):
        keep(client, "anna", history(3), headers={"X-API-Key": mine})
        statuses = [
            client.get("/sheet/anna", headers=headers).status_code
            for headers in ({}, {"X-API-Key": other}, {"X-API-Key": mine})
        ]
        large = client.post("/sheet", json={"entries": ENTRIES}, headers={"X-API-Key": mine})
        unread = client.post("/sheet", json={"entries": history(3)})
        without_models = client.get("/sheet/anna", headers={"X-API-Key": mine}).text
    assert statuses == [401, 404, 200]
    assert (large.status_code, unread.status_code) == (413, 401)
    assert "No model has been promoted" in without_models


def test_names_appear_in_no_metric() -> None:
    assert endpoint("/sheet/anna") == "/sheet/{participant}"
    assert endpoint("/sheet/anna/b") == "other"
