"""Realistic diaries with their true values: each is read correctly, or refused with a remedy that works.

The files are outside the repository. A case is named by the first three letters of its file.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.diary.validation import Validated, ValidationSettings, validate
from migraine_assets.core.quality.losses import losses_with_outcome, nulled_values
from migraine_assets.core.quality.settings import QualitySettings
from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.delivery import Delivery
from migraine_assets.sources.table import open_table
from migraine_assets_tests.unit.core.raw_frames import TODAY

CASES = Path(__file__).resolve().parents[4] / "shared" / "cases"

pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the cases do not lie beside the checkout")

BIG = ("b0", "m0")

# Read without a mapping: every value is the true one, except in columns that only the case has.
READ: dict[str, set[str]] = {
    "00_": set(), "b00": set(), "b02": set(), "d01": set(), "d02": set(), "d04": set(), "d06": set(), "d07": set(),
    "d09": set(), "d11": set(), "d12": set(), "d15": set(), "d16": set(), "d21": set(), "i01": set(), "i09": set(),
    "k04": set(), "k08": set(), "k10": set(), "k15": set(), "k17": set(), "n01": set(), "n02": set(), "n06": set(),
    "n07": set(), "n08": set(), "n09": set(), "n10": {"stress_level"}, "n11": {"hydration"}, "n14": set(), "n16": set(),
    "n15": {"weather_pressure"}, "n22": set(), "n23": {"stress_level"}, "n27": {"duration_h"}, "s08": set(),
    "s09": set(), "s12": set(), "s13": set(), "y01": set(), "y02": set(), "y03": set(), "y07": set(), "y08": set(),
    "y09": set(), "y11": set(), "y14": set(), "y17": set(), "y18": {"sex"}, "y19": set(),
}  # fmt: skip

# Read with the mapping beside the case.
MAPPED = ("d04", "d06", "d11", "n03", "y02", "y07", "y10")

# Refused with this message. Its remedy, with the placeholders replaced by these words, gives the true values.
REMEDIES: dict[str, tuple[str, dict[str, str], set[str]]] = {
    "b03": ("931 of 6000 cells of column 'medication' are not 0 or 1", {}, {"medication"}),
    "d03": ("may be day first or month first", {}, {"days"}),
    "d08": ("contains times in UTC", {"Europe/Berlin": "Pacific/Auckland"}, set()),
    "d10": ("contains times since 1970", {}, set()),
    "d19": ("contains times in UTC", {"Europe/Berlin": "America/Denver"}, set()),
    "i03": ("12 files have no participant column", {}, {"participant_id", "date"}),
    "i06": ("several rows that differ", {
        "match_names: true, entries: day": "columns: {participant_id: [site, patient]}, match_names: true",
    }, {"participant_id"}),
    "m02": ("no outcome", {"<column>": "headache"}, set()),
    "n18": ("none of the 212 cells of column 'migraine_severity'", {
        '"<word>": <number>': "mild: 3, moderate: 6, severe: 9",
    }, {"migraine_severity"}),
    "n12": ("goes from 21 to 99", {"0-100": "0-100"}, {"migraine_severity"}),
    "n24": ("goes from 0 to 3", {}, {"stress_level"}),
    "n25": ("goes from 40 to 98", {}, {"sleep_quality"}),
    "s06": ("several rows that differ", {}, set()),
    "y15": ("goes from 0 to 10", {}, {"migraine_severity"}),
    "y20": ("177 of 720 cells of column 'medication' are not 0 or 1", {}, set()),
    "y21": ("none of the 177 cells of column 'medication'", {}, set()),
}  # fmt: skip

# Accepted with reported losses.
LOSSES = {"d13": "date", "n19": "sleep_hours", "n28": "duration_h"}


def _path(case: str) -> Path:
    return next(path for path in sorted(CASES.glob(f"{case}*")) if path.suffix != ".yaml")


def _truth(case: str) -> pd.DataFrame:
    frame = pd.read_parquet(CASES / ("truth_big.parquet" if case.startswith(BIG) else "truth.parquet"))
    return frame.assign(date=pd.to_datetime(frame["date"]))


def _read(case: str, mapping: Path | None = None) -> tuple[Delivery, Validated]:
    delivery = open_table(str(_path(case)), mapping=str(mapping) if mapping else None)
    settings = ValidationSettings()
    return delivery, validate(delivery.frame, today=pd.Timestamp("2026-01-01").date(), settings=settings)


def _differences(valid: pd.DataFrame, truth: pd.DataFrame, invented: set[str]) -> Iterator[str]:
    """Return the differences of the accepted rows from the true ones: missing days, additional days, and values."""
    if {"participant_id", "date"} & invented:
        yield from [] if len(valid) == len(truth) else [f"{len(valid)} rows"]
        return
    joined = valid.merge(truth, on=["participant_id", "date"], how="outer", suffixes=("", "_true"), indicator=True)
    for side in ("left_only",) if "days" in invented else ("left_only", "right_only"):
        if count := int((joined["_merge"] == side).sum()):
            yield f"{count} days {side}"
    for name in set(truth.columns) - {"participant_id", "date"} - invented:
        joined = joined[joined["_merge"] == "both"]
        read, true = joined[name], joined[f"{name}_true"]
        if read.isna().all():
            continue  # The case does not have the column.
        if true.dtype == object:
            wrong = read.notna() & (read != true)
        else:
            values, truths = read.to_numpy(np.float64), true.to_numpy(np.float64, na_value=np.nan)
            # "none" for a severity without an attack is 0.
            wrong = ~np.isclose(values, truths, atol=0.02, equal_nan=True) & ~((values == 0) & np.isnan(truths))
        if wrong.any():
            yield f"{int(wrong.sum())} values of {name}"


def _remedy(sentence: str, words: dict[str, str]) -> str:
    """Return the mapping in a refusal, with its placeholders replaced by `words`."""
    match = re.search(r"\{(?:columns|timezone|match_names|constants).*?(?:match_names: true|entries: day)\}", sentence)
    assert match is not None, sentence
    text = match[0]
    for left_open, word in words.items():
        assert left_open in text, text
        text = text.replace(left_open, word)
    return text


@pytest.mark.parametrize("case", READ)
def test_a_case_is_read_as_it_is_meant(case: str) -> None:
    delivery, result = _read(case)
    assert list(_differences(result.valid, _truth(case), READ[case])) == []
    assert not nulled_values(result, settings=QualitySettings()).blocking
    assert losses_with_outcome(result, settings=QualitySettings()).passed
    if READ[case] or case in ("d06", "d07", "d21", "n08", "n22", "y07", "y14", "y17", "y19"):
        assert delivery.notes, "a guess is told"


@pytest.mark.parametrize("case", MAPPED)
def test_a_case_is_read_by_its_mapping(case: str) -> None:
    _, result = _read(case, CASES / f"{case}.yaml")
    assert list(_differences(result.valid, _truth(case), set())) == []


@pytest.mark.parametrize("case", REMEDIES)
def test_the_remedy_of_a_refusal_works_when_followed_to_the_letter(case: str, tmp_path: Path) -> None:
    sentence, words, invented = REMEDIES[case]
    with pytest.raises(DataRefused, match=sentence) as refusal:
        _read(case)
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(_remedy(str(refusal.value), words), encoding="utf-8")
    _, result = _read(case, mapping)
    assert list(_differences(result.valid, _truth(case), invented)) == []
    assert not nulled_values(result, settings=QualitySettings()).blocking


def test_codes_of_yes_and_no_are_asked_for_one_column_after_the_other() -> None:
    with pytest.raises(DataRefused, match="'medication' contains only 1 and 2, which may be codes"):
        _read("y10")


def test_the_encoding_is_stated(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="encoding"):
        _read("y05")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("{encoding: cp1251, match_names: true}")
    _, result = _read("y05", mapping)
    assert list(_differences(result.valid, _truth("y05"), set())) == []


@pytest.mark.parametrize("case", LOSSES)
def test_losses_are_counted(case: str) -> None:
    _, result = _read(case)
    assert LOSSES[case] in set(result.reasons["field"]) | {"date"}
    truth = _truth(case)
    assert len(result.valid) >= 0.99 * len(truth)
    assert result.valid["migraine_occurrence"].sum() >= 0.98 * truth["migraine_occurrence"].sum()
    assert losses_with_outcome(result, settings=QualitySettings()).passed


def test_minutes_of_exercise_are_not_sessions() -> None:
    _, result = _read("n20")
    finding = nulled_values(result, settings=QualitySettings())
    assert finding.blocking
    assert "exercise: 40.3 % of the values cannot be used (rule out_of_bounds)" in finding.reason


def test_a_mapping_that_leaves_out_person_and_day_is_refused() -> None:
    with pytest.raises(DataRefused, match=r"does not read 'participant_id'.*and 'date'"):
        _read("m02", CASES / "m02_follow_message.yaml")
    with pytest.raises(DataRefused, match=r"no date, but 'StartDate', 'EndDate', 'Q1_date' may be the day"):
        _read("s11")


def test_the_day_of_the_tests_is_after_the_cases() -> None:
    assert pd.Timestamp(TODAY) > _truth("00_")["date"].max()


def test_the_records_of_relief_ahead_are_read_once_the_zone_is_stated(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="times in UTC") as refusal:
        _read("a08")
    (tmp_path / "m.yaml").write_text(_remedy(str(refusal.value), {"Europe/Berlin": "UTC"}))
    _, result = _read("a08", tmp_path / "m.yaml")
    assert list(_differences(result.valid.assign(participant_id="004"), _of_one("004"), {"medication"})) == []


@pytest.mark.parametrize("side", ["a07", "a11", "a15"])
def test_what_a_device_or_a_service_recorded_is_that_of_the_diary(side: str, tmp_path: Path) -> None:
    shutil.copy(_path("a04"), tmp_path)
    shutil.copy(_path(side), tmp_path)
    location = str(tmp_path) if side == "a07" else str(_path(side))
    frame = open_table(location).frame.assign(participant_id="004")
    assert list(_differences(frame, _of_one("004"), set())) == []
    assert frame["weather_pressure" if side == "a11" else "sleep_hours"].notna().all()


def _of_one(participant: str) -> pd.DataFrame:
    truth = _truth("00_")
    return truth[truth["participant_id"] == participant]
