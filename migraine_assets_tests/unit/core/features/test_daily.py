import numpy as np
import pytest

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.features.table import default_plan, quantities_of

QUANTITIES = quantities_of(CONTRACT)
BY_NAME = {quantity.name: quantity for quantity in QUANTITIES}


def of_day(name: str, **fields: float | None) -> float:
    """Return the quantity of a single day; fields that are not named are null."""
    value = default_plan().layout.quantities[name](lambda field: np.array([fields.get(field)], dtype=np.float64))
    assert value.shape == (1,)
    return float(value[0])


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.name)
def test_a_day_on_which_nothing_was_asked_is_null(quantity):
    assert np.isnan(of_day(quantity.name))


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.name)
def test_nothing_that_an_attack_can_cause_goes_in(quantity):
    """A same-day prediction reads these fields of its own day, so an outcome among them would be a leak."""
    assert not set(quantity.columns) & CONTRACT.withheld


def test_the_drug_taken_for_an_attack_is_no_trigger():
    triggers = BY_NAME["trigger_count"].columns
    assert "medication" not in triggers
    assert {CONTRACT.by_name[name].role for name in triggers} == {"exposure"}


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("trigger_count", {"missed_meals": 1, "neck_pain": 0, "dehydration": 1}, 2),
        ("trigger_count", {"missed_meals": 0}, 0),
        ("trigger_index", {"missed_meals": 1, "neck_pain": 0, "dehydration": 0, "bright_light": 0}, 0.25),
        ("trigger_index", {"missed_meals": 1}, 1),
        ("premonitory_count", {"yawning": 1, "fatigue": 1}, 2),
        ("sleep_index", {"sleep_hours": 6, "sleep_quality": 5}, 0.375),
        ("sleep_index", {"sleep_hours": 12, "sleep_quality": 10}, 1),
        ("sleep_index", {"sleep_hours": 8}, np.nan),
        ("lifestyle_index", {"hydration": 1}, 0.5),
        ("lifestyle_index", {"hydration": 3, "exercise": 7}, 1),
        ("lifestyle_index", {"screen_time": 24, "caffeine_intake": 9, "alcohol_intake": 20}, 0),
        ("lifestyle_index", {"screen_time": 3, "caffeine_intake": 1.5, "alcohol_intake": 5}, (0.75 + 0.5) / 3),
    ],
)
def test_values_by_hand(name, fields, expected):
    np.testing.assert_equal(of_day(name, **fields), expected)
