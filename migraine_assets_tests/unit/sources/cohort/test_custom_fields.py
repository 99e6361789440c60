"""Custom fields in the synthetic cohort: their values, and their faults, which validation detects."""

import datetime

import pandas as pd
import pytest

from migraine_assets.core.contract import CONTRACT, Contract, Field
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.sources.cohort.corruption import corrupt, faults
from migraine_assets.sources.files.delivery import Delivery
from migraine_assets.sources.registry import read_source
from migraine_assets.sources.synthetic import FILE_NAME

OWN = CONTRACT.updated((
    Field("hrv", "number", "exposure", "Heart rate variability.", "ms", 0, 300),
    Field("steps", "number", "exposure", "Steps.", "steps", low=0),
    Field("night_shift", "flag", "exposure", "Worked at night.", "0/1", 0, 1),
    Field("chronotype", "category", "static", "Chronotype.", categories=("lark", "owl")),
))  # fmt: skip
OPTIONS = {"participants": 20, "days": 40}


def cohort(contract: Contract, **options: object) -> Delivery:
    return read_source("synthetic", mapping=None, options={**OPTIONS, **options}, landing=None, contract=contract)


def test_declared_fields_have_values_and_change_nothing_else() -> None:
    plain, own = cohort(CONTRACT), cohort(OWN)
    pd.testing.assert_frame_equal(own.frame[plain.frame.columns], plain.frame)
    frame = own.frame
    assert frame["hrv"].dropna().between(0, 300).all()
    assert frame["hrv"].nunique() > 100
    assert (frame["steps"].dropna() >= 0).all()
    assert set(frame["night_shift"].dropna()) == {0, 1}
    assert set(frame["chronotype"].dropna()) == {"lark", "owl"}
    assert (frame.groupby("participant_id")["chronotype"].nunique(dropna=False) == 1).all()
    assert frame["hrv"].isna().mean() == pytest.approx(0.05, abs=0.03)
    assert any("random and unrelated" in note for note in own.notes)
    assert cohort(OWN).md5 == own.md5 != plain.md5
    assert own.files[0].name == FILE_NAME


def test_the_faults_of_custom_fields_are_detected() -> None:
    clean = cohort(OWN).frame
    soiled, names = corrupt(clean, share=0.3, seed=1, contract=OWN)
    assert {fault.name for fault in faults(OWN)} == set(pd.Series(names).dropna())
    result = validate(soiled, today=datetime.date(2026, 1, 1), settings=ValidationSettings(), contract=OWN)
    lost = result.reasons.set_index("field")["rows"]
    for field in ("hrv", "steps", "night_shift", "chronotype"):
        assert lost[field] == (names == f"custom field {field}").sum() > 0
