"""The feature table with its targets, and who trains and who tests."""

from datetime import date, timedelta

import dagster as dg
import numpy as np

from migraine_assets.core.evaluation.folds import Folds, assign
from migraine_assets.core.evaluation.results import FlowStep
from migraine_assets.core.features import engine
from migraine_assets.core.features.matrix import days_of, feature_rows
from migraine_assets.defs.metadata import frame_metadata, table
from migraine_assets.defs.refs import DiaryRef, FeaturesRef, FoldsRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.assets.frames import read_frame, write_frame

OWNERS = ["team:ml"]
GROUP = "g2_features"
STEP = {"train": "To train on", "test": "To test on", "unused": "Unused by the split in time"}


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"numpy", "parquet"},
    description="One row of model inputs for every diary day, with what is to be predicted from it.",
)
def features(workspace: Workspace, preprocessed_diary: DiaryRef) -> dg.MaterializeResult[FeaturesRef]:
    frame = read_frame(workspace.store, preprocessed_diary.frame)
    rows = feature_rows(frame, horizon=preprocessed_diary.delivery.horizon)
    value = FeaturesRef(
        frame=write_frame(workspace.store, "features", rows.frame),
        delivery=preprocessed_diary.delivery,
        names=rows.names,
        severity_kind=rows.severity_kind,
        code_version=engine.code_version(),
        steps=preprocessed_diary.steps,
    )
    sentences = {row.name: row.description for row in engine.FEATURES}
    summary = (
        f"{len(rows.names)} features of {len(rows.frame):,} days; "
        f"{int(rows.frame['target_attack'].sum()):,} attacks to predict"
    )
    return dg.MaterializeResult(
        value=value,
        data_version=dg.DataVersion(value.frame.version),
        metadata=frame_metadata(value.frame, rows.frame, summary=summary, descriptions=sentences),
    )


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"numpy", "parquet"},
    description="Who trains and who tests: the last to join test, on the last days; the rest in folds by participant.",
)
def folds(workspace: Workspace, features: FeaturesRef) -> dg.MaterializeResult[FoldsRef]:
    columns = ["participant_id", "date", "target_attack"]
    frame = read_frame(workspace.store, features.frame, columns=columns)
    dated = features.delivery.first_day is not None
    day = days_of(frame, dated=dated)
    attack = frame["target_attack"].to_numpy(np.float64)
    split = assign(
        frame["participant_id"].to_numpy(object),
        day,
        ~np.isnan(attack),
        attack=attack,
        dated=dated,
        ahead=features.delivery.horizon,
        settings=workspace.params().folds,
    )
    whole = frame[["participant_id", "date"]].assign(part=split.part, fold=split.fold)
    value = FoldsRef(
        frame=write_frame(workspace.store, "folds", whole),
        features=features.frame.version,
        columns=("part", "rows", "participants", "attacks"),
        summary=tuple((c.part, f"{c.rows:,}", f"{c.participants:,}", f"{c.attacks:,}") for c in split.counts),
        cut_day=None if split.cut_day is None else str(date(1970, 1, 1) + timedelta(days=split.cut_day)),
        steps=tuple(FlowStep(STEP[c.part], c.rows, c.participants, f"{c.attacks:,} attacks.") for c in split.counts),
    )
    return dg.MaterializeResult(
        value=value,
        data_version=dg.DataVersion(value.frame.version),
        metadata=frame_metadata(value.frame, whole, summary=_said(split), descriptions={})
        | {"parts": table(value.columns, value.summary), "cut day": value.cut_day or "no dates"},
    )


def _said(split: Folds) -> str:
    return ", ".join(f"{c.part} {c.rows:,} days of {c.participants:,} participants" for c in split.counts)
