import pytest

from migraine_assets.core.contract import BY_NAME
from migraine_assets.sources.columns.cells import Notation, decide_notation, flag, number, quantity


@pytest.mark.parametrize(("cell", "comma", "value"), [
    ("7", False, 7), ("-7.5", False, -7.5), ("1e2", False, 100), ("7,5", True, 7.5), ("7,5", False, 7.5),
    ("1,013", True, 1.013), ("1.013", True, 1013), ("1.013", False, 1.013),
    ("\u22124,1", True, -4.1),
    ("1 013.2", False, 1013.2), ("1\u2019013.2", False, 1013.2), ("1 2", False, None),
    ("1.0.3", False, None), ("1,013", False, None), ("1,013.25", False, 1013.25), ("1.013,25", True, 1013.25),
    ("seven", False, None), ("inf", False, None), ("1_000", False, None), ("7 h", False, None), ("",
    False, None),
    ("1,2,3", True, None), ("0x10", False, None),
])  # fmt: skip
def test_numbers_are_read_without_guessing(cell: str, comma: bool, value: float | None) -> None:
    assert number(cell, Notation(",", ".") if comma else Notation()) == value


@pytest.mark.parametrize(("cell", "value"), [
    ("yes", 1), ("NO", 0), ("True", 1), ("f", 0), ("1", 1), ("0.0", 0), ("1.0", 1), ("2", 2), ("maybe", None),
])  # fmt: skip
def test_flags_are_words_or_numbers_and_bounds_are_checked_later(cell: str, value: float | None) -> None:
    assert flag(cell, Notation()) == value


@pytest.mark.parametrize(("cells", "comma_file", "notation"), [
    (["6,3", "7,5", "12"], False, Notation(",", ".")),
    (["6.3", "1,013.2"], False, Notation(".", ",")),
    (["1.600", "950"], True, Notation(",", ".")),
    (["1.600", "950"], False, Notation(".", None)),
    (["1.600", "6.3"], True, Notation(".", ",")),
    (["6,3", "6.3"], False, Notation(None)),
    (["1,013"], False, Notation(".", None)),
    (["0.125", "0.500"], True, Notation(".", ",")),
    ([], False, Notation()),
])  # fmt: skip
def test_a_column_decides_on_its_marks_as_a_whole(cells: list[str], comma_file: bool, notation: Notation) -> None:
    assert decide_notation(cells, comma_file=comma_file) == notation


@pytest.mark.parametrize(("field", "cell", "value", "form"), [
    ("sleep_hours", "6.3 h", 6.3, "in h"), ("sleep_hours", "90min", 1.5, "in min"),
    ("sleep_hours", "6:18", 6.3, "h:mm"),
    ("sleep_hours", "6:18:36", 6.31, "h:mm"), ("sleep_hours", "7h 12min", 7.2, "hours and minutes"),
    ("sleep_hours", "7 Std. 30 Min.", 7.5, "hours and minutes"), ("sleep_hours", "8h", 8, "hours and minutes"),
    ("humidity", "73 %", 73, "in %"), ("weather_pressure", "29.92 inHg", 1013.2, "in inHg"),
    ("stress_level", "3/10", 3, "of 10"), ("migraine_severity", "7,5/10", 7.5, "of 10"),
])  # fmt: skip
def test_a_cell_may_hold_its_unit(field: str, cell: str, value: float, form: str) -> None:
    reading = quantity(cell, BY_NAME[field], Notation())
    assert reading is not None
    assert reading[0] == pytest.approx(value, abs=0.05)
    assert reading[1] == form


@pytest.mark.parametrize(("field", "cell"), [
    ("sleep_hours", "6:75"), ("sleep_hours", "6 kg"), ("sleep_hours", "about 6 h"), ("humidity", "6:18"),
    ("stress_level", "3/5"), ("hydration", "3/10"), ("stress_level", "3 of 10"),
])  # fmt: skip
def test_other_text_is_no_quantity(field: str, cell: str) -> None:
    assert quantity(cell, BY_NAME[field], Notation()) is None
