"""The assets `validated_diary` and `quarantined_rows`: the raw diary, split by the rules of the contract.

Here belongs writing both parts. Not here: the rules (`core.diary.validation`), checks (`defs.checks.diary`).
"""

from functools import partial

import dagster as dg

from migraine_assets.core.diary.validation import validate
from migraine_assets.core.features.matrix import outcome_of_rows
from migraine_assets.defs.metadata import actions_table, diary_metadata
from migraine_assets.defs.refs import DiaryRef, flow_step
from migraine_assets.defs.resources import Workspace, today
from migraine_assets.stores.assets.frames import read_frame, write_frame

OWNERS = ["team:data"]
GROUP = "g1_diary"
DESCRIPTIONS = {
    "validated_diary": "The rows that satisfy every rule of the contract.",
    "quarantined_rows": "The rows that break a rule, each with the reasons and its place in the file.",
}


@dg.multi_asset(
    name="validation",
    outs={
        name: dg.AssetOut(group_name=GROUP, owners=OWNERS, kinds={"pandera", "parquet"}, description=description)
        for name, description in DESCRIPTIONS.items()
    },
)
def validation(workspace: Workspace, raw_diary: DiaryRef):  # type: ignore[no-untyped-def]  # Dagster reads annotations
    """Split the raw diary by the rules of the contract. Every row is in exactly one of the two assets."""
    params = workspace.params()
    contract = params.diary_contract()
    result = validate(
        read_frame(workspace.store, raw_diary.frame),
        today=today(),
        settings=params.validation,
        dated=raw_diary.delivery.first_day is not None,
        contract=contract,
        outcome=partial(outcome_of_rows, definition=params.outcome.attack, contract=contract),
    )
    reasons = actions_table(result.reasons)
    parts = (
        ("validated_diary", result.valid, "accepted", ""),
        ("quarantined_rows", result.quarantined, "quarantined", "Kept in quarantine with their reasons."),
    )
    for name, frame, verb, note in parts:
        steps = (*raw_diary.steps, flow_step(verb.capitalize(), frame, note))
        stored = write_frame(workspace.store, name, frame)
        value = DiaryRef(stored, raw_diary.delivery, steps, *reasons, fields=contract.fields)
        yield dg.MaterializeResult(
            asset_key=name,
            value=value,
            data_version=dg.DataVersion(value.frame.version),
            metadata=diary_metadata(value, frame, summary=f"{len(frame):,} of {raw_diary.frame.rows:,} rows {verb}"),
        )
