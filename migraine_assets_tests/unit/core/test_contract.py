"""The contract: its fields and columns, and copies with other bounds."""

import pytest

from migraine_assets.core.contract import CONTRACT, FIELDS, NAMES, Bounds, Contract, Field
from migraine_assets.errors import ConfigurationError


def test_names_are_unique_and_every_field_has_a_sentence() -> None:
    assert len(set(NAMES)) == len(FIELDS)
    assert all(field.description.endswith(".") for field in FIELDS)


def test_every_field_but_the_keys_has_one_column() -> None:
    assert len(CONTRACT.columns) == len(set(CONTRACT.columns)) == len(FIELDS) - 2
    assert CONTRACT.by_column["aura"].name == "migraine_type"


def test_a_category_without_an_encoding_has_no_column() -> None:
    contract = CONTRACT.updated((Field("phase", "category", "exposure", "A phase.", categories=("a", "b")),))
    assert "phase" in contract.names()
    assert "phase" not in contract.columns


def test_outcomes_and_what_they_cause_are_withheld() -> None:
    assert CONTRACT.withheld == {"migraine_occurrence", "migraine_severity", "duration_h", "medication"}


def test_new_bounds_change_the_named_field_alone() -> None:
    contract = CONTRACT.with_bounds({"hydration": Bounds(high=15), "age": Bounds(low=18, high=80)})
    assert (contract.by_name["hydration"].low, contract.by_name["hydration"].high) == (0, 15)
    assert (contract.by_name["age"].low, contract.by_name["age"].high) == (18, 80)
    changed = {new.name for new, old in zip(contract.fields, FIELDS, strict=True) if new != old}
    assert changed == {"hydration", "age"}
    assert CONTRACT.by_name["hydration"].high == 10


@pytest.mark.parametrize(
    ("name", "bounds", "sentence"),
    [
        ("hydratoin", Bounds(high=8), "Did you mean 'hydration'"),
        ("shoe_size_of_the_doctor", Bounds(high=8), "Fields with bounds: age"),
        ("yawning", Bounds(high=2), "no numeric field 'yawning'"),
        ("sex", Bounds(high=2), "no numeric field 'sex'"),
        ("hydration", Bounds(low=10), "must be below"),
        ("hydration", Bounds(low=5, high=4), "must be below"),
        ("air_quality", Bounds(high=1e12), "within"),
        ("hydration", Bounds(high=float("nan")), "must be below"),
    ],
)
def test_bounds_that_cannot_be_are_refused(name: str, bounds: Bounds, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        CONTRACT.with_bounds({name: bounds})


def test_updated_replaces_fields_by_name_and_adds_new_ones() -> None:
    wider = CONTRACT.with_bounds({"hydration": Bounds(high=15)}).by_name["hydration"]
    naps = Field("naps", "number", "exposure", "Naps.", "h", 0, 12)
    contract = CONTRACT.updated((naps, wider))
    assert contract.names() == (*NAMES, "naps")
    assert contract.by_name["hydration"].high == 15
    assert Contract(FIELDS).updated(()) == CONTRACT
