import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.features.outcome import AttackDefinition, OutcomeDefinition
from migraine_assets.core.monitoring.outcomes import Predicted, join_outcomes, latest_predictions

DAY = dt.date(2026, 3, 2)


def predictions(*rows: tuple[str, str | None, float]) -> pd.DataFrame:
    """Return predictions for the same day, from (id, participant, time)."""
    return pd.DataFrame(
        [
            {"id": name, "participant": who, "for_date": DAY if who else None, "time": time, "task": "attack"}
            for name, who, time in rows
        ],
        columns=["id", "participant", "for_date", "time", "task"],
    )


def feedback(*rows: tuple[str, float, bool]) -> pd.DataFrame:
    records = [{"id": name, "time": time, "attack": attack, "severity": None} for name, time, attack in rows]
    return pd.DataFrame(records, columns=["id", "time", "attack", "severity"])


def diary(*rows: tuple[str, float, float | None]) -> pd.DataFrame:
    records = [
        {"participant": who, "for_date": DAY, "time": time, "attack": attack, "severity": 5.0}
        for who, time, attack in rows
    ]
    return pd.DataFrame(records, columns=["participant", "for_date", "time", "attack", "severity"])


def attacks(requests: pd.DataFrame, reports: pd.DataFrame, later: pd.DataFrame) -> list[Any]:
    outcomes = join_outcomes(latest_predictions(requests), every=requests, feedback=reports, diary=later)
    return [None if np.isnan(value) else value for value in outcomes.predictions["attack"]]


def test_a_repeated_request_is_no_second_observation() -> None:
    requests = latest_predictions(predictions(("a", "p", 1), ("b", "p", 2), ("c", None, 1), ("d", None, 2)))
    assert sorted(requests["id"]) == ["b", "c", "d"]


def test_feedback_on_one_prediction_applies_to_the_participants_day() -> None:
    requests = predictions(("a", "p", 1), ("b", "p", 2))
    assert attacks(requests, feedback(("a", 9, True)), diary()) == [1]


def test_the_latest_report_counts_whatever_its_source() -> None:
    requests = predictions(("a", "p", 1))
    assert attacks(requests, feedback(("a", 9, True), ("a", 10, False)), diary()) == [0]
    assert attacks(requests, feedback(("a", 9, True)), diary(("p", 11, 0))) == [0]
    assert attacks(requests, feedback(("a", 12, True)), diary(("p", 11, 0))) == [1]


def test_a_diary_without_the_outcome_revokes_nothing() -> None:
    assert attacks(predictions(("a", "p", 1)), feedback(("a", 9, True)), diary(("p", 11, None))) == [1]


def test_a_prediction_without_a_participant_is_reached_by_its_id_alone() -> None:
    requests = predictions(("a", None, 1), ("b", None, 2))
    assert attacks(requests, feedback(("a", 9, True), ("unknown", 9, True)), diary(("p", 9, 1))) == [1, None]


def test_contradictions_are_counted() -> None:
    requests = predictions(("a", "p", 1), ("b", "q", 1))
    reports = feedback(("a", 9, True), ("a", 10, False), ("b", 9, True), ("b", 9, True))
    assert (
        join_outcomes(latest_predictions(requests), every=requests, feedback=reports, diary=diary()).contradictions == 1
    )


def test_without_reports_no_outcome_is_known() -> None:
    assert attacks(predictions(("a", "p", 1)), feedback(), diary()) == [None]
    assert attacks(predictions(), feedback(), diary()) == []


def settled(
    predicted: Predicted, requests: pd.DataFrame, reports: pd.DataFrame, later: pd.DataFrame
) -> list[tuple[float | None, float | None]]:
    """Return attack and severity of each prediction by the definition of `predicted`."""
    joined = join_outcomes(
        latest_predictions(requests), every=requests, feedback=reports, diary=later, predicted=predicted
    )
    columns = (joined.predictions[name] for name in ("attack", "severity"))
    return [tuple(None if np.isnan(x) else float(x) for x in row) for row in zip(*columns, strict=True)]  # type: ignore[misc]


def reported(*rows: tuple[int, float, float | None], field: str | None = None) -> pd.DataFrame:
    """Return reports of the diary of p, from (day relative to DAY, attack, severity or value of `field`)."""
    records = [
        {"participant": "p", "for_date": DAY + dt.timedelta(days=day), "time": 9.0, "attack": attack,
         "severity": None if field else value, "field": field, "value": value if field else None}
        for day, attack, value in rows
    ]  # fmt: skip
    return pd.DataFrame(records).astype({"severity": float, "value": float})


def test_a_severe_attack_is_settled_by_its_severity_whoever_reports_it() -> None:
    severe = Predicted(OutcomeDefinition(AttackDefinition("migraine_severity", 5.0)))
    requests = predictions(("a", "p", 1))
    assert settled(severe, requests, feedback(), reported((0, 1, 7))) == [(1, 7)]
    assert settled(severe, requests, feedback(), reported((0, 1, 3))) == [(0, None)]
    reports = feedback(("a", 9, True)).assign(severity=3.0)
    assert settled(severe, requests, reports, diary())[0][0] == 0
    assert settled(severe, requests, feedback(("a", 9, True)), diary())[0][0] is None, "of unknown severity"


def test_a_window_is_settled_when_all_of_its_days_are_reported() -> None:
    window = Predicted(OutcomeDefinition(window="any"), 3)
    requests = predictions(("a", "p", 1))
    assert settled(window, requests, feedback(), reported((-2, 1, 6), (-1, 0, None), (0, 0, None))) == [(1, 6)]
    assert settled(window, requests, feedback(), reported((-1, 0, None), (0, 1, 6))) == [(None, None)]
    assert settled(window, requests, feedback(("a", 9, True)), diary())[0][0] == 1, "feedback is about the prediction"


def test_an_onset_is_settled_after_free_days_only() -> None:
    onset = Predicted(OutcomeDefinition(AttackDefinition(free_days=1)))
    requests = predictions(("a", "p", 1))
    assert settled(onset, requests, feedback(), reported((-1, 0, None), (0, 1, 4))) == [(1, 4)]
    assert settled(onset, requests, feedback(), reported((-1, 1, 5), (0, 1, 4))) == [(None, None)]


def test_another_field_settles_what_it_decides() -> None:
    level = Predicted(OutcomeDefinition(AttackDefinition("neck_pain")), 1, CONTRACT)
    requests = predictions(("a", "p", 1))
    assert settled(level, requests, feedback(), reported((0, 0, 1), field="neck_pain"))[0][0] == 1
    assert settled(level, requests, feedback(), reported((0, 1, 0), field="yawning"))[0][0] is None
