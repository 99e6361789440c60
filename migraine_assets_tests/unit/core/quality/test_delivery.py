"""Checks of a delivery as a whole; each has a delivery that fails it."""

import datetime

import pandas as pd
import pytest

from migraine_assets.core.contract import NAMES, PROVENANCE
from migraine_assets.core.diary.validation import Validated, ValidationSettings, validate
from migraine_assets.core.quality.delivery import (
    not_empty,
    quarantine_share,
    raw_types,
    types_and_bounds,
    unreadable_share,
)
from migraine_assets.core.quality.settings import QualitySettings
from migraine_assets_tests.unit.core.raw_frames import TODAY, good_days, raw_frame

SETTINGS = QualitySettings()


def _validated(frame: pd.DataFrame) -> Validated:
    return validate(frame, today=TODAY, settings=ValidationSettings())


def _spoiled(rows: int) -> pd.DataFrame:
    """Return a hundred days, the first `rows` of them without a participant."""
    frame = good_days(5, 20)
    frame.loc[: rows - 1, "participant_id"] = None
    return frame


def test_a_good_delivery_passes_every_check() -> None:
    raw = good_days()
    validated = _validated(raw)
    findings = [
        raw_types(raw),
        not_empty(raw),
        unreadable_share(raw, settings=SETTINGS),
        quarantine_share(validated, settings=SETTINGS),
        types_and_bounds(validated.valid),
    ]
    assert [finding.name for finding in findings if not finding.passed] == []


def test_a_raw_frame_of_the_wrong_type_is_blocked_and_the_column_named() -> None:
    finding = raw_types(good_days().assign(sleep_hours="seven").drop(columns="date"))
    assert (finding.passed, finding.blocking) == (False, True)
    assert {row[0] for row in finding.rows} == {"sleep_hours", "date"}


def test_a_value_out_of_bounds_that_validation_missed_is_blocked_with_its_count() -> None:
    frame = good_days()
    frame.loc[:2, "sleep_hours"] = 31.0
    finding = types_and_bounds(frame[[*NAMES, *PROVENANCE]])
    assert (finding.passed, finding.blocking) == (False, True)
    assert finding.rows == (("sleep_hours", "less_than_or_equal_to(24)", "3"),)
    assert "sleep_hours" in finding.reason
    assert "31" not in finding.reason, "a finding quotes no cell"


def test_an_unknown_column_is_blocked_by_name() -> None:
    finding = types_and_bounds(good_days()[[*NAMES, *PROVENANCE]].assign(shoe_size=40.0))
    assert not finding.passed
    assert "shoe_size" in finding.reason


def test_no_rows_are_blocked() -> None:
    finding = not_empty(raw_frame([]))
    assert (finding.passed, finding.blocking) == (False, True)
    assert "no rows" in finding.reason


def test_unreadable_rows_are_shown_with_their_place_and_block_nothing() -> None:
    frame = good_days()
    frame.loc[:9, "unreadable"] = "sex='none' is not a known category; age='old; Ann=' is not a number"
    finding = unreadable_share(frame, settings=SETTINGS)
    assert (finding.passed, finding.blocking) == (False, False)
    assert finding.rows[0] == ("a.csv", "2", "sex, age"), "a finding names the fields and quotes no cell"
    assert "10 rows of 160 (6.2 %)" in finding.reason


@pytest.mark.parametrize(
    ("bad", "passed", "blocking"), [(5, True, False), (6, False, False), (30, False, False), (31, False, True)]
)
def test_quarantine_warns_above_5_and_blocks_above_30_per_cent(bad: int, passed: bool, blocking: bool) -> None:
    finding = quarantine_share(_validated(_spoiled(bad)), settings=SETTINGS)
    assert (finding.passed, finding.blocking) == (passed, blocking)
    assert finding.rows[0][:2] == ("missing_key", "participant_id")
    assert finding.rows[0][3] == str(bad)


def test_an_empty_frame_breaks_no_check() -> None:
    empty = raw_frame([])
    assert raw_types(empty).passed
    assert unreadable_share(empty, settings=SETTINGS).passed
    assert quarantine_share(
        validate(empty, today=datetime.date(2024, 1, 1), settings=ValidationSettings()), settings=SETTINGS
    ).passed
