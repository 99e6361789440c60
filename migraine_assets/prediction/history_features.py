"""Features of the days to predict from, computed from the participants' histories by the recipe of each model.

Not here: checking days (`serving.input`), the recipe itself (`prediction.recipe`), running models
(`prediction.scoring`).
"""

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.diary.cleaning import Floats
from migraine_assets.core.features import engine
from migraine_assets.core.features.diary import Diary
from migraine_assets.prediction.histories import Histories
from migraine_assets.prediction.recipe import ModelRecipe

Rows = NDArray[np.float32]


class HistoryFeatures:
    """The features of `histories`, whose value rows are `columns`. Models that share a recipe share one computation."""

    def __init__(self, histories: Histories, columns: tuple[str, ...], *, horizon: int) -> None:
        self.histories, self.columns, self._horizon = histories, columns, horizon
        self._computed: dict[ModelRecipe, tuple[Floats, Rows]] = {}

    def of(self, recipe: ModelRecipe) -> Rows:
        """Return the features of each target row, float32[n, features] in the order of the plan."""
        return self._both(recipe)[1]

    def changed(self, recipe: ModelRecipe) -> NDArray[np.bool_]:
        """Return where the cleaning rules changed a reported value of a day, bool[reported, m]."""
        return recipe.cleaner(self.columns).changed(self.histories.values, self._both(recipe)[0])

    def _both(self, recipe: ModelRecipe) -> tuple[Floats, Rows]:
        computed = self._computed.get(recipe)
        if computed is None:
            cleaned = recipe.cleaner(self.columns).clean(self.histories.values)
            computed = self._computed[recipe] = cleaned, self._compute(recipe, cleaned)
        return computed

    def _compute(self, recipe: ModelRecipe, cleaned: Floats) -> Rows:
        histories, plan = self.histories, recipe.plan
        columns = {self.columns[row]: histories.values[row] for row in np.flatnonzero(histories.has_values).tolist()}
        for index, values in zip(recipe.cleaner(self.columns).rows.tolist(), cleaned, strict=True):
            if histories.has_values[index]:
                columns[self.columns[index]] = values
        if histories.single:
            row: Rows = engine.compute_day(histories.day, columns, horizon=self._horizon, plan=plan)[None]
            return row
        diary, targets = Diary(histories.person, histories.day, True, columns), histories.targets
        if np.array_equal(targets, np.arange(len(diary))):
            return engine.compute(diary, horizon=self._horizon, plan=plan)
        order = np.argsort(targets, kind="stable")
        rows = np.empty((len(targets), len(plan.functions)), dtype=np.float32)
        rows[order] = engine.compute(diary, horizon=self._horizon, plan=plan, rows=targets[order])
        return rows
