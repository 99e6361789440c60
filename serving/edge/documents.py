"""What a browser needs to predict as the service does: the contract, and each champion as data.

Not here: the folder that they are written to (`serving.edge.folder`), the code that reads them (`serving/page/edge`).
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from migraine_assets.core.features.daily import Quantity
from migraine_assets.core.features.operations import Feature
from migraine_assets.core.features.plan import Recipe
from migraine_assets.errors import BundleRefused
from migraine_assets.prediction.loaded import LoadedModel
from serving.model.explanations import description_of, permutations
from serving.wording.reason_forms import reason_forms

# The operations that `serving/page/edge/features.js` computes, with their versions.
DAY_OPERATIONS = frozenset(("count_present", "share_present", "capped_product", "mean_score"))
OPERATIONS = frozenset(
    ("today", "product", "square", "weekend", "last", "total", "count", "mean", "deviation", "days_since", "streak")
    + ("change", "fall", "shortfall", "shrunk_mean")
)
VERSION = 1


def model_document(model: LoadedModel, *, file: str, least_history_days: int) -> dict[str, Any]:
    """The champion `model` as JSON values. `file`: the address of its graph in the folder.

    Raises `BundleRefused` for features that a browser cannot compute.
    """
    manifest, recipe = model.manifest, model.recipe.plan.recipe
    if not manifest.horizon:
        raise BundleRefused(f"Bundle {model.bundle.hash[:12]} is for tables without history: it forecasts no diary.")
    if manifest.outcome.own_rate_days is not None:
        raise BundleRefused(f"Bundle {model.bundle.hash[:12]} predicts something else than an attack on one day.")
    _check(recipe, model.bundle.hash)
    identity = msgspec.to_builtins(model.identities["champion"])
    return {
        "task": manifest.task,
        "file": file,
        "horizon": manifest.horizon,
        "identity": identity,
        "output": manifest.output,
        "recipe": recipe_document(recipe),
        "names": list(model.names),
        "inputs": model.inputs.tolist(),
        "past": model.recipe.past.tolist(),
        "needed_days": max(model.least_days, least_history_days) if model.least_days else 0,
        "row": _numbers(model.row),
        "fences": [
            {"input": int(index), "field": field, "low": float(low), "high": float(high)}
            for index, field, low, high in zip(model.fenced, model.fenced_fields, model.low, model.high, strict=True)
        ],
        "fields_of": [list(model.fields_of[name]) for name in model.names],
        "fields": {
            item.name: {"kind": item.kind, "description": description_of(item)} for item in model.contract.fields
        },
        "forms": reason_forms(model.contract.fields),
        "used": [item.name for item in recipe.fields if item.column in model.used],
        "threshold": model.threshold,
        "band": msgspec.to_builtins(model.band),
        "scale": {
            "low": manifest.outcome.low,
            "high": manifest.outcome.high,
            "kind": manifest.outcome.kind,
            "half_width": manifest.conformal.quantile if manifest.conformal else None,
        },
        "orders": _orders(model),
        "simulated": model.simulated,
    }


def recipe_document(recipe: Recipe) -> Mapping[str, Any]:
    """The recipe without what only people read."""
    content = msgspec.to_builtins(recipe)
    for part in (*content["quantities"], *content["features"], *content["cleaning"]["contradictions"]):
        del part["description"]
    fields = ("name", "kind", "role", "encoding")
    content["fields"] = [{name: item[name] for name in fields} for item in content["fields"]]
    return content  # type: ignore[no-any-return]


def _orders(model: LoadedModel) -> list[list[list[int]]]:
    """The permutations of an explanation with 1, 2, ... players."""
    players = {field for fields in model.fields_of.values() for field in fields}
    rows = model.manifest.explanation_rows
    return [permutations(size, rows=rows).tolist() for size in range(1, len(players) + 1)]


def _numbers(row: np.ndarray[Any, Any]) -> list[float | None]:
    return [None if math.isnan(value) else value for value in row.tolist()]


def _check(recipe: Recipe, bundle: str) -> None:
    every: tuple[Quantity | Feature, ...] = (*recipe.quantities, *recipe.features)
    computed = DAY_OPERATIONS | OPERATIONS
    parts = [part for part in every if part.operation not in computed or part.version != VERSION]
    if parts:
        names = ", ".join(f"{part.operation} (version {part.version})" for part in parts)
        raise BundleRefused(f"Bundle {bundle[:12]} cannot be computed in a browser, which lacks: {names}.")
