"""The figures that the monitoring publishes through the store, for `/metrics`.

Here belong their place and form: `monitoring/figures.json` with {"model_accuracy": {model name: accuracy},
"drift_score": {feature: score}, "drift_detected_total": count since ever}. Not here: computing them.
"""

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.store import Store

PATH = "monitoring/figures.json"


class Figures(msgspec.Struct, frozen=True):
    """All absent until the monitoring has run."""

    model_accuracy: dict[str, float] = {}
    drift_score: dict[str, float] = {}
    drift_detected_total: int = 0


def read_figures(store: Store) -> Figures | None:
    """The figures; None where there are none, or none that can be believed."""
    try:
        return msgspec.json.decode(store.read(PATH), type=Figures) if store.exists(PATH) else None
    except (StoreError, OSError, msgspec.DecodeError):
        return None
