"""The checks on a diary on its way: one step for the raw diary, one for the validated one."""

import json

import dagster as dg

from migraine_assets.core.diary.profile import Profile, from_json
from migraine_assets.core.diary.validation import Validated
from migraine_assets.core.quality.suite import raw_findings, validated_findings
from migraine_assets.defs.checks.findings import Declared, results, specs
from migraine_assets.defs.refs import DiaryRef
from migraine_assets.defs.resources import Workspace, today
from migraine_assets.stores.assets import deliveries
from migraine_assets.stores.assets.frames import read_frame

RAW = (
    Declared("not_empty", "The delivery holds rows.", can_block=True),
    Declared("raw_types", "Every field of the contract is there, of about the right type.", can_block=True),
    Declared("unreadable_share", "Few cells could not be read.", can_block=False),
    Declared("units_as_before", "No field looks like another unit than in the delivery before.", can_block=True),
)
VALIDATED = (
    Declared("types_and_bounds", "Strict schema: types, bounds, categories, no other column.", can_block=True),
    Declared("unique_days", "No day of a participant is described in two ways.", can_block=True),
    Declared("repeated_rows", "No row is there twice.", can_block=False),
    Declared("static_fields", "Sex and migraine type never change.", can_block=False),
    Declared("future_dates", "No day has yet to come.", can_block=True),
    Declared("outcome_consistency", "Severity and duration belong to attacks.", can_block=True),
    Declared("class_balance", "Days with and without an attack, neither of them rare.", can_block=True),
    Declared("enough_to_train", "Enough participants and attacks to train and to test.", can_block=True),
    Declared("missing_values", "Outcomes are known, and so are the fields that are asked.", can_block=True),
    Declared("outliers", "Few values are far from the rest, by quartiles and by robust z.", can_block=False),
    Declared("quarantine_share", "Few rows were set aside.", can_block=True),
    Declared("drift_from_previous", "Fields are distributed as in the delivery before (PSI).", can_block=False),
)


@dg.multi_asset_check(name="raw_diary_checks", specs=specs("raw_diary", RAW))
def raw_diary_checks(workspace: Workspace, raw_diary: DiaryRef):  # type: ignore[no-untyped-def]  # Dagster reads it
    frame, settings = read_frame(workspace.store, raw_diary.frame), workspace.params().quality
    yield from results("raw_diary", raw_findings(frame, before=_before(workspace, raw_diary), settings=settings))


@dg.multi_asset_check(
    name="validated_diary_checks", specs=specs("validated_diary", VALIDATED, also_reads=["quarantined_rows"])
)
def validated_diary_checks(  # type: ignore[no-untyped-def]  # Dagster reads the annotation
    workspace: Workspace, validated_diary: DiaryRef, quarantined_rows: DiaryRef
):
    valid, settings = read_frame(workspace.store, validated_diary.frame), workspace.params().quality
    set_aside = read_frame(workspace.store, quarantined_rows.frame, ["reason"])
    validated = Validated(valid, set_aside, validated_diary.actions_frame())
    findings = validated_findings(
        validated, before=_before(workspace, validated_diary), today=today(), settings=settings
    )
    yield from results("validated_diary", findings)


def _before(workspace: Workspace, diary: DiaryRef) -> Profile | None:
    """The profile of the last accepted delivery that was another one."""
    others = [entry for entry in deliveries.log(workspace.store) if entry.acceptance.md5 != diary.delivery.md5]
    return from_json(json.dumps(dict(others[-1].acceptance.profile))) if others else None
