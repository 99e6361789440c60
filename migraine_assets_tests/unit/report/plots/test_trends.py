"""Trends are valid, deterministic SVG, with a text alternative."""

import datetime as dt
import xml.etree.ElementTree as ElementTree

import pytest

from migraine_assets.report.plots.trends import Trend, trend_picture

DAY = dt.date(2026, 3, 1)


def trend(days: int, *, limit: float | None = None) -> Trend:
    points = tuple((DAY + dt.timedelta(days=k), 0.5 + k / 10) for k in range(days))
    return Trend("ROC-AUC", points, limit)


@pytest.mark.parametrize("days", [1, 2, 60])
def test_a_trend_is_well_formed_and_drawn_alike_each_time(days: int) -> None:
    picture = trend_picture(trend(days))
    ElementTree.fromstring(picture.svg)
    assert b"dc:date" not in picture.svg
    assert trend_picture(trend(days)).svg == picture.svg


def test_the_limit_is_one_more_line() -> None:
    without, with_limit = (trend_picture(trend(5, limit=limit)).svg for limit in (None, 1.0))
    assert (without.count(b"stroke-dasharray"), with_limit.count(b"stroke-dasharray")) == (0, 1)


def test_the_text_alternative_names_both_ends() -> None:
    assert trend(3).alt == "ROC-AUC: 0.5 on 2026-03-01, 0.7 on 2026-03-03."
