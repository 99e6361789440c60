"""The sheet for a doctor on the page at `/` in a real browser: shown with its style, printed on A4, saved."""

import re
from pathlib import Path

import pytest

from migraine_assets_tests.platform.browser.conftest import Open
from migraine_assets_tests.platform.browser.test_page import load_sample, overflow, violations

pytestmark = pytest.mark.slow


def test_the_own_diary_becomes_a_sheet_that_prints(open_page: Open, service: str) -> None:
    page = open_page("/")
    load_sample(page)
    sent = []
    page.context.on("request", lambda request: sent.append(request))
    page.click("#sheet")
    frame = page.frame_locator("iframe.sheet")
    assert frame.locator("h1").inner_text() == "Headache diary"
    # A blocked style sheet would leave the default of 8px.
    assert frame.locator("body").evaluate("body => getComputedStyle(body).fontVariantNumeric") == "tabular-nums"
    (request,) = sent
    assert (request.method, request.url) == ("POST", f"{service}/sheet")
    assert "participant_id" not in (request.post_data or "")
    assert violations(page) == []
    assert overflow(page) == 0
    page.evaluate(
        "() => { window.printed = 0;"
        " document.querySelector('iframe').contentWindow.print = () => { window.printed += 1; }; }"
    )
    page.click("#sheet-print")
    assert page.evaluate("window.printed") == 1
    page.click("#dialog button >> text=Close")
    assert page.evaluate("document.activeElement.id") == "sheet"
    page.wait_for_selector("#dialog:not(.paper)", state="attached")


def test_a_saved_sheet_stands_alone_and_is_one_page(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/")
    load_sample(page)
    page.click("#sheet")
    with page.expect_download() as saved:
        page.click("#sheet-save")
    assert saved.value.suggested_filename == "sheet.html"
    saved.value.save_as(tmp_path / "sheet.html")
    alone = page.context.new_page()
    alone.goto((tmp_path / "sheet.html").as_uri())
    assert alone.evaluate("getComputedStyle(document.body).fontVariantNumeric") == "tabular-nums"
    content = alone.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 1


def test_without_the_service_the_sheet_says_so(open_page: Open) -> None:
    page = open_page("/")
    load_sample(page)
    page.context.set_offline(True)
    page.click("#sheet")
    page.wait_for_selector("#dialog [role=alert]")
    page.context.set_offline(False)
    page.click("#dialog [role=alert] button")
    page.wait_for_selector("iframe.sheet")
