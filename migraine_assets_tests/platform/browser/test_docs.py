"""The API documentation at `/docs` in a real browser without internet."""

import pytest

from migraine_assets_tests.platform.browser.conftest import Open

pytestmark = pytest.mark.slow


def test_the_documentation_is_shown_without_internet(open_page: Open, service: str) -> None:
    page = open_page("/", viewport={"width": 1280, "height": 900})
    requests: list[str] = []
    page.context.on("request", lambda request: requests.append(request.url))
    page.goto(f"{service}/docs")
    page.wait_for_selector("#swagger .opblock")
    summaries = page.locator(".opblock-summary-path").all_inner_texts()
    assert "/predict" in [text.replace("\u200b", "") for text in summaries]
    page.click("#operations-default-predict .opblock-summary-control")
    page.click("#operations-default-predict .try-out__btn")
    page.click("#operations-default-predict .execute")
    page.wait_for_selector("#operations-default-predict .live-responses-table")
    assert "prediction_id" in page.inner_text("#operations-default-predict .live-responses-table")
    assert [url for url in requests if not url.startswith((f"{service}/", "data:"))] == []
