"""The feature table with its targets, and who trains and who tests."""

from datetime import date, timedelta

import dagster as dg
import numpy as np
import pandas as pd

from migraine_assets.core import features as engine
from migraine_assets.core import labels
from migraine_assets.core.contract import ATTACK, PROVENANCE, SEVERITY
from migraine_assets.core.diary import Diary
from migraine_assets.core.diary_frame import diary_from_frame
from migraine_assets.core.evaluation import FlowStep
from migraine_assets.core.folds import Folds, assign
from migraine_assets.defs.describe import frame_metadata, table
from migraine_assets.defs.resources import Workspace
from migraine_assets.defs.values import DiaryRef, FeaturesRef, FoldsRef
from migraine_assets.stores.references import read_frame, write_frame

OWNERS = ["team:ml"]
GROUP = "g2_features"
STEP = {"train": "To train on", "test": "To test on", "unused": "Unused by the split in time"}
TARGETS = ("target_attack", "target_severity")


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"numpy", "parquet"},
    description="One row of model inputs for every diary day, with what is to be predicted from it.",
)
def features(workspace: Workspace, preprocessed_diary: DiaryRef) -> dg.MaterializeResult[FeaturesRef]:
    frame = read_frame(workspace.store, preprocessed_diary.frame)
    diary, horizon = diary_from_frame(frame), preprocessed_diary.delivery.horizon
    names = engine.available(diary)
    inputs = engine.compute(diary, horizon=horizon)[:, engine.select(names)]
    kind, targets = _targets(frame, diary, horizon=horizon)
    keys = frame[["participant_id", "date", *PROVENANCE, "age", "sex", "migraine_type"]].rename(columns=GROUPS)
    whole = pd.concat([keys, pd.DataFrame(inputs, columns=list(names)), targets], axis=1)
    value = FeaturesRef(
        frame=write_frame(workspace.store, "features", whole),
        delivery=preprocessed_diary.delivery,
        names=names,
        severity_kind=kind,
        code_version=engine.code_version(),
        steps=preprocessed_diary.steps,
    )
    sentences = {row.name: row.description for row in engine.FEATURES}
    summary = (
        f"{len(names)} features of {len(whole):,} days; {int(np.nansum(targets['target_attack'])):,} attacks to predict"
    )
    return dg.MaterializeResult(
        value=value,
        data_version=dg.DataVersion(value.frame.version),
        metadata=frame_metadata(value.frame, whole, summary=summary, descriptions=sentences),
    )


# The subgroups of the report, kept apart from the inputs of the same name.
GROUPS = {"age": "group_age", "sex": "group_sex", "migraine_type": "group_migraine_type"}


def _targets(frame: pd.DataFrame, diary: Diary, *, horizon: int) -> tuple[str | None, pd.DataFrame]:
    attack = labels.attack_label(diary, horizon)
    kind: str | None = "severity"
    severity = labels.severity_label(diary, horizon)
    if frame[SEVERITY].isna().all():
        kind = "burden" if diary.dated and frame[ATTACK].notna().any() else None
        severity = labels.burden_label(diary) if kind else np.full(len(frame), np.nan)
    return kind, pd.DataFrame(dict(zip(TARGETS, (attack, severity), strict=True)))


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


def days_of(frame: pd.DataFrame, *, dated: bool) -> np.ndarray:
    """Days since 1970-01-01, int64[n]; 0 for an undated diary."""
    if not dated:
        return np.zeros(len(frame), dtype=np.int64)
    return frame["date"].to_numpy("datetime64[D]").astype(np.int64)


def _said(split: Folds) -> str:
    return ", ".join(f"{c.part} {c.rows:,} days of {c.participants:,} participants" for c in split.counts)
