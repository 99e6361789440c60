"""Skill by horizon: each is what an evaluation at that horizon would find with the same folds."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.evaluation.cross_validation import train_and_score
from migraine_assets.core.evaluation.datasets import task_data
from migraine_assets.core.evaluation.flags import FlagLimits
from migraine_assets.core.evaluation.folds import assign
from migraine_assets.core.evaluation.horizons import ALGORITHM, Split, skill_by_horizon
from migraine_assets.core.features.matrix import FeatureRows, days_of, feature_rows
from migraine_assets.core.features.outcome import OutcomeDefinition
from migraine_assets.core.models.catalogue import find
from migraine_assets_tests.support.small_diary import diary


def _rows(horizon: int, outcome: OutcomeDefinition) -> FeatureRows:
    frame = diary(3, participants=10, days=60, noise=0.5).assign(source_file="f", source_row=0)
    for item in CONTRACT.fields:
        if item.name not in frame:
            frame[item.name] = np.nan if item.kind in ("number", "flag") else None
    return feature_rows(frame, horizon=horizon, outcome=outcome)


def _split(rows: FeatureRows) -> Split:
    table = rows.frame
    attack = table["target_attack"].to_numpy(np.float64)
    folds = assign(
        table["participant_id"].to_numpy(object),
        days_of(table, dated=True),
        ~np.isnan(attack),
        attack=attack,
        dated=True,
    )
    assert folds.cut_day is not None
    return Split(folds.part, folds.fold, str(dt.date(1970, 1, 1) + dt.timedelta(days=folds.cut_day)), forward=False)


@pytest.mark.parametrize("outcome", [OutcomeDefinition(), OutcomeDefinition(window="any")], ids=["day", "window"])
def test_each_horizon_has_the_scores_of_an_evaluation_of_it(outcome: OutcomeDefinition) -> None:
    """The labels of all horizons come from the one feature table, without computing features again."""
    split, tomorrow = _split(_rows(1, OutcomeDefinition())), _rows(1, outcome)
    found = skill_by_horizon(
        tomorrow.frame, tomorrow.names, split, outcome, params={}, seed=3, replicates=40, horizons=(1, 3)
    )
    for skill in found:
        rows = _rows(skill.horizon, outcome)
        data = task_data(
            "attack", rows.frame, names=rows.names, part=split.part, fold=split.fold, severity_kind=None,
            horizon=skill.horizon, cut_day=split.cut_day, outcome=outcome if skill.horizon > 1 else None,
        )  # fmt: skip
        own = train_and_score(
            find("attack", ALGORITHM), data, params={}, seed=3, threads=1, replicates=40, horizon=skill.horizon,
            limits=FlagLimits(),
        )  # fmt: skip
        assert skill.model == own.cv["roc_auc"]
        assert skill.lead == own.lead["personal_rate"]
        assert (skill.rows, skill.attack_rate) == (len(data.train.y), pytest.approx(data.train.y.mean()))
    assert found[0].model.value > found[1].model.value + 0.05 or outcome.window == "any", "stress works for one day"


def test_a_table_that_does_not_say_which_days_are_attack_days_has_no_horizons() -> None:
    none = Split(np.zeros(0, np.int8), np.zeros(0, np.int8), None, forward=False)
    found = skill_by_horizon(
        pd.DataFrame(), ("stress_level",), none, OutcomeDefinition(), params={}, seed=1, replicates=1
    )
    assert found == ()
