"""How a served model turns diary days into features: its recipe, compiled once for all models that share it.

Everything comes from the manifest; the service adds only the features that its answers need (`PAST`). Not here:
applying the recipe (`prediction.history_features`), the rest of a model (`prediction.loaded`).
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, CONTRACT
from migraine_assets.core.diary.cleaning import Cleaner, Floats
from migraine_assets.core.features.engine import select
from migraine_assets.core.features.plan import FeaturePlan, Recipe, compile_recipe
from migraine_assets.core.features.table import default_recipe
from migraine_assets.stores.bundles.manifest import Manifest

# Known days of the last 28. They decide whether a model abstains.
HISTORY = "observed_28d"
# The past of a participant in answers: attacks and known days of the last 28, and the personal rate.
PAST = ("attacks_28d", HISTORY, "personal_rate")


@dataclass(frozen=True, eq=False)
class BoundCleaner:
    """The cleaning rules for one order of columns.

    `rows` intp[r]: the rows that any rule reads or changes; only these are copied. `reported` intp[k]: the rows whose
    changes are reported to the client: all but those of outcomes.
    """

    cleaner: Cleaner
    rows: NDArray[np.intp]
    reported: NDArray[np.intp]

    def clean(self, days: Floats) -> Floats:
        """Return the cleaned values of `rows`, float64[r, n], for `days` float64[columns, n]."""
        return self.cleaner.clean(days[self.rows])

    def changed(self, days: Floats, cleaned: Floats) -> NDArray[np.bool_]:
        """Return where the result of `clean` differs from a reported value of `days`, bool[k, n]."""
        submitted = days[self.reported]
        after = cleaned[np.searchsorted(self.rows, self.reported)]
        differs: NDArray[np.bool_] = (submitted != after) & (submitted == submitted)
        return differs


@dataclass(frozen=True, eq=False)
class ModelRecipe:
    """A compiled recipe. `past` intp[3]: the columns of `PAST` in the plan; `known_days`: the column of `HISTORY`."""

    plan: FeaturePlan
    past: NDArray[np.intp]
    known_days: int

    def cleaner(self, columns: tuple[str, ...]) -> BoundCleaner:
        """Return the cleaning rules for days whose value rows are `columns`."""
        return _bound(self, columns)


def model_recipe(manifest: Manifest) -> ModelRecipe:
    """Return the compiled recipe of `manifest`: the same object for all manifests that compute the same.

    Raises `ValueError` for a feature that this version cannot compute.
    """
    recipe = manifest.recipe
    # Fields that no feature reads, such as the outcome of the task, must not make two recipes differ.
    return _compiled(msgspec.json.encode(_with_past(recipe.narrowed(recipe.names)), order="sorted"))


@lru_cache(maxsize=64)
def _compiled(content: bytes) -> ModelRecipe:
    plan = compile_recipe(msgspec.json.decode(content, type=Recipe))
    past = select(PAST, plan=plan)
    return ModelRecipe(plan, past, int(past[PAST.index(HISTORY)]))


def _with_past(recipe: Recipe) -> Recipe:
    missing = tuple(item for item in default_recipe().features if item.name in PAST and item.name not in recipe.names)
    if not missing:
        return recipe
    known = ATTACK in recipe.contract.by_name
    fields = recipe.fields if known else (*recipe.fields, CONTRACT.by_name[ATTACK])
    return replace(recipe, fields=fields, features=(*recipe.features, *missing))


@lru_cache(maxsize=256)
def _bound(recipe: ModelRecipe, columns: tuple[str, ...]) -> BoundCleaner:
    rules, fields = recipe.plan.recipe.cleaning, recipe.plan.recipe.contract.by_column
    rows = [row for row, name in enumerate(columns) if name in rules.columns]
    cleaner = Cleaner(rules, [columns[row] for row in rows])
    reported = [columns.index(name) for name in cleaner.changing if fields[name].role != "outcome"]
    return BoundCleaner(cleaner, np.array(rows, dtype=np.intp), np.array(reported, dtype=np.intp))
