"""From a source to a clean diary: raw, validated (and what was set aside), preprocessed.

Here belong reading, calling `core` and describing. Not here: checks (`defs.checks`), features (`defs.assets.features`).
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pandas as pd

from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.profile import profile, to_json
from migraine_assets.core.diary.validation import validate
from migraine_assets.core.evaluation.results import FlowStep
from migraine_assets.defs.metadata import actions_table, diary_metadata
from migraine_assets.defs.refs import DeliveryInfo, DiaryRef
from migraine_assets.defs.resources import Workspace, today
from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.files.delivery import Delivery
from migraine_assets.sources.files.fetch import landing_source
from migraine_assets.sources.registry import read_source, repeat_source
from migraine_assets.stores.assets import deliveries
from migraine_assets.stores.assets.frames import read_frame, write_frame

OWNERS = ["team:data"]
GROUP = "g1_diary"


class RawDiaryConfig(dg.Config):
    """What to read. Left empty: the landing folder where it holds a diary, otherwise the synthetic cohort."""

    source: str | None = None
    mapping: str | None = None
    options: dict[str, str] = {}  # noqa: RUF012 - Dagster's config classes copy their defaults
    data_version: str | None = None


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "parquet"},
    description="The diary as delivered, in the contract's columns, with the place of every row in its file.",
)
def raw_diary(
    context: dg.AssetExecutionContext, config: RawDiaryConfig, workspace: Workspace
) -> dg.MaterializeResult[DiaryRef]:
    delivery = _read(config, workspace)
    for note in delivery.notes:
        context.log.warning(note)
    files = [(file.name, file.content) for file in delivery.files]
    kept = deliveries.keep(workspace.store, files, identity=delivery.md5)
    value = DiaryRef(
        write_frame(workspace.store, "raw_diary", delivery.frame),
        _info(delivery, kept),
        steps=(_step("Delivered", delivery.frame, f"From {delivery.description}."),),
    )
    return dg.MaterializeResult(
        value=value,
        data_version=dg.DataVersion(value.frame.version),
        metadata=diary_metadata(
            value, delivery.frame, summary=f"{len(delivery.frame):,} rows from {delivery.description}"
        ),
    )


@dg.multi_asset(
    name="validation",
    outs={
        name: dg.AssetOut(group_name=GROUP, owners=OWNERS, kinds={"pandera", "parquet"}, description=description)
        for name, description in (
            ("validated_diary", "The rows that keep every rule of the contract."),
            ("quarantined_rows", "The rows set aside, each with its reasons and its place in the file."),
        )
    },
)
def validation(workspace: Workspace, raw_diary: DiaryRef):  # type: ignore[no-untyped-def]  # Dagster reads annotations
    """Split the raw diary by the rules of the contract; every row ends in exactly one of the two."""
    result = validate(
        read_frame(workspace.store, raw_diary.frame),
        today=today(),
        settings=workspace.params().validation,
        dated=raw_diary.delivery.first_day is not None,
    )
    reasons = actions_table(result.reasons)
    for name, frame, word in (
        ("validated_diary", result.valid, "accepted"),
        ("quarantined_rows", result.quarantined, "set aside"),
    ):
        step = _step(
            word.capitalize(),
            frame,
            "" if name == "validated_diary" else "Kept in quarantine with their reasons.",
        )
        value = DiaryRef(
            write_frame(workspace.store, name, frame), raw_diary.delivery, (*raw_diary.steps, step), *reasons
        )
        yield dg.MaterializeResult(
            asset_key=name,
            value=value,
            data_version=dg.DataVersion(value.frame.version),
            metadata=diary_metadata(value, frame, summary=f"{len(frame):,} of {raw_diary.frame.rows:,} rows {word}"),
        )


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"pandas", "parquet"},
    description="The diary to compute with: repeated rows dropped, impossible values nulled, extremes clipped.",
)
def preprocessed_diary(
    workspace: Workspace,
    validated_diary: DiaryRef,
    quarantined_rows: DiaryRef,
) -> dg.MaterializeResult[DiaryRef]:
    """Runs only when no blocking check refused the delivery, so here it is recorded as accepted.

    Raises `ConfigurationError` where a killed run left the two halves of different diaries.
    """
    if quarantined_rows.delivery.md5 != validated_diary.delivery.md5:
        raise ConfigurationError(
            "The accepted rows and those set aside are of different diaries: materialize 'validated_diary' again."
        )
    valid = read_frame(workspace.store, validated_diary.frame)
    result = preprocess(valid, settings=workspace.params().preprocess)
    value = DiaryRef(
        write_frame(workspace.store, "preprocessed_diary", result.diary),
        validated_diary.delivery,
        (
            *validated_diary.steps,
            *quarantined_rows.steps[-1:],
            _step(
                "Preprocessed",
                result.diary,
                "Repeated rows dropped, impossible values nulled, extremes clipped.",
            ),
        ),
        *actions_table(result.actions),
    )
    _accept(workspace, valid, validated_diary, quarantined=quarantined_rows.frame.rows)
    summary = f"{len(result.diary):,} rows, {int(result.actions['count'].sum()):,} values or rows changed"
    return dg.MaterializeResult(
        value=value,
        data_version=dg.DataVersion(value.frame.version),
        metadata=diary_metadata(value, result.diary, summary=summary),
    )


def _read(config: RawDiaryConfig, workspace: Workspace) -> Delivery:
    if config.data_version:
        kept = deliveries.restore(workspace.store, config.data_version)
        return repeat_source(
            kept.source,
            files=kept.files,
            md5=kept.entry.acceptance.md5,
            mapping=kept.mapping,
            description=kept.entry.acceptance.description,
        )
    landing = Path(workspace.landing)
    source = config.source or workspace.source or landing_source(landing) or "synthetic"
    return read_source(source, mapping=config.mapping or workspace.mapping, options=config.options, landing=landing)


def _step(name: str, frame: pd.DataFrame, note: str) -> FlowStep:
    return FlowStep(name, len(frame), int(frame["participant_id"].nunique()), note)


def _info(delivery: Delivery, kept: tuple[deliveries.KeptFile, ...]) -> DeliveryInfo:
    days = delivery.frame["date"]
    known = days.notna().any()
    return DeliveryInfo(
        source=delivery.source,
        description=delivery.description,
        md5=delivery.md5,
        horizon=delivery.horizon,
        mapping=delivery.mapping,
        files=kept,
        notes=delivery.notes,
        first_day=f"{days.min():%Y-%m-%d}" if known else None,
        last_day=f"{days.max():%Y-%m-%d}" if known else None,
    )


def _accept(workspace: Workspace, valid: pd.DataFrame, diary: DiaryRef, *, quarantined: int) -> None:
    delivery = diary.delivery
    deliveries.record(
        workspace.store,
        delivery.files,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        source=delivery.source,
        description=delivery.description,
        identity=delivery.md5,
        accepted=len(valid),
        quarantined=quarantined,
        mapping=delivery.mapping,
        profile=json.loads(to_json(profile(valid))),
        data_version=diary.frame.version,
    )
