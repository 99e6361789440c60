import numpy as np
import pytest

from migraine_assets.core.contract import BY_NAME
from migraine_assets.core.diary.units import PLAUSIBLE_MEDIANS
from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.plausibility import Reading, read_as

RNG = np.random.default_rng(7)


def _read(name: str, center: float, spread: float) -> Reading:
    return read_as(BY_NAME[name], name, RNG.normal(center, spread, 500), "diary.csv")


@pytest.mark.parametrize(("name", "center", "spread"), [
    ("sleep_hours", 7, 1), ("hydration", 1.8, 0.5), ("weather_pressure", 1013, 8), ("humidity", 60, 10),
    ("age", 40, 8), ("screen_time", 5, 1), ("duration_h", 90, 15), ("temperature_change", 300, 5),
])  # fmt: skip
def test_a_column_that_fits_or_has_one_unit_only_is_read_as_it_is(name: str, center: float, spread: float) -> None:
    assert _read(name, center, spread) == Reading()


@pytest.mark.parametrize(("name", "center", "spread", "unit", "factor"), [
    ("sleep_hours", 420, 60, "min", 1 / 60), ("sleep_hours", 25_000, 3000, "s", 1 / 3600),
    ("hydration", 6, 1.5, "glasses", 0.25), ("hydration", 1800, 400, "ml", 0.001),
    ("weather_pressure", 29.9, 0.2, "inHg", 33.86389), ("weather_pressure", 760, 6, "mmHg", 1.333224),
    ("humidity", 0.6, 0.1, "fraction", 100), ("screen_time", 300, 60, "min", 1 / 60),
    ("duration_h", 480, 100, "min", 1 / 60), ("age", 480, 90, "months", 1 / 12),
])  # fmt: skip
def test_another_unit_is_found_and_told(name: str, center: float, spread: float, unit: str, factor: float) -> None:
    reading = _read(name, center, spread)
    assert (reading.unit, reading.factor) == (unit, factor)
    assert reading.note is not None
    assert f"was read as {unit}" in reading.note


@pytest.mark.parametrize(("name", "center"), [("hydration", 60), ("weather_pressure", 5), ("sleep_hours", 0.05)])
def test_a_unit_that_nothing_decides_is_asked_for_by_name(name: str, center: float) -> None:
    with pytest.raises(DataRefused, match=r"State its unit, for example one of .*unit: "):
        _read(name, center, 0.01)


def test_few_values_decide_nothing() -> None:
    assert read_as(BY_NAME["sleep_hours"], "x", np.full(19, 480.0), "diary.csv") == Reading()


def _rated(name: str, values: list[float]) -> Reading:
    return read_as(BY_NAME[name], name, np.array(values * 20), "diary.csv")


def test_a_scale_from_0_to_10_is_converted_and_told() -> None:
    reading = _rated("stress_level", [0, 3, 5, 8, 10])
    assert (reading.factor * 0 + reading.offset, reading.factor * 10 + reading.offset) == (1, 10)
    assert reading.note is not None
    assert "a scale from 0 to 10" in reading.note


@pytest.mark.parametrize(("name", "count", "scale"), [("stress_level", 100, "1-5"), ("migraine_severity", 30, "0-5")])
def test_a_scale_that_ends_early_is_asked_for_if_there_are_many_ratings(name: str, count: int, scale: str) -> None:
    ratings = np.resize([1.0, 2.0, 3.0, 4.0, 5.0], count)
    with pytest.raises(DataRefused, match=f"goes from 1 to 5, so its scale may be {scale} or .*unit: {scale}"):
        read_as(BY_NAME[name], name, ratings, "diary.csv")
    few = read_as(BY_NAME[name], name, ratings[:-1], "diary.csv")
    assert (few.factor, few.offset) == (1, 0)
    assert few.note is not None
    assert "unit: 1-5" in few.note


def test_a_code_for_unknown_is_no_scale() -> None:
    with pytest.raises(DataRefused, match=r'20 of its 220 values are 99.*recode: \{"99": null\}'):
        read_as(BY_NAME["stress_level"], "x", np.array([1.0, 5, 7, 10] * 50 + [99.0] * 20), "d.csv")


def test_a_rare_zero_on_a_scale_from_1_is_an_error_and_no_scale() -> None:
    assert read_as(BY_NAME["stress_level"], "x", np.array([1, 5, 7, 10] * 50 + [0.0]), "d.csv") == Reading()


@pytest.mark.parametrize(("values", "end"), [([0, 1, 2, 3], "0-3"), ([20, 50, 99], "0-100"), ([0, 2, 5], "0-5")])
def test_another_scale_is_asked_for(values: list[float], end: str) -> None:
    with pytest.raises(DataRefused, match=f"unit: {end}"):
        _rated("stress_level", values)


def test_every_plausible_median_is_of_a_field_and_within_its_bounds() -> None:
    for name, (low, high) in PLAUSIBLE_MEDIANS.items():
        field = BY_NAME[name]
        assert field.low is None or field.low <= low
        assert field.role == "outcome" or field.high is None or high <= field.high


def test_levels_with_a_plausible_median_are_no_litres() -> None:
    levels = np.linspace(0.5, 7.4, 500)
    assert np.median(levels) < PLAUSIBLE_MEDIANS["hydration"][1]
    assert read_as(BY_NAME["hydration"], "hydration", levels, "diary.csv").unit == "glasses"
    few = np.where(np.arange(500) < 60, 9.0, 0.8)
    with pytest.raises(DataRefused, match=r"has 12\.0 % of its values above 6, which is too many for hydration in l"):
        read_as(BY_NAME["hydration"], "hydration", few, "diary.csv")
