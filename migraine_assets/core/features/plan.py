"""Recipes of features as data, and plans, which are recipes compiled to functions.

A `Recipe` defines how accepted diary days become rows of features. Every model bundle contains one. Not here: the
recipe of this project (`core.features.table`), applying it to a diary (`core.features.engine`). This module needs only
NumPy.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from migraine_assets.core.contract import Contract, Field
from migraine_assets.core.diary.cleaning import Cleaning
from migraine_assets.core.features.daily import DAY_OPERATIONS, DayFunction, Quantity
from migraine_assets.core.features.operations import OPERATIONS, Feature, Function, Operation
from migraine_assets.core.features.windows import LOOK_BACK, Layout

_OPERATIONS = {(operation.name, operation.version): operation for operation in OPERATIONS}
_DAY_OPERATIONS = {(operation.name, operation.version): operation for operation in DAY_OPERATIONS}


@dataclass(frozen=True)
class Recipe:
    """Contract fields, cleaning rules, quantities of a day, and features in the order of the matrix."""

    fields: tuple[Field, ...]
    cleaning: Cleaning
    quantities: tuple[Quantity, ...]
    features: tuple[Feature, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the features."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def contract(self) -> Contract:
        """The fields as a contract."""
        return Contract(self.fields)

    @cached_property
    def version(self) -> str:
        """SHA-256 (hex) of the recipe."""
        content = asdict(self)
        for item in content["fields"]:
            del item["derived"]  # The recipe lists these features.
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @cached_property
    def columns_read(self) -> Mapping[str, tuple[str, ...]]:
        """The diary columns that each feature is computed from, without repetitions, by feature."""
        parts = {quantity.name: quantity.columns for quantity in self.quantities}
        return {
            feature.name: tuple(dict.fromkeys(c for name in feature.columns for c in parts.get(name, (name,))))
            for feature in self.features
        }

    @cached_property
    def inputs(self) -> Mapping[str, tuple[str, ...]]:
        """The contract fields that each feature is computed from, by feature."""
        fields = self.contract.by_column
        return {name: tuple(fields[column].name for column in columns) for name, columns in self.columns_read.items()}

    def narrowed(self, names: Iterable[str], *, also: Iterable[str] = ()) -> "Recipe":
        """Return a recipe with only the features `names`, in that order, and with what they need.

        `also`: further fields to keep. Raises `ValueError` for unknown features.
        """
        by_name = {feature.name: feature for feature in self.features}
        names = tuple(names)
        if unknown := [name for name in names if name not in by_name]:
            raise ValueError(f"No such feature: {', '.join(unknown)}.")
        features = tuple(by_name[name] for name in names)
        quantities = tuple(q for q in self.quantities if any(q.name in feature.columns for feature in features))
        read = {column for name in names for column in self.columns_read[name]}
        read |= {self.contract.by_name[name].column for name in also}
        cleaning = self.cleaning.narrowed(read)
        read |= cleaning.columns
        fields = tuple(item for item in self.fields if item.column in read)
        return replace(self, fields=fields, cleaning=cleaning, quantities=quantities, features=features)


@dataclass(frozen=True, eq=False)
class FeaturePlan:
    """A compiled recipe: a function for each feature, and the layout of days that the functions need."""

    recipe: Recipe
    functions: tuple[Function, ...]
    layout: Layout

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the features."""
        return self.recipe.names


def compile_recipe(recipe: Recipe) -> FeaturePlan:
    """Check `recipe` and bind its operations. Raises `ValueError` for a recipe that this version cannot compute."""
    _refuse_repeated("feature", recipe.names)
    _refuse_repeated("field or quantity", (*recipe.contract.columns, *(q.name for q in recipe.quantities)))
    quantities = {quantity.name: _day_function(quantity, recipe) for quantity in recipe.quantities}
    functions, spans, sums = [], dict[str, int](), set[int]()
    for feature in recipe.features:
        operation = _checked(feature, recipe)
        functions.append(operation.bind(feature))
        for column in feature.columns if operation.history else ():
            spans[column] = max(spans.get(column, 0), feature.window)
        sums |= {feature.window} if operation.sums else set()
    layout = Layout(spans, tuple(sorted(sums)), _withheld(recipe), quantities, _parts(recipe))
    return FeaturePlan(recipe, tuple(functions), layout)


def _withheld(recipe: Recipe) -> frozenset[str]:
    """Return the columns that a same-day prediction must not use, and the quantities that read one of them."""
    columns = recipe.contract.withheld
    return columns | {item.name for item in recipe.quantities if not columns.isdisjoint(item.columns)}


def _parts(recipe: Recipe) -> dict[str, tuple[str, ...]]:
    return {quantity.name: quantity.columns for quantity in recipe.quantities}


def _day_function(quantity: Quantity, recipe: Recipe) -> DayFunction:
    operation = _operation(quantity, _DAY_OPERATIONS, "quantity")
    number = len(quantity.columns)
    if number != (operation.columns or max(number, 1)):
        raise ValueError(
            f"The quantity '{quantity.name}' has {number} columns; '{operation.name}' requires a different number."
        )
    _check_parameters(quantity, operation.parameters_of(quantity), "quantity")
    _check_columns(quantity, recipe.contract.columns, "quantity")
    function: DayFunction = operation.bind(quantity)
    return function


def _checked(feature: Feature, recipe: Recipe) -> Operation:
    operation: Operation = _operation(feature, _OPERATIONS, "feature")
    if len(feature.columns) != operation.columns:
        raise ValueError(f"The feature '{feature.name}' must have {operation.columns} columns for '{operation.name}'.")
    if not (2 <= feature.window <= LOOK_BACK if operation.history else feature.window == 1):
        days = f"from 2 to {LOOK_BACK} days" if operation.history else "of 1 day"
        raise ValueError(f"The feature '{feature.name}' must have a window {days} for '{operation.name}'.")
    _check_parameters(feature, operation.parameters, "feature")
    known = ("date",) if operation.name == "weekend" else (*recipe.contract.columns, *_parts(recipe))
    _check_columns(feature, known, "feature")
    return operation


def _operation(item: Any, operations: Mapping[tuple[str, int], Any], kind: str) -> Any:
    operation = operations.get((item.operation, item.version))
    if operation is None:
        raise ValueError(
            f"The {kind} '{item.name}' needs the operation '{item.operation}' (version {item.version}), "
            "which this version does not have."
        )
    return operation


def _check_parameters(item: Feature | Quantity, names: Iterable[str], kind: str) -> None:
    if set(item.parameters) != set(names):
        raise ValueError(f"The {kind} '{item.name}' must have the parameters {', '.join(names) or 'none'}.")


def _check_columns(item: Feature | Quantity, known: Iterable[str], kind: str) -> None:
    if unknown := [column for column in item.columns if column not in known]:
        raise ValueError(f"The {kind} '{item.name}' reads {', '.join(unknown)}, which no field of the contract fills.")


def _refuse_repeated(kind: str, names: tuple[str, ...]) -> None:
    if len(set(names)) != len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"Each {kind} needs a unique name; repeated: {', '.join(repeated)}.")
