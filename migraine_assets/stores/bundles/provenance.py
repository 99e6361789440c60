"""The provenance of a bundle: the runs that made it, its test scores, and whether its diaries were simulated.

It is stored beside the bundle and is not part of its hash. Serving does not depend on it, so a damaged file is treated
as empty. Not here: the bundle itself (`stores.bundles.bundles`).
"""

import msgspec

from migraine_assets.core.metrics.interval import IntervalRecord
from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import read_document, write_document
from migraine_assets.stores.store import Store

FILE = "provenance.json"


class BundleProvenance(msgspec.Struct, frozen=True, kw_only=True):
    """The provenance of a bundle.

    `made`: time, ISO 8601. `test`: metrics on the test participants, which are known after the evaluation. `simulated`:
    whether the training diaries were simulated; None in files of earlier versions.
    """

    dagster_run: str | None = None
    mlflow_run: str | None = None
    made: str | None = None
    test: dict[str, IntervalRecord] = {}
    simulated: bool | None = None
    format: int = 1


def load_provenance(store: Store, bundle: str) -> BundleProvenance:
    """Return the provenance of the bundle; it is empty if there is none or its file is damaged."""
    try:
        return read_provenance(store, bundle)
    except StoreError:
        return BundleProvenance()


def read_provenance(store: Store, bundle: str) -> BundleProvenance:
    """Return the provenance of the bundle. Raises `StoreError` if there is none or its file is damaged."""
    # Earlier versions wrote no format number.
    return read_document(
        store, _path(bundle), BundleProvenance, numbered=False, remedy="Delete it: serving does not need it."
    )


def add_provenance(store: Store, bundle: str, facts: BundleProvenance) -> None:
    """Add facts that are known after the bundle was written. Facts that are already recorded are not changed."""
    known = load_provenance(store, bundle)
    merged = BundleProvenance(
        dagster_run=known.dagster_run or facts.dagster_run,
        mlflow_run=known.mlflow_run or facts.mlflow_run,
        made=known.made or facts.made,
        test=known.test or facts.test,
        simulated=facts.simulated if known.simulated is None else known.simulated,
    )
    if merged != known:
        write_document(store, _path(bundle), merged)


def _path(bundle: str) -> str:
    return f"bundles/{bundle}/{FILE}"
