"""The asset `raw_diary`: the diary as it was delivered, in the columns of the contract.

Here belong reading a source and storing its files. Not here: how a source is read (`sources`), validation
(`defs.assets.validated_diary`), checks (`defs.checks.diary`).
"""

from pathlib import Path

import dagster as dg

from migraine_assets.core.contract import Contract
from migraine_assets.defs.metadata import diary_metadata
from migraine_assets.defs.refs import DeliveryInfo, DiaryRef, flow_step
from migraine_assets.defs.resources import Workspace
from migraine_assets.params import OutcomeSettings
from migraine_assets.printable import one_line
from migraine_assets.sources.files.delivery import Delivery
from migraine_assets.sources.files.fetch import landing_source
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.registry import read_source, repeat_source
from migraine_assets.stores.assets import delivery_files, delivery_log
from migraine_assets.stores.assets.frames import write_frame

OWNERS = ["team:data"]
GROUP = "g1_diary"


class RawDiaryConfig(dg.Config):
    """The source to read: by default the landing folder if it contains a diary, otherwise the synthetic cohort."""

    source: str | None = None
    mapping: str | None = None
    options: dict[str, str] = {}  # noqa: RUF012 - Dagster's config classes copy their defaults
    data_version: str | None = None


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "parquet"},
    description=(
        "The diary as delivered, in the columns of the contract, with the file and row that each row is from. "
        "To run everything from here to the champions: [full_pipeline](/locations/migraine_assets/jobs/full_pipeline), "
        "Materialize all."
    ),
)
def raw_diary(
    context: dg.AssetExecutionContext, config: RawDiaryConfig, workspace: Workspace
) -> dg.MaterializeResult[DiaryRef]:
    params = workspace.params()
    contract = params.diary_contract()
    delivery = _read(config, workspace, params.sources, contract)
    for note in delivery.notes:
        context.log.warning(one_line(note))
    files = [(file.name, file.stored) for file in delivery.files]
    kept = delivery_files.keep(workspace.store, files, identity=delivery.md5)
    value = DiaryRef(
        write_frame(workspace.store, "raw_diary", delivery.frame),
        _info(delivery, kept, params.outcome),
        steps=(flow_step("Delivered", delivery.frame, f"From {delivery.description}."),),
        fields=contract.fields,
    )
    summary = f"{len(delivery.frame):,} rows from {delivery.description}"
    return dg.MaterializeResult(
        value=value,
        data_version=dg.DataVersion(value.frame.version),
        metadata=diary_metadata(value, delivery.frame, summary=summary),
    )


def _read(config: RawDiaryConfig, workspace: Workspace, limits: SourceLimits, contract: Contract) -> Delivery:
    if config.data_version:
        kept = delivery_files.restore(workspace.store, config.data_version)
        return repeat_source(
            kept.source,
            files=kept.files,
            md5=kept.entry.acceptance.md5,
            mapping=kept.mapping,
            description=kept.entry.acceptance.description,
            limits=limits,
            contract=contract,
        )
    landing = Path(workspace.landing)
    source = config.source or workspace.source or landing_source(landing) or "synthetic"
    mapping = config.mapping or workspace.mapping
    return read_source(
        source, mapping=mapping, options=config.options, landing=landing, limits=limits, contract=contract
    )


def _info(delivery: Delivery, kept: tuple[delivery_log.KeptFile, ...], outcome: OutcomeSettings) -> DeliveryInfo:
    days = delivery.frame["date"]
    dated, horizon = bool(days.notna().any()), outcome.horizon_of(delivery.horizon)
    return DeliveryInfo(
        source=delivery.source,
        description=delivery.description,
        md5=delivery.md5,
        horizon=horizon,
        mapping=delivery.mapping,
        files=kept,
        notes=delivery.notes,
        first_day=f"{days.min():%Y-%m-%d}" if dated else None,
        last_day=f"{days.max():%Y-%m-%d}" if dated else None,
        outcome=outcome.definition(horizon=horizon, dated=dated),
    )
