"""Records for the prediction log, made from a `PredictionSet`.

Not here: the form of records (`stores.prediction_log`), writing them (`serving.log.writer`, `prediction.forecast_log`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from migraine_assets.prediction.predictor import PredictionSet
from migraine_assets.prediction.scoring import Group, Rows, Shadow
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.prediction_log.record_block import MOST_ROWS, Block, Part, ShadowPart


def blocks(predictions: PredictionSet, participants: Sequence[str | None], **common: Any) -> Iterator[Block]:
    """Yield records of many predictions. `participants`: a pseudonym for each; `common`: `time` and `latency_ms`."""
    for first in range(0, len(participants), MOST_ROWS):
        yield _block(predictions, participants, first, **common)


def single_record(predictions: PredictionSet, participant: str | None, **common: Any) -> PredictionRecord:
    """Return the record of a single prediction. `participant`: a pseudonym; `common`: `time` and `latency_ms`."""
    models = {task: groups[0] for task, groups in predictions.groups.items()}
    outputs = {task: float(group.outputs[0]) for task, group in models.items()}
    shadows = {task: group.shadow for task, group in models.items() if group.shadow is not None}
    return PredictionRecord(
        id=predictions.ids[0],
        participant=participant,
        for_date=predictions.for_dates[0] if predictions.for_dates else None,
        # Rows stay arrays: the thread that writes the log turns them into lists.
        features={task: group.rows[0] for task, group in models.items()},
        outputs={task: output for task, output in outputs.items() if output == output},
        bundles={task: group.model.bundle.hash for task, group in models.items()},
        arm=next((group.arm for group in models.values() if group.arm != "champion"), "champion"),
        abstained="attack" in outputs and outputs["attack"] != outputs["attack"],
        **(_shadow_fields(models, shadows) if shadows else {}),
        **common,
    )


def _shadow_fields(models: Mapping[str, Group], shadows: Mapping[str, Shadow]) -> dict[str, Any]:
    """Return the outputs of shadow models, and their features if they differ from those of the model that answered."""
    return {
        "shadow_outputs": {task: float(shadow.outputs[0]) for task, shadow in shadows.items()},
        "shadow_bundles": {task: shadow.model.bundle.hash for task, shadow in shadows.items()},
        "shadow_features": {
            task: shadow.rows[0] for task, shadow in shadows.items() if not _same_inputs(models[task], shadow)
        },
    }


def _same_inputs(group: Group, shadow: Shadow) -> bool:
    return shadow.model.manifest.names == group.model.manifest.names


def _block(predictions: PredictionSet, participants: Sequence[str | None], first: int, **common: Any) -> Block:
    """Return the records of the predictions from `first` on, as many as one block holds."""
    cut = slice(first, first + MOST_ROWS)
    return Block(
        ids=predictions.ids[cut],
        participants=list(participants[cut]),
        for_dates=predictions.for_dates[cut] if predictions.for_dates else None,
        parts=[
            part
            for task, groups in predictions.groups.items()
            for group in groups
            if (part := _part(task, group, first)) is not None
        ],
        **common,
    )


def _part(task: str, group: Group, first: int) -> Part | None:
    """Return the answers of `group` among the predictions of the block from `first` on."""
    start, end = np.searchsorted(group.positions, [first, first + MOST_ROWS]).tolist()
    if start == end:
        return None
    rows = group.rows[start:end]
    return Part(
        task=task,
        bundle=group.model.bundle.hash,
        arm=group.arm,
        positions=(group.positions[start:end] - first).tolist(),
        outputs=group.outputs[start:end].tolist(),
        width=rows.shape[1],
        features=_bytes(rows),
        shadow=_shadow_part(group, group.shadow, start, end) if group.shadow is not None else None,
    )


def _shadow_part(group: Group, shadow: Shadow, first: int, last: int) -> ShadowPart:
    start, end = np.searchsorted(shadow.positions, [first, last]).tolist()
    rows = shadow.rows[start:end]
    return ShadowPart(
        bundle=shadow.model.bundle.hash,
        positions=(shadow.positions[start:end] - first).tolist(),
        outputs=shadow.outputs[start:end].tolist(),
        width=rows.shape[1],
        features=None if _same_inputs(group, shadow) else _bytes(rows),
    )


def _bytes(rows: Rows) -> bytes:
    return np.ascontiguousarray(rows, dtype="<f4").tobytes()
