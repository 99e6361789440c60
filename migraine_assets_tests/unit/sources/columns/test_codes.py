import numpy as np
import pytest

from migraine_assets.core.contract import BY_NAME
from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.codes import settle_flags, sex_codes
from migraine_assets.sources.columns.mapping import Column

SEX = Column(BY_NAME["sex"], "gender")


def _flag(name: str) -> Column:
    return Column(BY_NAME[name], name)


@pytest.mark.parametrize(("codes", "woman", "man"), [
    ({"1", "2"}, "2", "1"), ({"0", "1", "2", "9"}, "2", "1"), ({"2"}, "2", None), ({"0", "1"}, "1", "0"),
])  # fmt: skip
def test_codes_of_sex_are_known(codes: set[str], woman: str, man: str | None) -> None:
    meaning, note = sex_codes(SEX, codes, "diary.csv")
    assert meaning[woman] == "F"
    assert man is None or meaning[man] == "M"
    assert note is not None


def test_unknown_sex_is_null_in_iso_5218() -> None:
    meaning, _ = sex_codes(SEX, {"0", "1", "2", "9"}, "diary.csv")
    assert meaning["0"] == meaning["9"] == ""


@pytest.mark.parametrize("codes", [{"1"}, {"1", "9"}])
def test_a_single_code_of_sex_is_asked_for(codes: set[str]) -> None:
    with pytest.raises(DataRefused, match=r"may be male \(ISO 5218\) or female"):
        sex_codes(SEX, codes, "diary.csv")


def test_words_need_no_codes() -> None:
    assert sex_codes(SEX, {"f", "m"}, "diary.csv") == ({}, None)


def test_two_attacks_are_one_attack_day_and_that_is_told() -> None:
    values, note = settle_flags(_flag("migraine_occurrence"), np.array([0, 1, 2, np.nan]), "diary.csv")
    np.testing.assert_array_equal(values, [0, 1, 1, np.nan])
    assert note is not None
    assert "every count above 0" in note


def test_a_stray_code_in_an_exposure_stays_for_validation() -> None:
    counts = np.array([0, 1] * 50 + [9.0])
    values, note = settle_flags(_flag("yawning"), counts, "diary.csv")
    np.testing.assert_array_equal(values, counts)
    assert note is None


@pytest.mark.parametrize(("values", "message"), [
    ([1, 2] * 20, "contains only 1 and 2"),
    ([0, 3, 8, 5] * 10, "goes from 0 to 8"), ([0, 0.5] * 20, "goes from 0 to 0.5"),
])  # fmt: skip
def test_codes_and_scales_in_a_flag_are_asked_for(values: list[float], message: str) -> None:
    with pytest.raises(DataRefused, match=message):
        settle_flags(_flag("yawning"), np.array(values, dtype=float), "diary.csv")
