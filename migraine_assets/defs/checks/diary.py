"""The checks of `raw_diary` and `validated_diary`, one step for each asset.

Not here: the rules (`core.quality`), the translation to Dagster (`defs.checks.findings`).
"""

import dagster as dg

from migraine_assets.core.contract import Contract
from migraine_assets.core.diary.profile import Profile
from migraine_assets.core.diary.validation import Validated
from migraine_assets.core.quality.suite import raw_findings, validated_findings
from migraine_assets.defs.checks.findings import Declared, results, specs
from migraine_assets.defs.refs import DiaryRef
from migraine_assets.defs.resources import Workspace, today
from migraine_assets.stores.assets import delivery_log
from migraine_assets.stores.assets.frames import read_frame

RAW = (
    Declared("not_empty", "The delivery has rows.", can_block=True),
    Declared("raw_types", "Every field of the contract is present and has a usable type.", can_block=True),
    Declared("unreadable_share", "Few rows have a cell that cannot be read.", can_block=False),
    Declared("units_as_before", "No field seems to have changed its unit since the last delivery.", can_block=True),
)
VALIDATED = (
    Declared(
        "types_and_bounds", "The strict schema holds: types, bounds, categories, no other column.", can_block=True
    ),
    Declared("unique_days", "No day of a participant has two different rows.", can_block=True),
    Declared("repeated_rows", "No row is repeated.", can_block=False),
    Declared("static_fields", "Sex and migraine type do not change within a participant.", can_block=False),
    Declared("future_dates", "No date is in the future.", can_block=True),
    Declared("outcome_consistency", "Severity and duration are given for attacks only.", can_block=True),
    Declared("class_balance", "There are days with and without an attack, and neither is rare.", can_block=True),
    Declared("enough_to_train", "There are enough participants and attacks to train and test.", can_block=True),
    Declared("missing_values", "The outcome and the recorded fields are mostly known.", can_block=True),
    Declared("outliers", "Few values are outliers by quartiles or by robust z-score.", can_block=False),
    Declared("quarantine_share", "Few rows were quarantined.", can_block=True),
    Declared("nulled_values", "Few values of each field had to be set to null.", can_block=True),
    Declared(
        "losses_with_outcome", "Quarantined rows and nulled values are not related to the outcome.", can_block=True
    ),
    Declared("drift_from_previous", "Fields are distributed as in the last delivery (PSI).", can_block=False),
)


@dg.multi_asset_check(name="raw_diary_checks", specs=specs("raw_diary", RAW))
def raw_diary_checks(workspace: Workspace, raw_diary: DiaryRef):  # type: ignore[no-untyped-def]  # Dagster reads it
    frame, params = read_frame(workspace.store, raw_diary.frame), workspace.params()
    findings = raw_findings(
        frame,
        previous=_previous_profile(workspace, raw_diary),
        settings=params.quality,
        contract=params.diary_contract(),
    )
    yield from results("raw_diary", findings)


@dg.multi_asset_check(
    name="validated_diary_checks", specs=specs("validated_diary", VALIDATED, also_reads=["quarantined_rows"])
)
def validated_diary_checks(  # type: ignore[no-untyped-def]  # Dagster reads the annotation
    workspace: Workspace, validated_diary: DiaryRef, quarantined_rows: DiaryRef
):
    valid, params = read_frame(workspace.store, validated_diary.frame), workspace.params()
    participants, dated = valid["participant_id"].nunique(), validated_diary.delivery.dated
    reasons = read_frame(workspace.store, quarantined_rows.frame, ["reason"])
    findings = validated_findings(
        Validated(valid, reasons, validated_diary.actions_frame()),
        previous=_previous_profile(workspace, validated_diary),
        today=today(),
        settings=params.quality,
        contract=Contract(validated_diary.fields),
        definition=validated_diary.delivery.outcome.attack,
        least_days=params.folds.least_days_of(participants=participants, dated=dated),
    )
    yield from results("validated_diary", findings)


def _previous_profile(workspace: Workspace, diary: DiaryRef) -> Profile | None:
    return delivery_log.previous_profile(workspace.store, diary.delivery.md5)
