import datetime

import numpy as np
import pyarrow as pa
import pytest

from migraine_assets.core.contract import BY_NAME
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.columns.coercion import Coerced, Style, coerce, constant
from migraine_assets.sources.columns.mapping import Column

STYLE = Style("diary.csv")


def read(name: str, cells: list | pa.Array, *, style: Style = STYLE, **how: object) -> Coerced:
    array = cells if isinstance(cells, pa.Array) else pa.array(cells, pa.string())
    return coerce(Column(BY_NAME[name], name, **how), array, style)  # type: ignore[arg-type]


def test_a_clean_column_and_a_dirty_one_give_the_same_numbers() -> None:
    clean = read("sleep_hours", ["7", "", "6.5"])
    dirty = read("sleep_hours", [" 7 ", "N/A", "6,5"])
    np.testing.assert_array_equal(clean.values, [7, np.nan, 6.5])
    np.testing.assert_array_equal(dirty.values, clean.values)
    assert clean.problems == dirty.problems == {}


@pytest.mark.parametrize("null", ["", " ", "NA", "n/a", "NULL", "NaN", "-", "None", "missing", "."])
@pytest.mark.parametrize("name", ["sleep_hours", "yawning", "date", "sex", "participant_id"])
def test_every_spelling_of_null_is_null_in_every_kind(null: str, name: str) -> None:
    good = {"date": "2020-01-01", "sex": "F"}.get(name, "1")
    column = read(name, [null, good])
    assert column.problems == {}
    nothing = name == "yawning" and null == "None"
    assert [value is None or value != value for value in column.values] == [not nothing, False]
    assert not nothing or column.values[0] == 0


@pytest.mark.parametrize(("name", "cell", "sentence"), [
    ("sleep_hours", "seven", "sleep_hours='seven' is not a number"),
    ("sleep_hours", "inf", "sleep_hours='inf' is not a number"),
    ("yawning", "perhaps", "yawning='perhaps' is not 0 or 1, yes or no"),
    ("date", "31/31/2020", "date='31/31/2020' is not a date"),
    ("age", "x" * 90, "age='" + "x" * 37 + "...' is not a number"),
])  # fmt: skip
def test_an_unreadable_cell_is_null_and_reported(name: str, cell: str, sentence: str) -> None:
    good = "2020-01-01" if name == "date" else "1"
    column = read(name, [good, cell])
    assert column.problems == {1: sentence}
    assert np.isnan(column.values[1]) or np.isnat(column.values[1])


def test_values_out_of_bounds_are_read_as_they_are() -> None:
    assert read("sleep_hours", ["99"]).values.tolist() == [99]
    assert read("yawning", ["2"]).values.tolist() == [2]
    assert read("sex", ["x", "f"]).values.tolist() == ["x", "F"]


@pytest.mark.parametrize(("name", "cell"), [("sleep_hours", "good"), ("yawning", "rarely"), ("date", "43831"),
                                            ("sex", "3"), ("migraine_type", "G43")])  # fmt: skip
def test_a_column_without_readable_cells_is_refused(name: str, cell: str) -> None:
    with pytest.raises(
        DataRefused, match=rf"none of the 10 cells of column '{name}' is .* for {name}.*mapping"
    ) as refused:
        read(name, [cell] * 10 + [None])
    assert f"'{cell}'" not in str(refused.value), "the message is kept in the event log and quotes no cell"
    assert len(read(name, [cell] * 9).values) == 9


def test_recoding_comes_before_everything_else() -> None:
    column = read("yawning", ["none", "often", "", "1"], recode={"none": "0", "often": "1", "": "0"})
    assert column.values.tolist() == [0, 1, 0, 1]
    np.testing.assert_array_equal(read("age", pa.array([99.0, 30.0]), recode={"99": "null"}).values, [np.nan, 30])


def test_recoded_values_are_not_converted() -> None:
    assert read("duration_h", ["short", "60"], recode={"short": "1"}, scale=1 / 60).values.tolist() == [1, 1]


@pytest.mark.parametrize("cells", [["60", "90"], ["60 ", "90"]])
def test_scale_and_offset_apply_to_numbers_and_text(cells: list[str]) -> None:
    assert read("duration_h", cells, scale=0.5, offset=1).values.tolist() == [31, 46]


@pytest.mark.parametrize(("name", "value"), [("yawning", "often"), ("sex", "X"), ("age", "old"), ("date", "soon")])
def test_an_impossible_value_in_a_mapping_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} the value '{value}'"):
        constant(Column(BY_NAME[name], name), value)


def test_identifiers_are_text_and_whole_numbers_lose_their_point() -> None:
    assert read("participant_id", ["007", " a "]).values.tolist() == ["007", "a"]
    assert read("participant_id", pa.array([7.0, None])).values.tolist() == ["7", None]
    assert read("participant_id", pa.array([7, 8])).values.tolist() == ["7", "8"]


@pytest.mark.parametrize("cells", [
    pa.array([datetime.date(2020, 1, 2), None]),
    pa.array([datetime.datetime(2020, 1, 2, 23, 59), None], pa.timestamp("us")),
    pa.array([datetime.datetime(2020, 1, 2, 20, tzinfo=datetime.UTC), None], pa.timestamp("us", "UTC")),
    pa.array(["2020-01-02", None]),
])  # fmt: skip
def test_dates_of_every_type_are_days(cells: pa.Array) -> None:
    column = read("date", cells)
    assert column.values.dtype == "datetime64[ns]"
    assert column.values[0] == np.datetime64("2020-01-02")
    assert np.isnat(column.values[1])


def test_a_local_evening_stays_on_its_day() -> None:
    night = datetime.datetime(2020, 1, 3, 2, tzinfo=datetime.UTC)
    column = read("date", pa.array([night], pa.timestamp("us", "America/New_York")))
    assert column.values[0] == np.datetime64("2020-01-02")


@pytest.mark.parametrize("cells", [pa.array([True, False, None]), pa.array([1, 0, None], pa.int8()),
                                   pa.array(["true", "FALSE", None]), pa.array(["1.0", "0", ""])])  # fmt: skip
def test_flags_of_every_type_are_zero_and_one(cells: pa.Array) -> None:
    np.testing.assert_array_equal(read("yawning", cells).values, [1, 0, np.nan])


def test_an_all_null_parquet_column_is_null() -> None:
    for name in ("age", "yawning", "date", "sex", "participant_id"):
        column = read(name, pa.nulls(3))
        assert all(value is None or value != value for value in column.values)


def test_nested_columns_are_refused() -> None:
    with pytest.raises(DataRefused, match="column 'age' contains list"):
        read("age", pa.array([[1], [2]]))


def test_a_date_column_with_a_format_or_as_a_day_index() -> None:
    stated = read("date", ["03/04/20", "2020-04-03"], format="%d/%m/%y")
    assert stated.values[0] == np.datetime64("2020-04-03")
    assert stated.problems == {1: "date='2020-04-03' is not a date"}
    index = read("date", pa.array([0, 31]), epoch=datetime.date(2020, 1, 1))
    assert index.values.tolist() == [np.datetime64(day, "ns").astype(int) for day in ("2020-01-01", "2020-02-01")]
