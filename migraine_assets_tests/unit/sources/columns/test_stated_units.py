import pytest

from migraine_assets.core.contract import BY_NAME
from migraine_assets.core.diary.units import UNITS
from migraine_assets.sources.columns.stated_units import known_units, scale_of, split_header


@pytest.mark.parametrize(("field", "unit", "value", "expected"), [
    ("duration_h", "min", 90, 1.5), ("duration_h", "seconds", 3600, 1), ("sleep_hours", "Minutes", 480, 8),
    ("weather_pressure", "mmHg", 760, 1013.25), ("weather_pressure", "inHg", 29.92, 1013.2),
    ("weather_pressure", "kPa", 101.325, 1013.25), ("temperature_change", "F", 9, 5), ("hydration", "ml",
    1500, 1.5),
    ("humidity", "fraction", 0.4, 40), ("age", "months", 480, 40),
])  # fmt: skip
def test_values_are_converted_to_contract_units(field: str, unit: str, value: float, expected: float) -> None:
    scale = scale_of(BY_NAME[field], unit)
    assert scale is not None
    assert value * scale == pytest.approx(expected, rel=1e-4)


def test_a_unit_of_another_quantity_is_unknown() -> None:
    assert scale_of(BY_NAME["duration_h"], "mmHg") is None
    assert scale_of(BY_NAME["stress_level"], "min") is None


def test_spellings_of_units_are_unambiguous() -> None:
    spelled = [(unit.target, spelling.casefold()) for unit in UNITS for spelling in unit.spellings]
    assert len(spelled) == len(set(spelled))


def test_every_target_is_a_unit_of_the_contract() -> None:
    assert {unit.target for unit in UNITS} <= {field.unit for field in BY_NAME.values()}
    assert known_units(BY_NAME["duration_h"]) == ("h", "min", "s", "d")


@pytest.mark.parametrize(("name", "parts"), [
    ("Sleep hours (min)", ("Sleep hours", "min")), ("pressure[hPa]", ("pressure", "hPa")), ("age", ("age",
    None)),
])  # fmt: skip
def test_brackets_in_a_header_are_its_unit(name: str, parts: tuple[str, str | None]) -> None:
    assert split_header(name) == parts
