"""The asset `folds`: the part (training, test or unused) and the cross-validation fold of each row of the feature
table.

Not here: how the split is made (`core.evaluation.folds`, `core.evaluation.time_folds`), its checks
(`defs.checks.features`).
"""

from datetime import date, timedelta

import dagster as dg
import numpy as np
import pandas as pd

from migraine_assets.core.evaluation.data_flow import FlowStep
from migraine_assets.core.evaluation.folds import UNUSED, Folds, assign
from migraine_assets.core.evaluation.time_folds import assign_in_time
from migraine_assets.core.features.matrix import days_of
from migraine_assets.defs.metadata import frame_metadata, table
from migraine_assets.defs.refs import FeaturesRef, FoldsRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.assets.frames import read_frame, write_frame

OWNERS = ["team:ml"]
GROUP = "g2_features"
STEP = {"train": "Training part", "test": "Test part", "unused": "Not used because of the split in time"}


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"numpy", "parquet"},
    description=(
        "The split: the participants who joined last test, on the last days; the others train, in folds. The diary of "
        "one person is split in time."
    ),
)
def folds(workspace: Workspace, features: FeaturesRef) -> dg.MaterializeResult[FoldsRef]:
    frame = read_frame(workspace.store, features.frame, columns=["participant_id", "date", "target_attack"])
    split = _split(workspace, features, frame)
    assigned = frame[["participant_id", "date"]].assign(part=split.part, fold=split.fold)
    value = FoldsRef(
        frame=write_frame(workspace.store, "folds", assigned),
        features=features.frame.version,
        columns=("part", "rows", "participants", "attacks"),
        summary=tuple((c.part, f"{c.rows:,}", f"{c.participants:,}", f"{c.attacks:,}") for c in split.counts),
        cut_day=None if split.cut_day is None else str(date(1970, 1, 1) + timedelta(days=split.cut_day)),
        steps=tuple(FlowStep(STEP[c.part], c.rows, c.participants, f"{c.attacks:,} attacks.") for c in split.counts),
        forward=split.forward,
        one_person=split.forward and frame["participant_id"][split.part != UNUSED].nunique() == 1,
    )
    return dg.MaterializeResult(
        value=value,
        data_version=dg.DataVersion(value.frame.version),
        metadata=frame_metadata(value.frame, assigned, summary=_summary(split), descriptions={})
        | {"parts": table(value.columns, value.summary), "cut day": value.cut_day or "no dates"},
    )


def _split(workspace: Workspace, features: FeaturesRef, frame: pd.DataFrame) -> Folds:
    dated, ahead, settings = features.delivery.dated, features.delivery.horizon, workspace.params().folds
    attack = frame["target_attack"].to_numpy(np.float64)
    who, days, known = frame["participant_id"].to_numpy(object), days_of(frame, dated=dated), ~np.isnan(attack)
    if settings.in_time(participants=frame["participant_id"].nunique(), dated=dated):
        return assign_in_time(who, days, known, attack=attack, ahead=ahead, settings=settings)
    return assign(who, days, known, attack=attack, dated=dated, ahead=ahead, settings=settings)


def _summary(split: Folds) -> str:
    return ", ".join(f"{c.part} {c.rows:,} days of {c.participants:,} participants" for c in split.counts)
