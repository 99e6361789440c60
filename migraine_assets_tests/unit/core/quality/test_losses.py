from functools import partial

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.diary.validation import Validated, ValidationSettings, validate
from migraine_assets.core.features.matrix import outcome_of_rows
from migraine_assets.core.features.outcome import AttackDefinition
from migraine_assets.core.quality.losses import losses_with_outcome, nulled_values
from migraine_assets.core.quality.settings import QualitySettings
from migraine_assets_tests.unit.core.raw_frames import TODAY, good_days

SETTINGS = QualitySettings()


def _validated(frame: pd.DataFrame) -> Validated:
    return validate(frame, today=TODAY, settings=ValidationSettings())


@pytest.mark.parametrize(("bad", "passed", "blocking"), [(1, True, False), (5, False, False), (17, False, True)])
def test_nulled_values_warn_above_1_and_block_above_10_per_cent(bad: int, passed: bool, blocking: bool) -> None:
    frame = good_days()
    frame.loc[: bad - 1, "sleep_hours"] = 480.0
    finding = nulled_values(_validated(frame), settings=SETTINGS)
    assert (finding.passed, finding.blocking) == (passed, blocking)
    assert finding.rows[0][:3] == ("out_of_bounds", "sleep_hours", str(bad))
    assert not blocking or "sleep_hours: 10.6 % of the values cannot be used" in finding.reason


def test_an_attack_of_more_than_three_days_is_an_attack() -> None:
    frame = good_days()
    frame["duration_h"] = frame["duration_h"] * 10
    result = _validated(frame)
    assert (result.valid["migraine_occurrence"] == 1).sum() == (frame["migraine_occurrence"] == 1).sum()
    assert not nulled_values(result, settings=SETTINGS).blocking
    assert losses_with_outcome(result, settings=SETTINGS).passed


def test_values_lost_on_attack_days_are_blocked_whatever_their_share() -> None:
    frame = good_days(participants=40, days=40)
    rng = np.random.default_rng(5)
    frame.loc[(frame["migraine_occurrence"] == 1) & (rng.random(len(frame)) < 0.06), "missed_meals"] = 0.5
    result = _validated(frame)
    assert nulled_values(result, settings=SETTINGS).blocking is False
    finding = losses_with_outcome(result, settings=SETTINGS)
    assert (finding.passed, finding.blocking) == (False, True)
    assert "Values of missed_meals are lost on" in finding.reason


def test_rows_lost_on_attack_days_are_blocked_whatever_their_share() -> None:
    frame = good_days(participants=40, days=40)
    rng = np.random.default_rng(5)
    lost = (frame["migraine_occurrence"] == 1) & (rng.random(len(frame)) < 0.06)
    frame.loc[lost, "date"] = pd.Timestamp("2100-01-01")
    finding = losses_with_outcome(_validated(frame), settings=SETTINGS)
    assert not finding.passed
    assert "Rows are lost on" in finding.reason


def test_losses_by_chance_pass_also_as_text() -> None:
    frame = good_days(participants=40, days=40)
    frame.loc[::20, "sleep_hours"] = 99.0
    result = _validated(frame)
    as_text = Validated(result.valid, result.quarantined, result.reasons.astype(str))
    finding = losses_with_outcome(as_text, settings=SETTINGS)
    assert finding.passed
    assert finding.rows
    assert nulled_values(as_text, settings=SETTINGS).rows == nulled_values(result, settings=SETTINGS).rows


def test_a_clean_diary_loses_nothing() -> None:
    result = _validated(good_days())
    assert nulled_values(result, settings=SETTINGS).passed
    assert losses_with_outcome(result, settings=SETTINGS).passed


def test_losses_are_compared_by_the_defined_outcome() -> None:
    frame = good_days(participants=40, days=40)
    rng = np.random.default_rng(5)
    severe = AttackDefinition("stress_level", at_least=8)
    frame.loc[(frame["stress_level"] >= 8) & (rng.random(len(frame)) < 0.2), "missed_meals"] = 0.5
    assert losses_with_outcome(_validated(frame), settings=SETTINGS).passed
    result = validate(
        frame, today=TODAY, settings=ValidationSettings(), outcome=partial(outcome_of_rows, definition=severe)
    )
    finding = losses_with_outcome(result, settings=SETTINGS)
    assert "Values of missed_meals are lost on" in finding.reason
    assert not finding.passed
