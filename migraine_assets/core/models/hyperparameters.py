"""Hyperparameters: validation of names and values, and the ranges of a random search.

Not here: the models and their defaults (`core.models.catalogue`), the search (`core.models.tuning`).
"""

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from migraine_assets.errors import ConfigurationError

Value = int | float | str
Params = dict[str, Value]


@dataclass(frozen=True)
class Range:
    """The search range of one hyperparameter: uniform from `low` to `high`, on a log scale if `log`."""

    name: str
    low: float
    high: float
    log: bool = True
    integer: bool = False

    def draw(self, random: np.random.Generator) -> float | int:
        """Draw one value. Floats are rounded to three significant digits, so that trials are easy to repeat."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        position = random.uniform(low, high)
        value = math.exp(position) if self.log else position
        return round(value) if self.integer else float(f"{value:.3g}")


def resolve(model: str, defaults: Mapping[str, Value], overrides: Mapping[str, object]) -> Params:
    """Return `defaults` updated with `overrides`.

    Raises `ConfigurationError` for a name that `model` does not have, and for a value with another type than the
    default or outside its domain.
    """
    refuse_unknown(f"The model '{model}' has no hyperparameter", overrides, defaults)
    return {
        name: _checked(model, name, overrides[name], default) if name in overrides else default
        for name, default in defaults.items()
    }


def refuse_unknown(sentence: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raise `ConfigurationError` for the first of `names` that is not in `known`, and suggest the nearest one."""
    valid = list(known)
    for name in names:
        if name not in valid:
            near = difflib.get_close_matches(str(name), valid, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else f"it takes {', '.join(sorted(valid))}."
            raise ConfigurationError(f"{sentence} '{name}': {hint}")


def _checked(model: str, name: str, value: object, default: Value) -> Value:
    if isinstance(default, str):
        kind, fits = "text", isinstance(value, str)
    elif isinstance(default, int):
        kind, fits = "a whole number of at least 1", _is_number(value) and value >= 1 and value == int(value)
    else:
        kind, fits = "a number of at least 0", _is_number(value) and value >= 0
    if not fits:
        raise ConfigurationError(f"The hyperparameter '{name}' of '{model}' is {value!r}; it must be {kind}.")
    convert: Callable[[Any], Value] = type(default)
    return convert(value)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
