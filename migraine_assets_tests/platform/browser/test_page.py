"""The page at `/` in a real browser: sample, import, form, calendar, keyboard, phone, dark, offline, erasing."""

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from migraine_assets.core.contract import NAMES
from migraine_assets.sources.registry import read_source
from migraine_assets.stores.bundles.provenance import BundleProvenance, add_provenance
from migraine_assets_tests.platform.browser.conftest import Open, days_of, write
from migraine_assets_tests.unit.serving.trained import fresh_store, running, trained
from serving.access import api_keys

pytestmark = pytest.mark.slow

# WCAG 2.2 A and AA.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def days_up_to_today(count: int) -> list[str]:
    return [(dt.date.today() - dt.timedelta(days=count - 1 - k)).isoformat() for k in range(count)]


def violations(page: Page) -> list[str]:
    results = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in results]


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def choose(page: Page, path: Path) -> None:
    """Choose a file to import, and wait for what the page says about it."""
    page.wait_for_selector("#start_import")
    page.set_input_files("#file", path)
    page.wait_for_selector("#dialog[open]")


def load_sample(page: Page) -> dict[str, Any]:
    """Load the sample diary. Returns the answer of the service."""
    with page.expect_response("**/predict") as answered:
        page.click("#start_sample")
    page.wait_for_selector("#headline")
    return answered.value.json()


def test_a_sample_diary_is_forecast_and_only_the_service_is_asked(open_page: Open, service: str) -> None:
    page = open_page("/")
    requests: list[Any] = []
    page.context.on("request", lambda request: requests.append(request))
    page.reload()
    answer = load_sample(page)
    shown = page.locator(".dot.filled").count()
    assert shown == round(20 * answer["attack"]["probability"])
    assert str(answer["attack"]["base_rate"]["observed_days"]) in page.inner_text("#forecast-content")
    assert page.locator("#days-content .day").count() == 28
    assert (
        page.locator("#calendar-content .day.attack").count() >= page.locator("#days-content .day.attack").count() > 0
    )
    assert page.locator(".bars li").count() == 5
    sent = [request for request in requests if request.method == "POST"]
    body = json.loads(sent[0].post_data)
    assert [request.url for request in sent] == [f"{service}/predict"]
    assert body["explain"] is True
    assert len(body["entries"]) <= 29
    assert {name for entry in body["entries"] for name in entry} <= set(NAMES)
    assert "participant_id" not in body
    assert all(request.url.startswith(f"{service}/") for request in requests)


def test_a_file_is_checked_against_the_contract_and_imported(open_page: Open, tmp_path: Path) -> None:
    lines = ["patient;Datum;date;sleep hours;stress_level;migraine;severity;gender;note"]
    for k, day in enumerate(days_up_to_today(12)):
        german = dt.date.fromisoformat(day).strftime("%d.%m.%Y")
        sleep = "99" if k == 3 else "6,5"
        lines += [f'ann;x;{german};{sleep};{k % 10 + 1};{int(k % 4 == 0)};{7 if k % 4 == 0 else ""};1;"a;b"']
        lines += [f"bob;x;{german};8;2;0;;0;"]
    page = open_page("/")
    choose(page, write(tmp_path, "export.csv", "\r\n".join(lines)))
    text = page.inner_text("#dialog")
    assert "2 people" in text
    assert "Columns with other names (2)" in text
    assert "Row 8: Sleep: allowed is 0 to 24 hours." in text
    page.select_option("#import-person", "ann")
    assert "12 days" in page.inner_text("#dialog")
    assert "3 with an attack" in page.inner_text("#dialog")
    with page.expect_response("**/predict") as answered:
        page.click("#dialog .primary")
    page.wait_for_selector("#headline")
    stored = days_of(page)
    assert list(stored) == days_up_to_today(12)
    assert stored[days_up_to_today(12)[0]] == {
        "sleep_hours": 6.5, "stress_level": 1, "migraine_occurrence": 1, "migraine_severity": 7
    }  # fmt: skip
    assert "sleep_hours" not in stored[days_up_to_today(12)[3]]
    assert json.loads(answered.value.request.post_data)["sex"] == "F"
    usual = answered.value.json()["attack"]["base_rate"]
    assert (usual["attacks"], usual["observed_days"]) == (3, 12)


