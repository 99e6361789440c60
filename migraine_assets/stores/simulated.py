"""The fact whether a model was trained on simulated diaries, which reports, pages and answers must state.

Not here: the simulation (`sources.synthetic`).
"""

from migraine_assets.stores.assets import delivery_log
from migraine_assets.stores.bundles.provenance import load_provenance
from migraine_assets.stores.store import Store

# The source of simulated diaries in the log of deliveries.
SIMULATED = "synthetic"


def is_simulated(store: Store, bundle: str, data_version: str) -> bool:
    """Return whether the bundle was trained on simulated diaries.

    `data_version` is the MD5 of its delivery. For bundles of earlier versions, the log of accepted deliveries decides;
    the result is False if it has no entry.
    """
    if (recorded := load_provenance(store, bundle).simulated) is not None:
        return recorded
    entries = (entry.acceptance for entry in delivery_log.read_log(store, damaged=[]))
    return any(accepted.md5 == data_version and accepted.source == SIMULATED for accepted in entries)
