"""The asset `preprocessed_diary`: the diary that features are computed from.

Here belongs recording the delivery as accepted, because this asset runs only if no blocking check failed. Not here: the
cleaning rules (`core.diary.cleaning`, `core.diary.preprocess`).
"""

import json
from datetime import UTC, datetime

import dagster as dg
import pandas as pd

from migraine_assets.core.contract import Contract
from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.profile import profile, to_json
from migraine_assets.defs.metadata import actions_table, diary_metadata
from migraine_assets.defs.refs import DiaryRef, flow_step
from migraine_assets.defs.resources import Workspace
from migraine_assets.errors import ConfigurationError
from migraine_assets.stores.assets import delivery_log
from migraine_assets.stores.assets.frames import read_frame, write_frame

OWNERS = ["team:data"]
GROUP = "g1_diary"
CLEANING = "Repeated rows dropped, impossible values nulled, extremes clipped."


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"pandas", "parquet"},
    description=f"The diary that features are computed from. {CLEANING}",
)
def preprocessed_diary(
    workspace: Workspace,
    validated_diary: DiaryRef,
    quarantined_rows: DiaryRef,
) -> dg.MaterializeResult[DiaryRef]:
    """Clean the accepted rows and record the delivery as accepted.

    Raises `ConfigurationError` if the accepted and the quarantined rows are of different deliveries, which happens
    when a run is killed between the two.
    """
    if quarantined_rows.delivery.md5 != validated_diary.delivery.md5:
        raise ConfigurationError(
            "The accepted and the quarantined rows are of different deliveries: materialize 'validated_diary' again."
        )
    valid = read_frame(workspace.store, validated_diary.frame)
    contract = Contract(validated_diary.fields)
    cleaning = workspace.params().cleaning(contract)
    result = preprocess(valid, cleaning=cleaning, contract=contract)
    steps = (*validated_diary.steps, *quarantined_rows.steps[-1:], flow_step("Preprocessed", result.diary, CLEANING))
    value = DiaryRef(
        write_frame(workspace.store, "preprocessed_diary", result.diary),
        validated_diary.delivery,
        steps,
        *actions_table(result.actions),
        fields=contract.fields,
        cleaning=cleaning,
    )
    _accept(workspace, valid, validated_diary, contract, quarantined=quarantined_rows.frame.rows)
    summary = f"{len(result.diary):,} rows, {int(result.actions['count'].sum()):,} values or rows changed"
    return dg.MaterializeResult(
        value=value,
        data_version=dg.DataVersion(value.frame.version),
        metadata=diary_metadata(value, result.diary, summary=summary),
    )


def _accept(
    workspace: Workspace, valid: pd.DataFrame, diary: DiaryRef, contract: Contract, *, quarantined: int
) -> None:
    delivery = diary.delivery
    delivery_log.record(
        workspace.store,
        delivery.files,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        source=delivery.source,
        description=delivery.description,
        identity=delivery.md5,
        accepted=len(valid),
        quarantined=quarantined,
        mapping=delivery.mapping,
        profile=json.loads(to_json(profile(valid, contract))),
        data_version=diary.frame.version,
    )