def test_a_person_says_what_the_columns_of_an_app_mean(open_page: Open, tmp_path: Path) -> None:
    rows = [f"{day},{'ja' if k % 3 == 0 else 'nein'},{6 + k % 3}" for k, day in enumerate(days_up_to_today(9))]
    page = open_page("/")
    choose(page, write(tmp_path, "app.csv", "\n".join(["Tag,Kopfschmerz,Schlaf,Notiz", *rows])))
    assert "no column “date”" in page.inner_text("#dialog")
    page.select_option("#meaning-0", "date")
    page.select_option("#meaning-1", "migraine_occurrence")
    page.focus("#meaning-2")
    page.select_option("#meaning-2", "sleep_hours")
    assert page.evaluate("document.activeElement.id") == "meaning-2"
    assert "9 days" in page.inner_text("#dialog")
    assert "left out: Notiz." in page.inner_text("#dialog")
    page.click("#dialog .primary")
    page.wait_for_selector("#headline")
    assert days_of(page)[days_up_to_today(9)[0]] == {"migraine_occurrence": 1, "sleep_hours": 6}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.csv", "day;sleep\n1;2\n", "no column “date”"),
        ("b.csv", "date,sleep_hours\n3/4/2026,7\n5/6/2026,7\n", "day/month or as month/day"),
        ("c.json", "{", "cannot be read"),
        ("d.csv", "date,sleep_hours\nnever,7\n2999-01-01,7\n", "no day that can be used"),
    ],
)
def test_a_file_that_cannot_be_imported_says_why(
    open_page: Open, tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    page = open_page("/")
    choose(page, write(tmp_path, name, text))
    assert sentence in page.inner_text("#dialog")
    page.keyboard.press("Escape")
    assert page.locator("#start").is_visible()


def test_a_day_is_entered_with_the_keyboard_alone(open_page: Open) -> None:
    page = open_page("/", has_touch=False)
    page.wait_for_selector("#start_today")

    def tab_to(selector: str) -> None:
        for _ in range(80):
            if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"The focus never reaches {selector}.")

    tab_to("#start_today")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "day"
    tab_to("input[name=migraine_occurrence]")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    tab_to("#field-migraine_severity")
    page.keyboard.type("6")
    # Two groups further.
    tab_to("details:nth-of-type(2) summary")
    page.keyboard.press("Enter")
    tab_to("#field-sleep_hours")
    page.keyboard.type("30")
    page.keyboard.press("Enter")
    assert page.inner_text(".problems") == "Sleep: allowed is 0 to 24 hours."
    assert page.evaluate("document.activeElement.id") == "field-sleep_hours"
    page.keyboard.press("Control+A")
    page.keyboard.type("6.5")
    page.keyboard.press("Enter")
    page.wait_for_selector("#headline")
    assert page.inner_text("#headline") == "No forecast yet"
    assert "So far there are 1" in page.inner_text("#forecast-content")
    [(day, values)] = days_of(page).items()
    assert day == dt.date.today().isoformat()
    assert values == {"migraine_occurrence": 1, "migraine_severity": 6, "sleep_hours": 6.5}
    assert page.evaluate("document.activeElement.id") == "forecast-title"


def test_the_form_has_every_field_of_the_contract_with_its_unit_and_sentence(open_page: Open) -> None:
    page = open_page("/")
    page.wait_for_selector("#day-form")
    contract = page.request.get(page.url + "contract").json()
    fields = [field for field in contract["fields"] if field["role"] != "key"]
    assert {each.get_attribute("data-field") for each in page.query_selector_all("[data-field]")} == {
        field["name"] for field in fields
    }
    for field in fields:
        assert page.locator(f"#field-{field['name']}-help").text_content().startswith(field["description"])
    assert page.locator("#field-weather_pressure-help").text_content().endswith("870 to 1,085 hPa.")
    assert page.locator("#day-form input[type=radio][value='']:checked").count() == len(
        [field for field in fields if field["kind"] == "flag"]
    )


def test_what_is_missing_leads_to_its_field(open_page: Open, tmp_path: Path) -> None:
    rows = [f"{day},{int(k % 3 == 0)}" for k, day in enumerate(days_up_to_today(10))]
    page = open_page("/")
    choose(page, write(tmp_path, "diary.csv", "\n".join(["date,migraine_occurrence", *rows])))
    page.click("#dialog .primary")
    page.wait_for_selector(".missing button")
    page.locator(".missing button").first.click()
    assert page.evaluate("document.activeElement.id").startswith("field-")
    assert page.input_value("#day") == days_up_to_today(1)[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_and_fits_a_phone_in_every_language(open_page: Open, scheme: str) -> None:
    page = open_page("/", color_scheme=scheme)
    page.wait_for_selector("#start_sample")
    start = violations(page)
    load_sample(page)
    page.evaluate("for (const group of document.querySelectorAll('details')) group.open = true")
    assert start + violations(page) == []
    wide = {}
    for language in ("en", "de", "es", "fr"):
        page.select_option("#language-choice", language)
        wide[language] = overflow(page)
        assert page.evaluate("document.documentElement.lang") == language
    assert wide == dict.fromkeys(wide, 0)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in background[4:-1].split(","))
    assert brightness > 600 if scheme == "light" else brightness < 120


