"""Definitions of an attack: their attack days, the errors for invalid ones, and their descriptions."""

import numpy as np
import pytest

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.custom_fields import CustomField, with_custom_fields
from migraine_assets.core.diary.cleaning import DEFAULT
from migraine_assets.core.features.engine import compute, compute_last, select
from migraine_assets.core.features.labels import attack_days
from migraine_assets.core.features.outcome import (
    AttackDefinition,
    OutcomeDefinition,
    checked,
    described,
    with_outcome,
)
from migraine_assets.core.features.plan import compile_recipe
from migraine_assets.core.features.table import default_recipe, recipe_of
from migraine_assets.errors import ConfigurationError
from migraine_assets_tests.unit.core.diaries import part, person, random_diary

NAN = np.nan
OWN = with_custom_fields(
    CONTRACT,
    {
        "headache_level": CustomField("number", "Level.", low=0, high=4, features=("today",)),
        "kind": CustomField("category", "Kind.", role="outcome", categories={"none": 0, "mild": 1, "migraine": 2}),
    },
)
SEVERE = AttackDefinition("migraine_severity", at_least=5.0)


def days(definition: AttackDefinition, **columns: list[float | None]) -> list[float]:
    rows = len(next(iter(columns.values())))
    values = attack_days(person(range(rows), **columns), definition, fields=OWN)
    return [None if np.isnan(value) else value for value in values]  # type: ignore[misc]


def test_a_day_without_an_attack_has_no_severe_one_and_an_attack_of_unknown_severity_is_unknown() -> None:
    attacks = days(SEVERE, migraine_occurrence=[0, 1, 1, 1, None], migraine_severity=[None, 5, 4, None, None])
    assert attacks == [0, 1, 0, None, None]


def test_the_values_of_another_field_may_decide() -> None:
    assert days(AttackDefinition("headache_level", at_least=2.0), headache_level=[1, 2, None, 4]) == [0, 1, None, 1]
    assert days(AttackDefinition("headache_level", values=(2.0, 3.0)), headache_level=[1, 2, None, 4]) == [
        0,
        1,
        None,
        0,
    ]
    assert days(AttackDefinition("kind", values=("migraine",)), kind=[0, 2, None, 1]) == [0, 1, None, 0]
    assert days(AttackDefinition("neck_pain"), neck_pain=[0, 1, None]) == [0, 1, None]


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        (AttackDefinition("headache_levl", at_least=1.0), "did you mean headache_level"),
        (AttackDefinition("headache_level"), "state at_least or values"),
        (AttackDefinition("headache_level", 2.0, (3.0,)), "exclude each other"),
        (AttackDefinition("headache_level", 9.0), "outside of its bounds, 0 to 4"),
        (AttackDefinition("headache_level", 0.0), "every day would have an attack"),
        (AttackDefinition("kind"), "which of none, mild, migraine"),
        (AttackDefinition("kind", values=("sever",)), "names 'sever'.*categories are none, mild, migraine"),
        (AttackDefinition("neck_pain", 1.0), "it is a flag"),
        (AttackDefinition("sex"), "does not change from day to day"),
        (AttackDefinition("date"), "does not change from day to day"),
    ],
)
def test_a_definition_that_no_diary_can_have_is_refused_with_the_remedy(
    definition: AttackDefinition, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        checked(definition, OWN)


def test_the_default_definition_changes_no_feature() -> None:
    assert recipe_of(with_outcome(CONTRACT, AttackDefinition()), DEFAULT, AttackDefinition()) == default_recipe()


def test_the_features_of_past_attacks_count_what_the_definition_counts() -> None:
    plan = compile_recipe(recipe_of(with_outcome(CONTRACT, SEVERE), DEFAULT, SEVERE))
    diary = person([0, 1, 2, 3], migraine_occurrence=[1, 1, 0, 1], migraine_severity=[8, 2, None, 6])
    rows = compute(diary, horizon=1, plan=plan)[:, select(["attacks_28d", "observed_28d", "attack_last"], plan=plan)]
    assert rows.tolist() == [[1, 1, 1], [1, 2, 0], [1, 3, 0], [2, 4, 1]]


@pytest.mark.parametrize("horizon", [0, 1])
@pytest.mark.parametrize("definition", [SEVERE, AttackDefinition("neck_pain")])
def test_the_row_online_is_the_row_of_the_batch_and_knows_no_outcome_of_its_own_day(
    definition: AttackDefinition, horizon: int
) -> None:
    plan = compile_recipe(recipe_of(with_outcome(CONTRACT, definition), DEFAULT, definition))
    diary = random_diary(people=1, days=50, seed=3)
    table = compute(diary, horizon=horizon, plan=plan)
    for row in (0, 7, len(diary) - 1):
        alone = compute_last(part(diary, slice(0, row + 1)), horizon=horizon, plan=plan)
        np.testing.assert_array_equal(alone, table[row])
    today = table[:, select(["attack_today"], plan=plan)]
    assert np.isnan(today).all() == (horizon == 0)


def test_the_outcome_in_words() -> None:
    assert described(OutcomeDefinition(), horizon=1) == "An attack on the next day."
    onset = AttackDefinition("migraine_severity", 5.0, (), 2)
    assert described(OutcomeDefinition(onset, "any"), horizon=3) == (
        "An attack with migraine_severity of at least 5, after at least 2 days without one, on any of the next 3 days."
    )
    kinds = OutcomeDefinition(AttackDefinition("kind", values=("mild", "migraine")))
    assert described(kinds, horizon=2) == "A day with kind = mild or migraine on the day 2 days later."
