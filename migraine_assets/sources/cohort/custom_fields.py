"""Values of custom fields in the cohort: plausible, different between participants, and unrelated to attacks.

They show that a declared field reaches every part of the platform, not that it predicts attacks. Not here: declaring
fields (`params.yaml`), their corruption (`sources.cohort.corruption`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import CONTRACT, Contract, Field
from migraine_assets.sources.cohort.rng import Floats, Ints, stream

# The share of days without a value, and the share of days on which a flag is set.
_EMPTY, _SET = 0.05, 0.3
# Standard deviations between participants and between days, as shares of the range of the field.
_BETWEEN, _WITHIN = 0.12, 0.08


def custom_fields(contract: Contract) -> tuple[Field, ...]:
    """Return the fields of `contract` that are not in the contract of the project."""
    return tuple(field for field in contract.fields if field.name not in CONTRACT.by_name)


def with_custom_fields(diary: pd.DataFrame, fields: Sequence[Field], *, seed: int) -> pd.DataFrame:
    """Return `diary` with a column for each of `fields`; its other columns do not depend on them."""
    person = pd.factorize(diary["participant_id"])[0].astype(np.int64)
    return diary.assign(**{field.name: _values(field, person, seed) for field in fields})


def _values(field: Field, person: Ints, seed: int) -> NDArray[Any]:
    rng = stream(seed, f"custom {field.name}")
    people = int(person.max()) + 1 if len(person) else 0
    # A static field has one value for all days of a participant.
    rows = person if field.role == "static" else np.arange(len(person))
    draws = people if field.role == "static" else len(person)
    empty = rng.random(draws)[rows] < _EMPTY
    if field.kind == "category":
        values: NDArray[Any] = np.array(field.categories, object)[rng.integers(len(field.categories), size=draws)][rows]
        values[empty] = None
        return values
    if field.kind == "flag":
        numbers = (rng.random(draws) < _SET).astype(np.float64)[rows]
    else:
        usual = rng.normal(0.0, _BETWEEN, people)[person]
        numbers = _scaled(field, usual + rng.normal(0.0, _WITHIN, draws)[rows])
    numbers[empty] = np.nan
    return numbers


def _scaled(field: Field, spans: Floats) -> Floats:
    """Convert distances from the middle, as shares of the range, to values in the unit and bounds of the field."""
    low = field.low if field.low is not None else 0.0 if field.high is None else field.high - 1.0
    high = field.high if field.high is not None else low + 1.0
    return np.clip(np.round((low + high) / 2 + spans * (high - low), 3), low, high)
