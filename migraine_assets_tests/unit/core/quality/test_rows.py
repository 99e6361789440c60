"""Checks of accepted rows; each has a diary that fails it."""

import datetime

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.contract import NAMES, PROVENANCE
from migraine_assets.core.quality.finding import Finding
from migraine_assets.core.quality.rows import (
    class_balance,
    enough_to_train,
    future_dates,
    outcome_consistency,
    repeated_rows,
    static_fields,
    unique_days,
)
from migraine_assets.core.quality.settings import QualitySettings
from migraine_assets_tests.unit.core.raw_frames import TODAY, good_days, kostecki_dillon, park, raw_frame

SETTINGS = QualitySettings()


def _valid(frame: pd.DataFrame | None = None) -> pd.DataFrame:
    return (good_days() if frame is None else frame)[[*NAMES, *PROVENANCE]]


def _all(valid: pd.DataFrame) -> list[Finding]:
    return [
        unique_days(valid),
        repeated_rows(valid),
        static_fields(valid),
        future_dates(valid, today=TODAY, settings=SETTINGS),
        outcome_consistency(valid),
        class_balance(valid, settings=SETTINGS),
        enough_to_train(valid, settings=SETTINGS),
    ]


def _failed(valid: pd.DataFrame) -> dict[str, bool]:
    """Return the names of the failed findings, and whether they block."""
    return {finding.name: finding.blocking for finding in _all(valid) if not finding.passed}


def test_a_good_diary_passes_every_check() -> None:
    assert _failed(_valid()) == {}


def test_the_real_diaries_fail_nothing_but_the_day_entered_twice() -> None:
    assert _failed(_valid(kostecki_dillon())) == {"repeated_rows": False}


def test_the_real_undated_diary_passes() -> None:
    assert _failed(_valid(park())) == {}


def test_a_yes_or_no_column_taken_for_the_severity_is_noticed_in_a_real_diary() -> None:
    assert _failed(_valid(park(severity="intensity"))) == {"outcome_consistency": False}


def test_an_empty_diary_is_blocked_with_a_sentence() -> None:
    assert _failed(_valid(raw_frame([]))) == {"class_balance": True, "enough_to_train": True}


def test_two_descriptions_of_a_day_are_blocked_with_their_place() -> None:
    valid = _valid()
    valid.loc[1, "date"] = valid["date"].iloc[0]
    finding = unique_days(valid)
    assert (finding.passed, finding.blocking) == (False, True)
    assert finding.rows == (("a.csv", "2"), ("a.csv", "3")), "the rows are located, not quoted"


def test_a_repeated_row_is_counted_and_blocks_nothing() -> None:
    valid = pd.concat([_valid(), _valid().head(3)], ignore_index=True)
    assert _failed(valid) == {"repeated_rows": False}
    assert repeated_rows(valid).reason.startswith("3 repeated rows of the same participant")


def test_a_person_who_is_in_a_flat_table_twice_is_seen() -> None:
    rng = np.random.default_rng(0)
    sleep = [*rng.uniform(4, 9, 20).round(3)]
    rows = [
        {"participant_id": f"row-{i}", "sleep_hours": hours} for i, hours in enumerate([*sleep, sleep[0], sleep[1]])
    ]
    assert repeated_rows(_valid(raw_frame(rows))).reason.startswith("2 undated rows with the same content")


def test_flat_rows_of_a_few_flags_are_alike_by_chance() -> None:
    rows = [{"participant_id": f"row-{i}", "yawning": i % 2} for i in range(20)]
    assert repeated_rows(_valid(raw_frame(rows))).passed


def test_a_participant_of_two_sexes_is_counted() -> None:
    valid = _valid()
    valid.loc[0, "sex"] = "F"
    finding = static_fields(valid)
    assert (finding.passed, finding.blocking) == (False, False)
    assert finding.rows == (("sex", "1"),)
    assert finding.reason == "sex has several values within 1 participant."


