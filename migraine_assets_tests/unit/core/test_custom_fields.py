from typing import Any

import pytest

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.custom_fields import CustomField, with_custom_fields
from migraine_assets.core.features.table import features_of, quantities_of
from migraine_assets.errors import ConfigurationError

HRV = CustomField(
    "number", "Heart rate variability.", unit="ms", low=0, high=300, features=("today", "mean_7d", "change")
)


def test_custom_fields_come_after_the_others_and_change_none_of_their_features() -> None:
    declared = {
        "hrv": HRV,
        "night_shift": CustomField("flag", "Worked at night."),
        "aura_now": CustomField("flag", "Aura.", "premonitory"),
    }
    contract = with_custom_fields(CONTRACT, declared)
    assert contract.fields[: len(CONTRACT.fields)] == CONTRACT.fields
    default = features_of(CONTRACT)
    assert features_of(contract)[: len(default)] == default
    assert [feature.name for feature in features_of(contract)[len(default) :]] == [
        "hrv", "hrv_mean_7d", "hrv_change", "night_shift", "aura_now",
    ]  # fmt: skip
    assert quantities_of(contract) == quantities_of(CONTRACT)


@pytest.mark.parametrize(
    ("name", "parts", "reason"),
    [
        ("sleep_hours", {"kind": "number"}, "has a field of that name"),
        ("aura", {"kind": "flag"}, "has a field of that name"),
        ("HRV", {"kind": "number"}, "lower-case"),
        ("source_row", {"kind": "number"}, "lower-case"),
        ("x", {"kind": "number", "low": 2, "high": 1}, "below the upper"),
        ("x", {"kind": "flag", "high": 2}, "Only a number"),
        ("x", {"kind": "category"}, "needs 'categories'"),
        ("x", {"kind": "number", "categories": {"a": 1}}, "needs 'categories'"),
        ("x", {"kind": "number", "features": ()}, "at least one feature"),
        ("x", {"kind": "number", "role": "static", "features": ("mean_7d",)}, "only feature is 'today'"),
    ],
)
def test_others_are_refused_with_the_reason(name: str, parts: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        with_custom_fields(CONTRACT, {name: CustomField(description="A field.", **parts)})


def test_a_name_for_the_predicted_day_is_not_for_another_field() -> None:
    declared = {"hrv": HRV, "hrv_ahead": HRV}
    with pytest.raises(ConfigurationError, match="value of the other field on the predicted day"):
        with_custom_fields(CONTRACT, declared)
