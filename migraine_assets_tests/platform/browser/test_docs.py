"""The API documentation at `/docs` in a real browser without internet."""

import datetime as dt
from pathlib import Path

import pytest

from migraine_assets_tests.platform.browser.conftest import Open
from migraine_assets_tests.unit.serving.trained import fresh_store, running
from serving.access import api_keys

pytestmark = pytest.mark.slow


def test_the_documentation_is_shown_without_internet_and_sends_the_entered_key(open_page: Open, tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    key, _ = api_keys.create(store, "developer", now=dt.datetime.now(dt.UTC))
    with running(store, tmp_path, api_keys_required=True) as (client, _services):
        base = str(client.base_url)
        page = open_page("/docs", base=base, viewport={"width": 1280, "height": 900})
        requests: list[str] = []
        page.context.on("request", lambda request: requests.append(request.url))
        page.reload()
        page.fill("#key", key)
        page.keyboard.press("Enter")
        page.wait_for_selector("#swagger .opblock")
        summaries = page.locator(".opblock-summary-path").all_inner_texts()
        assert "/predict" in [text.replace("\u200b", "") for text in summaries]
        page.click("#operations-default-predict .opblock-summary-control")
        page.click("#operations-default-predict .try-out__btn")
        page.click("#operations-default-predict .execute")
        answer = page.locator("#operations-default-predict .live-responses-table")
        answer.wait_for()
        assert "prediction_id" in answer.inner_text()
        assert [url for url in requests if not url.startswith((f"{base}/", "data:"))] == []
