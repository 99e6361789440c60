"""Answers as columns of an Arrow table: for as many people as an answer of objects each would be too slow for.

Here belong the columns, which say what JSON's answers say. Not here: files (`table_files`), who asked (`tables`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.features import engine as features
from serving.api.compose import BANDS, band_limits, severity_missing
from serving.input.columns import limited
from serving.model.intervals import severity_ends
from serving.model.loaded import HISTORY
from serving.model.predictor import Predicted
from serving.model.scoring import Group
from serving.model.watcher import ModelSet

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_OBSERVED, _RATE = (features.NAMES.index(name) for name in (HISTORY, "personal_rate"))
_NUMBERS = (
    "probability", "threshold", "probability_low", "probability_high", "base_rate", "severity", "severity_low",
    "severity_high",
)  # fmt: skip


def answer_table(
    participants: list[str | None],
    errors: Mapping[int, str],
    models: ModelSet,
    found: Predicted | None,
    *,
    before: Floats,
    after: Floats,
) -> Any:
    """A row for each of `participants`: its error, or the next of what was `found` for those without one.

    `errors`: by place among the participants. `before` and `after` float64[columns, n]: the newest days of those
    without an error as they came, and as they were settled.
    """
    import pyarrow as pa

    count = len(participants)
    table = {} if found is None else _columns(models, found, before, after)
    if errors:
        wrong = np.zeros(count, dtype=np.bool_)
        wrong[list(errors)] = True
        # Where the answer of each row lies; rows with an error take none.
        place = pa.array(np.cumsum(~wrong) - 1, mask=wrong)
        table = {name: column.take(place) for name, column in table.items()}
        table["error"] = pa.array([errors.get(row) for row in range(count)], pa.string())
    table["participant_id"] = pa.array(participants, pa.string())
    schema = _schema()
    empty = {field.name: pa.nulls(count, field.type) for field in schema if field.name not in table}
    return pa.table({**empty, **table}, schema=schema)


def _columns(models: ModelSet, found: Predicted, before: Floats, after: Floats) -> dict[str, Any]:
    import pyarrow as pa

    attack, count = found.groups["attack"], len(found.ids)
    numbers = _numbers(found, count)
    abstained = np.isnan(numbers["probability"])
    bands = np.select(
        [numbers["probability"] >= limit for limit in band_limits(numbers["threshold"])], [3, 2, 1], default=0
    )
    return {
        **{name: pa.array(column, from_pandas=True) for name, column in numbers.items()},
        "prediction_id": pa.array(found.ids, pa.string()),
        "for_date": pa.array(found.for_days.astype(np.int32)).cast(pa.date32()),
        "abstained": pa.array(abstained),
        "risk_band": _words(bands, BANDS, missing=abstained),
        "warnings": _warnings(_warned(models, found, abstained, before, after)),
        "attack_bundle": _by_group(attack, [group.served.bundle.hash for group in attack], count),
        "arm": _by_group(attack, [group.arm for group in attack], count),
        **_severity_bundle(found, count),
    }


def _severity_bundle(found: Predicted, count: int) -> dict[str, Any]:
    groups = found.groups.get("severity")
    hashes = [group.served.bundle.hash for group in groups or ()]
    return {"severity_bundle": _by_group(groups, hashes, count)} if groups else {}


def _numbers(found: Predicted, count: int) -> dict[str, Floats]:
    """float64[count] each, NaN where there is no number."""
    columns = {name: np.full(count, np.nan) for name in _NUMBERS}
    for group in found.groups["attack"]:
        at, p = group.places, np.clip(group.outputs, 0, 1)
        columns["probability"][at] = p
        columns["threshold"][at] = np.where(np.isnan(p), np.nan, group.served.threshold)
        if group.served.band is not None:
            columns["probability_low"][at], columns["probability_high"][at] = group.served.band.ends(p)
    for group in found.groups.get("severity", ()):
        at = group.places
        columns["severity"][at] = group.outputs
        if ends := severity_ends(group.outputs, group.served.manifest):
            columns["severity_low"][at], columns["severity_high"][at] = ends
    known = (found.computed[:, _OBSERVED] > 0) & ~np.isnan(columns["probability"])
    columns["base_rate"][known] = found.computed[known, _RATE]
    return columns


def _warned(models: ModelSet, found: Predicted, abstained: Mask, before: Floats, after: Floats) -> dict[str, Mask]:
    """Who is warned of what, in the order of JSON's warnings: bool[n] by code."""
    count = len(found.ids)
    outside = np.zeros(count, dtype=np.bool_)
    outside[found.beyond.places] = True
    unused, foreign = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
    served = [group for groups in found.groups.values() for group in groups]
    for group in served:
        foreign[group.places] |= not group.served.same_features_code
    # A column that every model looks at is unused by nobody.
    for column in np.flatnonzero(~np.logical_and.reduce([group.served.used for group in served])).tolist():
        asked = np.zeros(count, dtype=np.bool_)
        for group in served:
            asked[group.places] |= group.served.used[column]
        unused |= ~np.isnan(before[column]) & ~asked
    silent = severity_missing(models, found.groups)
    return {
        "too_little_history": abstained,
        "out_of_range": outside,
        "unused_fields": unused,
        "value_limited": np.asarray(limited(before, after).any(axis=0)),
        **({silent: np.ones(count, dtype=np.bool_)} if silent else {}),
        "other_features_code": foreign,
    }


def _warnings(warned: dict[str, Mask]) -> Any:
    """A list of codes for each row."""
    import pyarrow as pa

    mask = np.column_stack(list(warned.values()))
    ends = np.append(0, np.cumsum(mask.sum(axis=1)))
    words = _words(np.nonzero(mask)[1], tuple(warned)).cast(pa.string())
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), words)


def _by_group(groups: Sequence[Group], words: Sequence[str], count: int) -> Any:
    codes = np.zeros(count, dtype=np.int64)
    for code, group in enumerate(groups):
        codes[group.places] = code
    return _words(codes, words)


def _words(codes: NDArray[np.int64], words: Sequence[str], *, missing: Mask | None = None) -> Any:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32(), mask=missing), pa.array(words, pa.string()))


def _schema() -> Any:
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    # A few words for all rows: kept once.
    word = pa.dictionary(pa.int32(), text)
    return pa.schema(
        [
            ("participant_id", text), ("prediction_id", text), ("for_date", pa.date32()), ("abstained", pa.bool_()),
            ("probability", number), ("risk_band", word), ("threshold", number), ("probability_low", number),
            ("probability_high", number), ("base_rate", number), ("severity", number), ("severity_low", number),
            ("severity_high", number), ("warnings", pa.list_(text)), ("attack_bundle", word),
            ("severity_bundle", word), ("arm", word), ("error", text),
        ]
    )  # fmt: skip
