"""The checks of `features` and `folds`, one step for each asset.

Not here: the rules (`core.quality`), the translation to Dagster (`defs.checks.findings`).
"""

import dagster as dg
import numpy as np
import pandas as pd

from migraine_assets.core.evaluation.datasets import TARGET
from migraine_assets.core.features.matrix import days_of
from migraine_assets.core.quality import features as quality_features
from migraine_assets.core.quality import folds as quality_folds
from migraine_assets.defs.checks.findings import Declared, results, specs
from migraine_assets.defs.refs import FeaturesRef, FoldsRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.assets.frames import read_frame

FEATURES = (
    Declared("features_finite", "Every input is finite or null.", can_block=True),
    Declared("no_outcome_among_inputs", "No input is an outcome, a target or a key.", can_block=True),
    Declared("no_input_nearly_the_outcome", "No single input reveals the outcome.", can_block=True),
)
FOLDS = (
    Declared("participants_disjoint", "No participant is in both parts or in two folds.", can_block=True),
    Declared("forward_in_time", "Training outcomes lie before test days.", can_block=True),
    Declared("both_classes", "The test part and every fold have days with and without an attack.", can_block=True),
)


@dg.multi_asset_check(name="features_checks", specs=specs("features", FEATURES))
def features_checks(workspace: Workspace, features: FeaturesRef):  # type: ignore[no-untyped-def]  # Dagster reads it
    table = read_frame(workspace.store, features.frame, ["participant_id", TARGET["attack"], *features.names])
    inputs = table[list(features.names)].to_numpy(np.float32)
    findings = (
        quality_features.features_finite(inputs, features.names),
        quality_features.no_outcome_among_inputs(features.names),
        quality_features.no_input_nearly_the_outcome(
            inputs,
            features.names,
            attack=table[TARGET["attack"]].to_numpy(np.float64),
            participant=_codes(table),
            settings=workspace.params().quality,
        ),
    )
    yield from results("features", findings)


@dg.multi_asset_check(name="folds_checks", specs=specs("folds", FOLDS, also_reads=["features"]))
def folds_checks(workspace: Workspace, folds: FoldsRef, features: FeaturesRef):  # type: ignore[no-untyped-def]  # as above
    split = read_frame(workspace.store, folds.frame)
    attack = read_frame(workspace.store, features.frame, [TARGET["attack"]])[TARGET["attack"]]
    dated = features.delivery.first_day is not None
    day, part = days_of(split, dated=dated), split["part"].to_numpy(np.int8)
    fold = split["fold"].to_numpy(np.int8)
    findings = (
        quality_folds.participants_disjoint(_codes(split), part, fold, forward=folds.forward),
        quality_folds.forward_in_time(
            part, day, day + features.delivery.horizon, dated=dated, fold=fold if folds.forward else None
        ),
        quality_folds.both_classes(attack.to_numpy(np.float64), part, fold),
    )
    yield from results("folds", findings)


def _codes(frame: pd.DataFrame) -> np.ndarray:
    return pd.factorize(frame["participant_id"])[0].astype(np.int64)
