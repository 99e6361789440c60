"""A prediction repeated offline from its receipt: the same bundle, the same features, and so the same number.

Here belongs the comparison. Not here: finding the receipt (`stores.prediction_log.reader`), printing (`serving.cli`).
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
    """One output of a receipt and what the same bundle says now. `role`: "served" or "shadow"."""

    task: str
    role: str
    bundle: str
    logged: float | None
    repeated: float | None
    problem: str | None = None

    @property
    def same(self) -> bool:
        """Whether the two are the same number, bit for bit (or both are none)."""
        return self.problem is None and self.logged == self.repeated


def receipt_of(store: Store, identity: str) -> PredictionRecord:
    """The receipt of `identity`. Raises `DataRefused` where the log has none."""
    receipt = find_record(store, identity)
    if receipt is None:
        raise DataRefused(
            f"The prediction log in {store.uri} has no '{identity}'. Receipts are written within a second or two; "
            "a replica that was killed loses those of its last second."
        )
    return receipt


def replay(store: Store, receipt: PredictionRecord) -> tuple[Repeated, ...]:
    """Ask the bundles of `receipt` again, those that answered and those that only shadowed."""
    shadow = {**receipt.features, **receipt.shadow_features}
    served = [
        _repeat(store, task, "served", receipt.bundles[task], receipt.features[task], logged)
        for task, logged in receipt.outputs.items()
    ]
    shadowed = [
        _repeat(store, task, "shadow", receipt.shadow_bundles[task], shadow[task], logged)
        for task, logged in receipt.shadow_outputs.items()
    ]
    return (*served, *shadowed)


def _repeat(
    store: Store, task: str, role: str, bundle: str, features: list[float | None], logged: float | None
) -> Repeated:
    row = np.array([[np.nan if value is None else value for value in features]], dtype=np.float32)
    try:
        said = float(load_bundle(store, bundle).predict(row)[0])
    except (StoreError, DataRefused) as error:
        return Repeated(task, role, bundle, logged, None, str(error))
    return Repeated(task, role, bundle, logged, said if math.isfinite(said) else None)
