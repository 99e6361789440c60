import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.date_columns import decide_order
from migraine_assets.sources.columns.dates import parse_date, parse_day_index, parse_with_format

DAY = (datetime.date(2020, 4, 3) - datetime.date(1970, 1, 1)).days


@pytest.mark.parametrize("cell", [
    "2020-04-03", "2020/04/03", "2020.4.3", "20200403", "2020-04-03T23:59:59Z", "2020-04-03 08:30",
    "03.04.2020",
    "3. 4. 2020", "3 Apr 2020", "03-Apr-2020", "3. April 2020", "Apr 3, 2020", "April 3 2020",
    "2020-04-03T23:59:59.123+09:00",
])  # fmt: skip
def test_unambiguous_forms_are_read_as_written(cell: str) -> None:
    assert parse_date(cell, None) == DAY


@pytest.mark.parametrize("cell", [
    "31/31/2020", "2020-02-30", "2020-13-01", "yesterday", "24-01-09", "43831", "2020", "3 Foo 2020",
    "0001-01-01",
    "2020-04-03x", "03-04/2020",
])  # fmt: skip
def test_text_that_is_not_a_date_is_none(cell: str) -> None:
    assert parse_date(cell, "day first") is None


def test_a_slashed_date_is_read_in_the_order_of_its_column() -> None:
    assert parse_date("03/04/2020", "day first") == DAY
    assert parse_date("04/03/2020", "month first") == DAY
    assert parse_date("03/04/2020", None) is None


@settings(max_examples=30)
@given(st.lists(st.dates(datetime.date(1980, 1, 1), datetime.date(2100, 1, 1)), min_size=1, max_size=20),
       st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y"]))  # fmt: skip
def test_a_column_that_determines_its_order_is_read_correctly(days: list[datetime.date], form: str) -> None:
    days = [*days, datetime.date(2020, 5, 25)]
    cells = [day.strftime(form) for day in days]
    order = decide_order(cells, column="date")
    assert [parse_date(cell, order) for cell in cells] == [(day - datetime.date(1970, 1, 1)).days for day in days]


def test_an_ambiguous_column_is_refused_with_the_remedy() -> None:
    with pytest.raises(DataRefused, match=r"'Day' may be day first or month first\. State the format"):
        decide_order(["03/04/2020", "05/06/2020"], column="Day")


def test_a_contradictory_column_is_refused() -> None:
    with pytest.raises(DataRefused, match="mixes day-first and month-first"):
        decide_order(["13/04/2020", "04/13/2020"], column="date")


def test_one_deviating_date_does_not_change_the_order() -> None:
    assert decide_order(["13/04/2020"] * 40 + ["04/13/2020"], column="date") == "day first"


def test_impossible_and_isolated_dates_do_not_determine_the_order() -> None:
    assert decide_order(["2020-04-03", "31/31/2020"], column="date") is None
    assert decide_order([f"2020-04-{day:02}" for day in range(1, 31)] + ["03/04/2020"], column="date") is None


def test_other_formats_need_no_order() -> None:
    assert decide_order(["2020-04-03", "03.04.2020", "x"], column="date") is None


def test_an_explicit_format_is_used() -> None:
    assert parse_with_format("03/04/20", "%d/%m/%y") == DAY
    assert parse_with_format("2020-04-03", "%d/%m/%y") is None


def test_a_day_index_counts_from_its_epoch() -> None:
    epoch = datetime.date(2020, 4, 1)
    assert parse_day_index("2", epoch) == parse_day_index("2.0", epoch) == DAY
    assert [parse_day_index(cell, epoch) for cell in ("2.5", "x", "nan", "1e12")] == [None] * 4
    assert parse_day_index("-1", epoch) == DAY - 3
