"""The monitoring page: its verdict first, drifted features before unchanged ones, trends only if there are any."""

import datetime as dt
from pathlib import Path

import pytest

from migraine_assets.report.monitoring_page import monitoring_page
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.monitoring_results import write_task_result
from migraine_assets_tests.unit.report.markup import parse

NOW = dt.datetime(2026, 3, 5, 1, tzinfo=dt.UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def _page(store: Store, day: int) -> str:
    content = monitoring_page(store, dt.date(2026, 3, day), run="r", now=NOW)
    parse(content)
    return content.decode()


def test_the_verdict_comes_before_everything_else(store: Store) -> None:
    write_task_result(store, "drift", "drift", day=dt.date(2026, 3, 1), now=NOW, bundle="b")
    page = _page(store, 1)
    assert page.index("drift since") < page.index('id="verdicts"')
    assert 'class="summary warning"' in page


def test_one_day_is_no_trend(store: Store) -> None:
    write_task_result(store, "drift", "none", day=dt.date(2026, 3, 1), now=NOW, bundle="b")
    assert 'id="trends"' not in _page(store, 1)
    assert 'href="#trends"' not in _page(store, 1)
    write_task_result(store, "drift", "none", day=dt.date(2026, 3, 2), now=NOW, bundle="b")
    assert 'id="trends"' in _page(store, 2)


def test_an_empty_store_has_a_page_that_says_so(store: Store) -> None:
    page = _page(store, 1)
    assert "There is too little data for a verdict." in page
    assert "<details>" not in page
