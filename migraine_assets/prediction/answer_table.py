"""Answers as the columns of an Arrow table, for batches that are too large for JSON objects.

The columns have the content of the JSON answers of `serving.api.compose`. Not here: writing files
(`serving.input.arrow_files`, `prediction.forecast_files`), the rules of risk bands (`prediction.risk`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.prediction.intervals import severity_ends
from migraine_assets.prediction.onsets import none_can_begin
from migraine_assets.prediction.predictor import HistoryPredictions
from migraine_assets.prediction.risk import (
    BANDS,
    LEAST_ATTACK_DAYS,
    USUAL_UP_TO,
    band_limits,
    severity_missing,
)
from migraine_assets.prediction.scoring import Group

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

HIGH = BANDS.index("high")
_NUMBERS = (
    "probability", "threshold", "probability_low", "probability_high", "base_rate", "severity", "severity_low",
    "severity_high", "relative_to_usual",
)  # fmt: skip


def answer_table(names: Sequence[str | None], errors: Mapping[int, str], predictions: HistoryPredictions | None) -> Any:
    """Return a `pyarrow.Table` with a row for each participant in `names`: its error or its prediction.

    `errors`: by position. `predictions`: of the participants without an error, in order; None if all have one. The
    metadata of the table say what is predicted, unless that is any attack on `for_date`.
    """
    import pyarrow as pa

    count = len(names)
    columns = {} if predictions is None else _columns(predictions)
    if errors:
        wrong = np.zeros(count, dtype=np.bool_)
        wrong[list(errors)] = True
        # The prediction of each row; rows with an error have none.
        position = pa.array(np.cumsum(~wrong) - 1, mask=wrong)
        columns = {name: column.take(position) for name, column in columns.items()}
        columns["error"] = pa.array([errors.get(row) for row in range(count)], pa.string())
    columns["participant_id"] = pa.array(names, pa.string())
    schema = answer_schema()
    empty = {field.name: pa.nulls(count, field.type) for field in schema if field.name not in columns}
    outcome = None if predictions is None else predictions.models.tasks["attack"].champion.manifest.outcome
    if outcome is not None and outcome.definition is not None:
        schema = schema.with_metadata({"outcome": outcome.description})
    return pa.table({**empty, **columns}, schema=schema)


def _columns(predictions: HistoryPredictions) -> dict[str, Any]:
    import pyarrow as pa

    attack, count = predictions.groups["attack"], len(predictions.ids)
    numbers = _numbers(predictions, count)
    abstained = np.isnan(numbers["probability"])
    bands = np.select(
        [numbers["probability"] >= limit for limit in band_limits(numbers["threshold"])], [3, 2, 1], default=0
    )
    bands -= (bands >= HIGH) & (numbers["relative_to_usual"] <= USUAL_UP_TO)
    return {
        **{name: pa.array(column, from_pandas=True) for name, column in numbers.items()},
        "prediction_id": pa.array(predictions.ids, pa.string()),
        "for_date": pa.array(predictions.for_days.astype(np.int32)).cast(pa.date32()),
        "abstained": pa.array(abstained),
        "risk_band": _words(bands, BANDS, missing=abstained),
        "warnings": _lists(_warnings(predictions, abstained)),
        "attack_bundle": _by_group(attack, [group.model.bundle.hash for group in attack], count),
        "arm": _by_group(attack, [group.arm for group in attack], count),
        **_severity_bundle(predictions, count),
    }


def _severity_bundle(predictions: HistoryPredictions, count: int) -> dict[str, Any]:
    groups = predictions.groups.get("severity")
    hashes = [group.model.bundle.hash for group in groups or ()]
    return {"severity_bundle": _by_group(groups, hashes, count)} if groups else {}


def _numbers(predictions: HistoryPredictions, count: int) -> dict[str, Floats]:
    """Return the numeric columns by name, float64[count] each, NaN for null."""
    columns = {name: np.full(count, np.nan) for name in _NUMBERS}
    for group in predictions.groups["attack"]:
        at, p = group.positions, np.clip(group.outputs, 0, 1)
        columns["probability"][at] = p
        columns["threshold"][at] = np.where(np.isnan(p), np.nan, group.model.threshold)
        if group.model.band is not None:
            columns["probability_low"][at], columns["probability_high"][at] = group.model.band.ends(p)
    for group in predictions.groups.get("severity", ()):
        at = group.positions
        columns["severity"][at] = group.outputs
        if ends := severity_ends(group.outputs, group.model.manifest):
            columns["severity_low"][at], columns["severity_high"][at] = ends
    _, observed, rate = predictions.past.T
    known = (observed > 0) & (rate > 0) & ~np.isnan(columns["probability"])
    days = predictions.models.tasks["attack"].champion.manifest.outcome.own_rate_days
    rate = rate if days is None else 1 - (1 - rate.astype(np.float64)) ** days
    columns["base_rate"][known] = rate[known]
    columns["relative_to_usual"] = columns["probability"] / columns["base_rate"]
    return columns


def _warnings(predictions: HistoryPredictions, abstained: Mask) -> dict[str, Mask]:
    """Return which predictions have which warning: bool[n] by code, in the order of the JSON answers."""
    count, histories = len(predictions.ids), predictions.histories
    columns, targets = predictions.models.layout.columns, histories.targets
    out_of_range = np.zeros(count, dtype=np.bool_)
    out_of_range[predictions.out_of_range.positions] = True
    unused, other_code, one_person, simulated = (np.zeros(count, dtype=np.bool_) for _ in range(4))
    answering = [group for groups in predictions.groups.values() for group in groups]
    for group in answering:
        other_code[group.positions] |= not group.model.same_features_code
        one_person[group.positions] |= group.model.one_person
        simulated[group.positions] |= group.model.simulated
    # Only columns that some model does not use can be unused.
    for column in np.flatnonzero(~np.logical_and.reduce([group.model.uses(columns) for group in answering])).tolist():
        used = np.zeros(count, dtype=np.bool_)
        for group in answering:
            used[group.positions] |= group.model.uses(columns)[column]
        unused |= ~np.isnan(histories.values[column, targets]) & ~used
    reason = severity_missing(predictions.models, predictions.groups)
    attacks, observed, _ = predictions.past.T
    begun = none_can_begin(predictions)
    return {
        "too_little_history": abstained,
        "attack_days_only": (observed >= LEAST_ATTACK_DAYS) & (attacks == observed),
        **({} if begun is None else {"none_can_begin": begun}),
        "out_of_range": out_of_range,
        "unused_fields": unused,
        "value_limited": np.asarray(predictions.changed.any(axis=0))[targets],
        **({reason: np.ones(count, dtype=np.bool_)} if reason else {}),
        "other_features_code": other_code,
        "one_person_model": one_person,
        "simulated_model": simulated,
    }


def _lists(warnings: dict[str, Mask]) -> Any:
    """Return a column with the list of warning codes of each row."""
    import pyarrow as pa

    mask = np.column_stack(list(warnings.values()))
    ends = np.append(0, np.cumsum(mask.sum(axis=1)))
    codes = _words(np.nonzero(mask)[1], tuple(warnings)).cast(pa.string())
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), codes)


def _by_group(groups: Sequence[Group], words: Sequence[str], count: int) -> Any:
    codes = np.zeros(count, dtype=np.int64)
    for code, group in enumerate(groups):
        codes[group.positions] = code
    return _words(codes, words)


def _words(codes: NDArray[np.int64], words: Sequence[str], *, missing: Mask | None = None) -> Any:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32(), mask=missing), pa.array(words, pa.string()))


def answer_schema() -> Any:
    """Return the columns of an answer as a `pyarrow.Schema`."""
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    # Dictionary-encoded, because the rows have few distinct words.
    word = pa.dictionary(pa.int32(), text)
    return pa.schema(
        [
            ("participant_id", text), ("prediction_id", text), ("for_date", pa.date32()), ("abstained", pa.bool_()),
            ("probability", number), ("risk_band", word), ("threshold", number), ("probability_low", number),
            ("probability_high", number), ("base_rate", number), ("severity", number), ("severity_low", number),
            ("severity_high", number), ("relative_to_usual", number), ("warnings", pa.list_(text)),
            ("attack_bundle", word), ("severity_bundle", word), ("arm", word), ("error", text),
        ]
    )  # fmt: skip
