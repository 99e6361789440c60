import pytest

from migraine_assets.sources.columns.cells import flag, number


@pytest.mark.parametrize(("cell", "comma", "value"), [
    ("7", False, 7), ("-7.5", False, -7.5), ("1e2", False, 100), ("7,5", True, 7.5), ("7,5", False, 7.5),
    ("1,013", True, 1.013), ("1,013", False, None), ("1,013.25", False, 1013.25), ("1.013,25", True, 1013.25),
    ("seven", False, None), ("inf", False, None), ("1_000", False, None), ("7 h", False, None), ("",
    False, None),
    ("1,2,3", True, None), ("0x10", False, None),
])  # fmt: skip
def test_numbers_are_read_without_guessing(cell: str, comma: bool, value: float | None) -> None:
    assert number(cell, decimal_comma=comma) == value


@pytest.mark.parametrize(("cell", "value"), [
    ("yes", 1), ("NO", 0), ("True", 1), ("f", 0), ("1", 1), ("0.0", 0), ("1.0", 1), ("2", 2), ("maybe", None),
])  # fmt: skip
def test_flags_are_words_or_numbers_and_bounds_are_checked_later(cell: str, value: float | None) -> None:
    assert flag(cell, decimal_comma=False) == value