def test_many_changing_participants_are_counted() -> None:
    valid = _valid()
    valid["migraine_type"] = np.where(np.arange(len(valid)) % 2, "aura", "mixed")
    assert static_fields(valid).rows == (("migraine_type", "8"),)


@pytest.mark.parametrize(("days", "passed"), [(1, True), (2, False)])
def test_a_day_after_tomorrow_is_blocked(days: int, passed: bool) -> None:
    valid = _valid()
    valid.loc[0, "date"] = pd.Timestamp(TODAY + datetime.timedelta(days=days))
    assert future_dates(valid, today=TODAY, settings=SETTINGS).passed is passed


@pytest.mark.parametrize("name", ["migraine_severity", "duration_h"])
@pytest.mark.parametrize("outcome", [0.0, np.nan])
def test_an_attack_described_on_a_day_without_one_is_blocked(name: str, outcome: float) -> None:
    valid = _valid()
    valid.loc[0, ["migraine_occurrence", name]] = [outcome, 4.0]
    assert _failed(valid) == {"outcome_consistency": True}


def test_many_attacks_of_severity_0_are_a_warning() -> None:
    valid = _valid()
    attacks = valid.index[valid["migraine_occurrence"] == 1]
    valid.loc[attacks[: len(attacks) // 5], "migraine_severity"] = 0.0
    assert _failed(valid) == {}
    valid.loc[attacks[: len(attacks) // 3], "migraine_severity"] = 0.0
    assert _failed(valid) == {"outcome_consistency": False}


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [(1.0, "only days with an attack"), (0.0, "only days without"), (np.nan, "no day with a known")],
)
def test_one_class_is_blocked(outcome: float, reason: str) -> None:
    valid = _valid().assign(migraine_occurrence=outcome, migraine_severity=np.nan, duration_h=np.nan)
    assert _failed(valid) == {"class_balance": True, "enough_to_train": True}
    assert reason in class_balance(valid, settings=SETTINGS).reason


def test_a_rare_class_is_a_warning() -> None:
    valid = _valid(good_days(20, 60)).assign(migraine_severity=np.nan, duration_h=np.nan)
    valid["migraine_occurrence"] = (np.arange(len(valid)) % 40 == 0).astype(float)
    assert _failed(valid) == {"class_balance": False}


def test_one_person_is_too_few_and_the_sentence_says_how_many_are_needed() -> None:
    finding = enough_to_train(_valid(good_days(1, 90)), settings=SETTINGS)
    assert (finding.passed, finding.blocking) == (False, True)
    assert finding.reason == "Participants with a known outcome: 1; at least 7 are needed."


def test_the_diary_of_one_person_is_enough_if_it_is_long_and_the_sentence_says_how_many_days_are_missing() -> None:
    long, short = (_valid(good_days(1, days)) for days in (150, 90))
    assert enough_to_train(long, settings=SETTINGS, least_days=120).passed
    found = enough_to_train(short, settings=SETTINGS, least_days=120)
    assert "Days with a known outcome: 90; at least 120 are needed, 30 more." in found.reason


@pytest.mark.parametrize(("people", "passed"), [(6, False), (7, True)])
def test_seven_participants_are_enough(people: int, passed: bool) -> None:
    assert enough_to_train(_valid(good_days(people, 60)), settings=SETTINGS).passed is passed


def test_few_attacks_and_few_quiet_days_are_blocked() -> None:
    valid = _valid(good_days(8, 6))
    assert "Days with an attack: 16; at least 20" in enough_to_train(valid, settings=SETTINGS).reason
    turned = valid.assign(migraine_occurrence=1 - valid["migraine_occurrence"])
    assert "Days without an attack: 16; at least 20" in enough_to_train(turned, settings=SETTINGS).reason


def test_participants_without_a_known_outcome_do_not_count() -> None:
    valid = _valid()
    valid.loc[valid["participant_id"] < "p02", "migraine_occurrence"] = np.nan
    assert "participants with a known outcome: 6" in enough_to_train(valid, settings=SETTINGS).reason.lower()
