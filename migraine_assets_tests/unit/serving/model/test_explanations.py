"""Shapley values: they add up, agree with the exact ones, and are 0 for a field that changes nothing."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from migraine_assets.prediction.loaded import LoadedModel, load_model
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.trained import trained
from serving.model.explanations import SHOWN, explain, game_of, shapley


def served(name: str, task: str = "attack") -> LoadedModel:
    folder, names = trained()
    return load_model(Store(str(folder)), names[name], task=task)


def changed(model: LoadedModel, changes: dict[str, float]) -> NDArray[np.float32]:
    row = model.row.copy()
    for name, value in changes.items():
        row[model.manifest.names.index(name)] = value
    return row


@pytest.mark.parametrize(("name", "task"), [("attack", "attack"), ("attack_tree", "attack"), ("severity", "severity")])
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_contributions_add_up_to_the_prediction(name: str, task: str, seed: int) -> None:
    model, random = served(name, task), np.random.default_rng(seed)
    row = (random.normal(size=len(model.row)) * 5).astype(np.float32)
    row[random.random(len(row)) < 0.3] = np.nan
    prediction = float(model.bundle.predict(row[None])[0])
    known = frozenset(random.choice(sorted(model.contract.by_name), size=10).tolist())
    reasons = explain(model, row, prediction=prediction, known=known)
    total = reasons.reference + sum(item.contribution for item in reasons.contributions) + reasons.other
    assert total == pytest.approx(prediction, abs=1e-9)
    assert len(reasons.contributions) <= SHOWN
    assert reasons == explain(model, row, prediction=prediction, known=known)


def test_few_players_get_their_exact_shapley_values() -> None:
    model = served("attack_tree")
    row = changed(model, {"stress_level": 9, "sleep_hours": 3, "stress_x_sleep": 27, "neck_pain": 1, "fatigue": 1})
    game = game_of(model.names, row, model.row, fields_of=model.fields_of)
    size = len(game.players)
    assert set(game.players) == {"stress_level", "sleep_hours", "neck_pain", "fatigue"}

    def value(joined: frozenset[int]) -> float:
        known = np.array([all(k in joined for k in np.flatnonzero(needs)) for needs in game.needs])
        return float(model.bundle.predict(np.where(known, row, model.row)[None].astype(np.float32))[0])

    exact = [
        sum(
            math.factorial(len(s)) * math.factorial(size - len(s) - 1) / math.factorial(size)
            * (value(frozenset({*s, k})) - value(frozenset(s)))
            for length in range(size)
            for s in itertools.combinations([j for j in range(size) if j != k], length)
        )
        for k in range(size)
    ]  # fmt: skip
    ends = value(frozenset()), value(frozenset(range(size)))
    assert shapley(model, game, row, ends=ends) == pytest.approx(exact, abs=0.01)


def test_an_interaction_waits_for_all_its_fields() -> None:
    names = ("stress_level", "stress_x_sleep")
    fields_of = {"stress_level": ("stress_level",), "stress_x_sleep": ("stress_level", "sleep_hours")}
    game = game_of(names, np.array([9, 27], np.float32), np.array([3, 20], np.float32), fields_of=fields_of)
    assert game.players == ("sleep_hours", "stress_level")
    assert game.needs.tolist() == [[False, True], [True, True]]


def test_the_typical_day_itself_has_no_reasons() -> None:
    model = served("attack")
    prediction = float(model.bundle.predict(model.row[None])[0])
    reasons = explain(model, model.row, prediction=prediction)
    assert reasons.contributions == []
    assert reasons.other == 0


def test_a_field_that_was_not_given_is_marked() -> None:
    model = served("attack")
    row = changed(model, {"stress_level": 9, "sleep_hours": math.nan})
    prediction = float(model.bundle.predict(row[None])[0])
    reasons = explain(model, row, prediction=prediction, known=frozenset({"stress_level"}))
    assert {item.field: item.given for item in reasons.contributions} == {"stress_level": True, "sleep_hours": False}


@pytest.mark.parametrize("task", ["attack", "severity"])
def test_what_was_given_comes_first(task: str) -> None:
    """A missing field may have the largest effect, but the participant cannot act on that reason."""
    model = served(task, task)
    row = changed(model, {"stress_level": 5.01, "sleep_hours": math.nan})
    prediction = float(model.bundle.predict(row[None])[0])
    reasons = explain(model, row, prediction=prediction, known=frozenset({"stress_level"}))
    assert [item.given for item in reasons.contributions] == sorted(
        (i.given for i in reasons.contributions), reverse=True
    )
    nothing_given = explain(model, row, prediction=prediction)
    assert nothing_given.contributions == []
    assert nothing_given.other == pytest.approx(prediction - nothing_given.reference)