def test_another_tab_that_erases_leaves_no_diary_in_this_one(open_page: Open) -> None:
    page = open_page("/")
    load_sample(page)
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#headline")
    other.click("#erase")
    other.click("#erase-confirmed")
    other.wait_for_selector("#start_sample")
    page.wait_for_selector("#start_sample")
    assert page.evaluate("indexedDB.databases()") == []


def test_a_simulated_model_is_named_as_such(open_page: Open, tmp_path: Path) -> None:
    store, names = fresh_store(tmp_path), trained()[1]
    for name in ("attack", "severity"):
        add_provenance(store, names[name], BundleProvenance(simulated=True))
    with running(store, tmp_path) as (client, _):
        page = open_page("/", base=str(client.base_url))
        page.wait_for_selector("#banner.simulated")
        load_sample(page)
        assert "made-up diaries" in page.inner_text("#banner")


def test_it_speaks_the_language_of_the_browser(open_page: Open) -> None:
    page = open_page("/", locale="de-DE")
    with page.expect_request("**/predict") as request:
        page.click("#start_sample")
    page.wait_for_selector("#headline")
    assert page.inner_text("#headline").endswith("solchen Tagen folgt eine Attacke.")
    assert request.value.headers["accept-language"] == "de"
    assert "das geschätzte Risiko" in page.locator(".bars li").first.inner_text()
    page.select_option("#language-choice", "fr")
    page.wait_for_selector(".bars li >> text=le risque estimé")
    assert page.locator(".bars li >> text=das geschätzte Risiko").count() == 0


def test_it_works_without_a_connection_after_the_first_visit(open_page: Open) -> None:
    page = open_page("/")
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    page.reload()
    assert page.evaluate("navigator.serviceWorker.controller !== null")
    load_sample(page)
    headline = page.inner_text("#headline")
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("#headline")
    assert page.inner_text("#headline") == headline
    assert "No connection" in page.inner_text("#forecast-content")
    page.click("#form-content .primary")
    page.wait_for_selector("#forecast-title:focus")
    page.context.set_offline(False)
    page.wait_for_selector("#forecast-content .note [role=alert]", state="detached")
    assert page.inner_text("#headline") == headline


def test_an_export_is_imported_again_and_erasing_leaves_nothing(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/")
    load_sample(page)
    stored = days_of(page)
    exports = {}
    for kind in ("csv", "json"):
        with page.expect_download() as downloaded:
            page.click(f"#export_{kind}")
        exports[kind] = tmp_path / f"export.{kind}"
        downloaded.value.save_as(exports[kind])
    rows = list(csv.DictReader(io.StringIO(exports["csv"].read_text())))
    assert [row["date"] for row in rows] == sorted(stored)
    assert list(rows[0]) == list(NAMES)
    assert float(rows[0]["sleep_hours"]) == stored[rows[0]["date"]]["sleep_hours"]
    delivery = read_source(str(exports["csv"]), mapping=None, options={}, landing=None)
    assert len(delivery.frame) == len(stored)
    assert delivery.frame["migraine_occurrence"].sum() == sum(day["migraine_occurrence"] for day in stored.values())
    for path in exports.values():
        page.click("#erase")
        page.click("#erase-confirmed")
        page.wait_for_selector("#start_sample")
        assert page.evaluate("indexedDB.databases()") == []
        choose(page, path)
        page.click("#dialog .primary")
        page.wait_for_selector("#headline")
        assert days_of(page) == stored


def test_where_the_service_asks_for_a_key_the_page_does_and_says_why_it_is_refused(
    open_page: Open, tmp_path: Path
) -> None:
    store = fresh_store(tmp_path)
    key, _ = api_keys.create(store, "page", now=dt.datetime.now(dt.UTC))
    with running(store, tmp_path, api_keys_required=True, rate_limit=0.01, rate_burst=3) as (client, _services):
        page = open_page("/", base=str(client.base_url))
        page.fill("#key", key[:-1] + ("x" if key[-1] != "x" else "y"))
        page.keyboard.press("Enter")
        page.wait_for_selector("text=does not accept this key")
        page.fill("#key", key)
        page.keyboard.press("Enter")
        load_sample(page)
        assert page.evaluate("Object.values(localStorage)") == []
        assert page.evaluate("sessionStorage.getItem('api-key')") == key
        for _ in range(2):
            page.click("#form-content .primary")
            page.wait_for_selector("#forecast-title:focus")
        page.wait_for_selector("text=Too many requests. Try again in ")
        assert page.locator("#headline").is_visible()
        page.click("#erase")
        page.click("#erase-confirmed")
        page.wait_for_selector("text=Everything was erased")
        assert page.evaluate("sessionStorage.length") == 0
