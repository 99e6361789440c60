"""The page of staff at `/staff` in a real browser: the key, order, search, who has no forecast and why, one person."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from migraine_assets_tests.platform.browser.conftest import Open
from migraine_assets_tests.platform.browser.test_page import overflow, violations
from migraine_assets_tests.unit.serving.api.test_diaries import keep
from migraine_assets_tests.unit.serving.trained import fresh_store, history, running
from serving.access import api_keys

pytestmark = pytest.mark.slow

PEOPLE = 14
# The diaries end in the past, except of one person.
TODAY = dt.date.today()


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a service that keeps diaries for a key, and the key."""
    folder = tmp_path_factory.mktemp("clinic")
    store = fresh_store(folder)
    now = dt.datetime.now(dt.UTC)
    key, other = (api_keys.create(store, name, now=now)[0] for name in ("clinic", "another"))
    with running(store, folder, api_keys_required=True) as (client, _):
        for k in range(PEOPLE):
            keep(client, f"P-{k}", history(8, stress_level=k % 10 + 1), headers={"X-API-Key": key})
        keep(client, "current", history(8, last=TODAY), headers={"X-API-Key": key})
        keep(client, "new", history(2), headers={"X-API-Key": key})
        keep(client, "hidden", history(2), headers={"X-API-Key": other})
        yield str(client.base_url), key


def enter(page: Page, key: str) -> None:
    page.fill("#key", key)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"text={PEOPLE + 2} people")


def shown(page: Page) -> list[str]:
    return page.locator(".people .link").all_inner_texts()


def test_all_participants_are_listed_by_relative_risk(open_page: Open, clinic: tuple[str, str]) -> None:
    base, key = clinic
    page = open_page("/staff", base=base)
    requests: list[str] = []
    page.context.on("request", lambda request: requests.append(request.url))
    enter(page, key)
    answer = page.request.get(f"{base}/forecasts", headers={"X-API-Key": key}).json()
    people = {one["participant_id"]: one["attack"] for one in answer["forecasts"]}

    def ratio(name: str) -> float:
        attack = people[name]
        return attack["probability"] / attack["base_rate"]["rate"] if attack else -1

    assert set(shown(page)) == set(people)
    assert [ratio(name) for name in shown(page)] == sorted(map(ratio, people), reverse=True)
    assert shown(page)[-1] == "new"
    assert "the model needs 5" in page.locator(".people tr").last.inner_text()
    page.select_option("#order", "name")
    assert shown(page)[:5] == ["current", "new", "P-0", "P-1", "P-2"]
    page.fill("#search", "p-1")
    assert shown(page) == ["P-1", "P-10", "P-11", "P-12", "P-13"]
    assert "Shown: 5" in page.inner_text("#summary")
    page.fill("#search", "")
    page.select_option("#filter", "abstained")
    assert shown(page) == ["new"]
    page.select_option("#filter", "outdated")
    assert "current" not in shown(page)
    assert len(shown(page)) == PEOPLE + 1
    assert "forecast of the past: 2 Feb 2026" in page.locator(".people tr").last.inner_text()
    assert page.evaluate("sessionStorage.getItem('api-key')") == key
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    assert all(url.startswith(f"{base}/") for url in requests)


def test_a_wrong_key_shows_no_participant(open_page: Open, clinic: tuple[str, str]) -> None:
    page = open_page("/staff", base=clinic[0])
    page.fill("#key", "nonsense")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=does not accept this key")
    assert shown(page) == []


def test_one_person_is_shown_with_reasons_and_days(open_page: Open, clinic: tuple[str, str]) -> None:
    page = open_page("/staff", base=clinic[0])
    enter(page, clinic[1])
    page.focus(".people .link")
    page.keyboard.press("Enter")
    page.wait_for_selector("#dialog .bars")
    assert page.locator("#dialog .strip .day").count() == 28
    assert page.locator("#dialog .bars li").count() > 0
    assert page.locator("#dialog button").count() == 2
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "link"


def test_a_long_list_is_shown_in_parts_and_searched_whole(open_page: Open, clinic: tuple[str, str]) -> None:
    """5,000 people, made of the answer for one: as many as a service may keep for a clinic."""
    page, asked = open_page("/staff", base=clinic[0]), []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        first = len(people) - 100 if "after" in route.request.url else 0
        end = first + 100 if first else len(people) - 100
        route.fulfill(json={"forecasts": people[first:end], "next": None if first else "next"})

    one = page.request.get(f"{clinic[0]}/forecasts", headers={"X-API-Key": clinic[1]}).json()["forecasts"][0]
    people = [one | {"participant_id": f"P-{k}"} for k in range(5000)]
    page.route("**/forecasts?*", answer)
    page.fill("#key", clinic[1])
    page.keyboard.press("Enter")
    page.wait_for_selector("text=5,000 people")
    assert len(asked) == 2
    assert shown(page) == [f"P-{k}" for k in range(100)]
    page.click("#more")
    assert shown(page) == [f"P-{k}" for k in range(300)]
    assert page.evaluate("document.activeElement.textContent") == "P-100"
    assert "4,700" in page.inner_text("#more")
    page.fill("#search", "P-4999")
    assert shown(page) == ["P-4999"]
    assert page.locator("#more").count() == 0


def test_the_sheet_of_one_person_is_the_page_of_the_service(open_page: Open, clinic: tuple[str, str]) -> None:
    base, key = clinic
    page = open_page("/staff", base=base)
    enter(page, key)
    page.click("text=P-3")
    page.click("#sheet")
    with page.expect_download() as saved:
        page.click("#sheet-save")
    assert page.frame_locator("iframe.sheet").locator("h1").inner_text() == "P-3"
    expected = page.request.get(f"{base}/sheet/P-3", headers={"X-API-Key": key}).body()
    assert Path(saved.value.path()).read_bytes() == expected


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_is_accessible_and_fits_a_phone(open_page: Open, clinic: tuple[str, str], scheme: str) -> None:
    page = open_page("/staff", base=clinic[0], color_scheme=scheme)
    page.wait_for_selector("#key")
    all_violations = violations(page)
    enter(page, clinic[1])
    all_violations += violations(page)
    for language in ("en", "de", "es", "fr"):
        page.select_option("#language-choice", language)
        assert overflow(page) == 0, language
    page.click(".people .link")
    page.wait_for_selector("#dialog .bars")
    assert all_violations + violations(page) == []
