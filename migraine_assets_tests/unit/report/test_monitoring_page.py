"""The monitoring page: its verdict first, what moved before what did not, trends only where there are some."""

import datetime as dt
from pathlib import Path

import pytest

from migraine_assets.report.monitoring_page import VerdictRow, conclusion, monitoring_page
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.monitoring_results import write_task_result
from migraine_assets_tests.unit.report.markup import parse

NOW = dt.datetime(2026, 3, 5, 1, tzinfo=dt.UTC)
SINCE = dt.date(2026, 3, 2)
QUIET = VerdictRow("Features and outputs", task="attack", status="no change", rows=900)
DRIFT = VerdictRow("Features and outputs", "attack", "drift", alarms=True, reasons=("A.", "B."), since=SINCE, rows=900)
UNKNOWN = VerdictRow("Realized performance", task="attack", status="too little data", rows=3)


@pytest.mark.parametrize(
    ("rows", "sentences"),
    [
        ([UNKNOWN, DRIFT], ["features and outputs (attack): drift since 2026-03-02. A. B."]),
        ([QUIET], ["Nothing that matters has changed: features and outputs (attack)."]),
        (
            [QUIET, UNKNOWN],
            [
                "Nothing that matters has changed: features and outputs (attack). "
                "Too little data for: realized performance (attack)."
            ],
        ),
        ([UNKNOWN, VerdictRow("Quality of the day")], ["There is too little data for a verdict."]),
        (
            [QUIET, VerdictRow("Estimated performance", "attack", "suspected", rows=900)],
            ["Nothing has changed for certain. A change is suspected: estimated performance (attack)."],
        ),
    ],
)
def test_the_conclusion_names_alarms_first_and_claims_no_more_than_was_judged(
    rows: list[VerdictRow], sentences: list[str]
) -> None:
    assert list(conclusion(rows)) == sentences


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
