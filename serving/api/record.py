"""What is recorded of predictions: records in the prediction log, and counts in the metrics.

Not here: the records (`migraine_assets.prediction.records`), writing them to files (`serving.log.writer`), exporting
metrics (`serving.metrics`).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from migraine_assets.prediction.predictor import PredictionSet
from migraine_assets.prediction.records import blocks, single_record
from migraine_assets.prediction.scoring import Group
from serving.log.writer import PredictionLog
from serving.metrics.registry import Metrics

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
            self._log.append(single_record(predictions, self._pseudonym(names[0]), **common))
            return
        pseudonyms = {name: self._pseudonym(name) for name in set(names)}
        for block in blocks(predictions, [pseudonyms[name] for name in names], **common):
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
