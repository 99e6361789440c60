"""What is recorded of predictions: records in the prediction log, and counts in the metrics.

Not here: writing records to files (`serving.log.writer`), exporting metrics (`serving.metrics`).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.prediction_log.record_block import MOST_ROWS, Block, Part, ShadowPart
from serving.log.writer import PredictionLog
from serving.metrics.registry import Metrics
from serving.model.predictor import PredictionSet
from serving.model.scoring import Group, Rows, Shadow

Groups = Mapping[str, Sequence[Group]]


class Recorder:
    """Recorder that logs and counts predictions. `clock`: seconds since 1970."""

    def __init__(self, log: PredictionLog, metrics: Metrics, *, clock: Callable[[], float]) -> None:
        self._log, self._metrics, self._clock = log, metrics, clock

    def record(self, predictions: PredictionSet, *, seconds: float) -> None:
        """Log and count the predictions of one request that took `seconds`."""
        self._count(predictions, seconds)
        names = predictions.participants
        common = {"time": self._clock(), "latency_ms": round(1000 * seconds, 3)}
        if len(names) == 1:
            self._log.append(_record(predictions, self._pseudonym(names[0]), **common))
            return
        pseudonyms = {name: self._pseudonym(name) for name in set(names)}
        participants = [pseudonyms[name] for name in names]
        for first in range(0, len(names), MOST_ROWS):
            block = _block(predictions, participants, first, **common)
            self._log.append(block, count=len(block.ids))

    def _pseudonym(self, name: str | None) -> str | None:
        return self._log.pseudonym(name) if name else None

    def _count(self, predictions: PredictionSet, seconds: float) -> None:
        metrics = self._metrics
        metrics.observe_latency(seconds)
        for task, groups in predictions.groups.items():
            for group in groups:
                self._count_group(task, group)
        if predictions.out_of_range.fields.size:
            for field, times in Counter(predictions.out_of_range.fields.tolist()).items():
                metrics.count_out_of_range(field, times)

    def _count_group(self, task: str, group: Group) -> None:
        metrics, bundle = self._metrics, group.model.bundle.hash
        abstained = _abstentions(group)
        for status, times in (("ok", len(group.outputs) - abstained), ("abstained", abstained)):
            if times:
                metrics.count_predictions(times, status=status, task=task, model=bundle, arm=group.arm)
        if abstained and task == "attack":
            metrics.count_abstentions(abstained)
        if group.shadow is not None:
            shadow = group.shadow.model.bundle.hash
            metrics.count_predictions(len(group.shadow.positions), status="ok", task=task, model=shadow, arm="shadow")


def _abstentions(group: Group) -> int:
    if len(group.outputs) == 1:  # faster than NumPy for one
        return int(group.outputs[0] != group.outputs[0])
    return int(np.count_nonzero(np.isnan(group.outputs)))


def _record(predictions: PredictionSet, participant: str | None, **common: Any) -> PredictionRecord:
    """Return the record of a single prediction."""
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
    """Return the outputs of shadow models, with their features if these differ from the answering model's."""
    return {
        "shadow_outputs": {task: float(shadow.outputs[0]) for task, shadow in shadows.items()},
        "shadow_bundles": {task: shadow.model.bundle.hash for task, shadow in shadows.items()},
        "shadow_features": {
            task: shadow.rows[0] for task, shadow in shadows.items() if not _same_inputs(models[task], shadow)
        },
    }


def _same_inputs(group: Group, shadow: Shadow) -> bool:
    return shadow.model.manifest.names == group.model.manifest.names


def _block(predictions: PredictionSet, participants: list[str | None], first: int, **common: Any) -> Block:
    """Return the records of the predictions from `first` on, as many as fit one block."""
    cut = slice(first, first + MOST_ROWS)
    return Block(
        ids=predictions.ids[cut],
        participants=participants[cut],
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
    """Return what `group` answered among the predictions of the block from `first` on."""
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
