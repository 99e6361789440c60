"""The checks of a diary and their order."""

import datetime
from pathlib import Path

import pandas as pd

from migraine_assets.core.diary.profile import profile
from migraine_assets.core.diary.validation import Validated, ValidationSettings, validate
from migraine_assets.core.quality.settings import QualitySettings
from migraine_assets.core.quality.suite import raw_findings, validated_findings
from migraine_assets.defs.checks.diary import RAW, VALIDATED
from migraine_assets.sources.registry import read_source
from migraine_assets_tests.support.small_diary import diary

TODAY = datetime.date(2024, 6, 1)


def _raw(folder: Path, **columns: object) -> pd.DataFrame:
    diary().assign(**columns).to_csv(folder / "diary.csv", index=False)
    return read_source(str(folder / "diary.csv"), mapping=None, options={}, landing=None).frame


def _validated(raw: pd.DataFrame) -> Validated:
    return validate(raw, today=TODAY, settings=ValidationSettings())


def test_every_declared_check_has_its_finding(tmp_path: Path) -> None:
    raw, settings = _raw(tmp_path), QualitySettings()
    findings = validated_findings(_validated(raw), previous=None, today=TODAY, settings=settings)
    assert [finding.name for finding in findings] == [check.name for check in VALIDATED]
    assert [finding.name for finding in raw_findings(raw, previous=None, settings=settings)] == [
        check.name for check in RAW
    ]


def test_only_what_may_block_does(tmp_path: Path) -> None:
    raw = _raw(tmp_path, migraine_occurrence=0.0, migraine_severity=None)
    findings = validated_findings(_validated(raw), previous=None, today=TODAY, settings=QualitySettings())
    blocked = {finding.name for finding in findings if finding.blocking and not finding.passed}
    assert {"class_balance", "enough_to_train"} <= blocked <= {check.name for check in VALIDATED if check.can_block}


def test_the_previous_delivery_is_compared_with(tmp_path: Path) -> None:
    before, now = _raw(tmp_path), _raw(tmp_path, sleep_hours=3.0)
    settings = QualitySettings()
    findings = validated_findings(
        _validated(now), previous=profile(_validated(before).valid), today=TODAY, settings=settings
    )
    drift = next(finding for finding in findings if finding.name == "drift_from_previous")
    assert not drift.passed
    assert "sleep_hours" in drift.reason
