"""Repeat a logged prediction offline: the same bundle and the same features give the same number.

Not here: finding the record (`migraine_assets.stores.prediction_log.reader`), printing (`serving.cli`).
"""

import math
from dataclasses import dataclass

import numpy as np

from migraine_assets.errors import DataRefused, StoreError
from migraine_assets.stores.bundles.bundles import load_bundle
from migraine_assets.stores.prediction_log.reader import find_record
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.store import Store


@dataclass(frozen=True)
class Repeated:
    """One logged output and the output of the same bundle now. `role`: "served" or "shadow"."""

    task: str
    role: str
    bundle: str
    logged: float | None
    repeated: float | None
    problem: str | None = None

    @property
    def same(self) -> bool:
        """Whether both are the same number, bit for bit, or both are None."""
        return self.problem is None and self.logged == self.repeated


def record_of(store: Store, prediction_id: str) -> PredictionRecord:
    """Return the record of `prediction_id`. Raises `DataRefused` if the log has none."""
    record = find_record(store, prediction_id)
    if record is None:
        raise DataRefused(
            f"The prediction log in {store.uri} has no '{prediction_id}'. Records are written within a second or two; "
            "a replica that is killed loses the records of its last second."
        )
    return record


def replay(store: Store, record: PredictionRecord) -> tuple[Repeated, ...]:
    """Run the bundles of `record` again: those that answered and those that ran as shadows."""
    shadow = {**record.features, **record.shadow_features}
    served = [
        _repeat(store, task, "served", record.bundles[task], record.features[task], logged)
        for task, logged in record.outputs.items()
    ]
    shadowed = [
        _repeat(store, task, "shadow", record.shadow_bundles[task], shadow[task], logged)
        for task, logged in record.shadow_outputs.items()
    ]
    return (*served, *shadowed)


def _repeat(
    store: Store, task: str, role: str, bundle: str, features: list[float | None], logged: float | None
) -> Repeated:
    row = np.array([[np.nan if value is None else value for value in features]], dtype=np.float32)
    try:
        output = float(load_bundle(store, bundle).predict(row)[0])
    except (StoreError, DataRefused) as error:
        return Repeated(task, role, bundle, logged, None, str(error))
    return Repeated(task, role, bundle, logged, output if math.isfinite(output) else None)
