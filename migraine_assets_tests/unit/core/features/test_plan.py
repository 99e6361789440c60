"""Recipes are checked, compiled, narrowed and computed, even if the source lacks some of their fields."""

from dataclasses import replace

import numpy as np
import pytest

from migraine_assets.core.contract import CONTRACT, SEVERITY, Field
from migraine_assets.core.diary.cleaning import Clip
from migraine_assets.core.features.daily import DAY_OPERATIONS, Quantity
from migraine_assets.core.features.engine import available, compute, compute_last, select
from migraine_assets.core.features.operations import OPERATIONS, Feature
from migraine_assets.core.features.outcome import AttackDefinition
from migraine_assets.core.features.plan import Recipe, compile_recipe
from migraine_assets.core.features.table import default_plan, default_recipe, quantities_of
from migraine_assets_tests.unit.core.diaries import person, random_diary

NAPS = Field("naps", "number", "exposure", "Naps of the day.", "h", 0, 12)


def recipe(*features: Feature, quantities: tuple[Quantity, ...] = ()) -> Recipe:
    base = default_recipe()
    fields = CONTRACT.updated((NAPS,)).fields
    return replace(base, fields=fields, features=features, quantities=(*base.quantities, *quantities))


def feature(**changes: object) -> Feature:
    return replace(Feature("naps_mean", "mean", ("naps",), 10, "Mean of naps."), **changes)  # type: ignore[arg-type]


def quantity(**changes: object) -> Quantity:
    plain = Quantity("naps_index", "capped_product", ("naps", "humidity"), "An index.", {"enough": 2.0, "best": 10.0})
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_every_operation_is_used_and_has_a_name_and_number_of_its_own() -> None:
    used = {(item.operation, item.version) for item in default_recipe().features}
    assert used == {(operation.name, operation.version) for operation in OPERATIONS}
    attacks = (AttackDefinition(SEVERITY, 5.0), AttackDefinition(SEVERITY, values=(5.0,)))
    quantities = [item for attack in attacks for item in quantities_of(CONTRACT, attack)]
    of_day = {(item.operation, item.version) for item in quantities}
    assert of_day == {(operation.name, operation.version) for operation in DAY_OPERATIONS}


def test_a_field_a_window_and_a_parameter_that_the_table_does_not_have_are_computed() -> None:
    """The table has no window of ten days; the online row still equals the batch row."""
    nap_features = (
        feature(),
        feature(name="naps_sum", operation="total", window=2),
        feature(name="naps_short", operation="shortfall", window=3, parameters={"target": 1.5}),
        feature(name="naps_none", operation="days_since", window=5, parameters={"value": 0.0}),
        feature(name="naps_index", operation="today", columns=("naps_index",), window=1),
    )
    plan = compile_recipe(recipe(*nap_features, quantities=(quantity(),)))
    diary = person(range(12), naps=[1, 2, 3, 0, 1, 1, 1, 1, 1, 1, 2, 4], humidity=[50] * 12)
    table = compute(diary, horizon=1, plan=plan)
    np.testing.assert_array_equal(table[-1], np.float32([(3 + 0 + 6 + 2 + 4) / 10, 6, 0, 5, 1.0 * 50 / 10]))
    np.testing.assert_array_equal(compute_last(diary, horizon=1, plan=plan).view(np.uint32), table[-1].view(np.uint32))
    assert available(diary, plan=plan) == plan.names
    assert select(["naps_none"], plan=plan).tolist() == [3]


def test_a_field_of_another_contract_can_be_an_outcome() -> None:
    """A same-day prediction then does not use it on the predicted day."""
    base = recipe(feature(name="naps", operation="today", window=1))
    outcome = replace(base, fields=CONTRACT.updated((replace(NAPS, role="outcome"),)).fields)
    diary = person([0], naps=[3])
    assert compute(diary, horizon=0, plan=compile_recipe(base))[0, 0] == 3
    assert np.isnan(compute(diary, horizon=0, plan=compile_recipe(outcome))[0, 0])


def test_a_narrowed_recipe_computes_the_same_bits() -> None:
    names = ("sleep_debt_7d", "trigger_index_mean_7d", "attacks_7d", "aura", "target_weekend")
    narrow = default_recipe().narrowed(names)
    diary = random_diary(people=3, days=50, seed=2)
    own = compute(diary, horizon=0, plan=compile_recipe(narrow))
    whole = compute(diary, horizon=0)[:, select(names)]
    np.testing.assert_array_equal(own.view(np.uint32), whole.view(np.uint32))
    assert [q.name for q in narrow.quantities] == ["trigger_index"]
    assert {"date", "migraine_type", "sleep_hours", "screen_time"} <= {field.name for field in narrow.fields}
    assert "hydration" not in {field.name for field in narrow.fields}


def test_a_narrowed_recipe_names_what_does_not_exist() -> None:
    with pytest.raises(ValueError, match=r"feature: shoe_size\."):
        default_recipe().narrowed(["age", "shoe_size"])


def test_the_version_changes_with_everything_that_changes_a_row() -> None:
    base = default_recipe()
    assert base.version == default_recipe().version
    first, *rest = base.features
    others = (
        replace(base, features=(replace(first, window=1, operation="square"), *rest)),
        replace(base, cleaning=replace(base.cleaning, clips=(Clip("hydration", None, 5.0),))),
        replace(base, fields=CONTRACT.updated((replace(CONTRACT.by_name["hydration"], high=8.0),)).fields),
    )
    assert len({base.version, *(other.version for other in others)}) == 4


def test_the_plan_of_the_table_is_compiled_once() -> None:
    assert default_plan() is default_plan()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (feature(operation="median"), r"operation 'median' \(version 1\), which this version does not have"),
        (feature(version=2), r"operation 'mean' \(version 2\)"),
        (feature(window=29), "from 2 to 28 days"),
        (feature(window=1), "from 2 to 28 days"),
        (feature(operation="today"), "of 1 day"),
        (feature(columns=("naps", "age")), "must have 1 columns"),
        (feature(columns=("moon",)), "reads moon, which no field"),
        (feature(columns=("date",)), "reads date, which no field"),
        (feature(parameters={"value": 1.0}), "must have the parameters none"),
        (feature(operation="shrunk_mean", parameters={"prior": 1.0}), "must have the parameters prior, weight"),
        (feature(operation="weekend", window=1), "reads naps"),
    ],
)
def test_a_feature_that_cannot_be_computed_is_refused_in_a_sentence(wrong: Feature, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        compile_recipe(recipe(wrong))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (quantity(operation="magic"), "operation 'magic'"),
        (quantity(columns=("naps",)), "has 1 columns"),
        (quantity(operation="count_present", columns=(), parameters={}), "has 0 columns"),
        (quantity(columns=("naps", "moon")), "reads moon"),
        (quantity(columns=("naps", "trigger_count")), "reads trigger_count"),
        (quantity(parameters={}), "must have the parameters enough, best"),
        (quantity(operation="mean_score", parameters={"naps": 1.0}), "must have the parameters naps, humidity"),
        (quantity(operation="mean_score", parameters={"naps": 1.0, "humidity": 0.0}), "is 0"),
        (quantity(name="humidity"), "repeated: humidity"),
    ],
)
def test_a_quantity_that_cannot_be_computed_is_refused_in_a_sentence(wrong: Quantity, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        compile_recipe(recipe(feature(), quantities=(wrong,)))


def test_a_repeated_name_is_refused() -> None:
    with pytest.raises(ValueError, match="repeated: naps_mean"):
        compile_recipe(recipe(feature(), feature()))
