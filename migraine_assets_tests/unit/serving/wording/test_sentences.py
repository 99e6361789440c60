"""Sentences say the value with its unit, the effect, and what was not reported."""

import re

import pytest

from migraine_assets.core.contract import BY_NAME, CONTRACT, Encoding, Field
from migraine_assets.prediction.risk import level_of
from serving.wording.languages import LANGUAGES, Language
from serving.wording.sentences import LABELS, Past, Reported, against_usual, number, reason

PAST = Past(2, 8, 0.248)
HRV = Field("hrv", "number", "exposure", "Heart rate variability.", "ms", 0, 300)
BAND = Field(
    "band",
    "category",
    "exposure",
    "Color of the band.",
    categories=("red",),
    encoding=Encoding("band", {"red": 2.0}, ""),
)


def test_every_field_that_can_be_a_reason_has_a_label() -> None:
    assert set(LABELS) == {field.name for field in CONTRACT.fields if field.numeric or field.kind == "date"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("field", [*CONTRACT.fields[1:], HRV, BAND], ids=lambda field: field.name)
def test_no_sentence_has_a_hole(field: Field, language: Language) -> None:
    for reported in (None, Reported(1.0, 0), Reported(0.0, 3)):
        for kind in ("attack", "severity", "burden"):
            for share in (0.0, 1.0, -0.01):
                text = reason(field, reported, share, kind=kind, past=PAST, language=language)
                assert re.fullmatch(r"[^{}]+[.:] [^{}]+\.", text)


@pytest.mark.parametrize(
    ("name", "reported", "share", "expected"),
    [
        ("stress_level", Reported(8, 0), 0.041,
         "Stress: 8 of 10. With it, the estimated risk is 4 percentage points higher."),
        ("sleep_hours", Reported(5.5, 2), -0.01,
         "Sleep: 5.5 h (2 days earlier). With it, the estimated risk is 1 percentage point lower."),
        ("humidity", Reported(61.25, 1), 0.004,
         "Relative humidity: 61.2 % (1 day earlier). With it, the estimated risk is 0.4 percentage points higher."),
        ("neck_pain", Reported(0, 0), 0.0001, "Neck pain or stiffness: no. With it, the estimate is almost the same."),
        ("hydration", None, -0.02,
         "Fluid drunk: not reported. With it, the estimated risk is 2 percentage points lower."),
        ("sex", Reported(1, 0), 0.02, "Sex: female. With it, the estimated risk is 2 percentage points higher."),
        ("migraine_occurrence", None, 0.1,
         "Attack: 2 in 8 known days. With it, the estimated risk is 10 percentage points higher."),
    ],
)  # fmt: skip
def test_a_reason_names_value_unit_and_effect(
    name: str, reported: Reported | None, share: float, expected: str
) -> None:
    assert reason(BY_NAME[name], reported, share, kind="attack", past=PAST) == expected


def test_an_own_field_goes_by_its_description_and_unit() -> None:
    text = reason(HRV, Reported(62.5, 0), 0.3, kind="severity", past=PAST, language="de")
    assert text == "Heart rate variability: 62,5 ms. Damit ist die erwartete Stärke um 0,3 Punkte höher."
    assert reason(BAND, Reported(2.0, 0), 1.0, kind="burden", past=PAST).startswith("Color of the band: red. ")


@pytest.mark.parametrize(
    ("ratio", "level"),
    [(0.0, "much_lower"), (0.5, "much_lower"), (0.51, "lower"), (0.79, "lower"), (0.8, "usual"), (1.25, "usual"),
     (1.26, "higher"), (1.99, "higher"), (2.0, "much_higher")],
)  # fmt: skip
def test_levels_of_the_ratio(ratio: float, level: str) -> None:
    assert level_of(ratio) == level


def test_the_risk_is_compared_with_the_own_rate_and_its_basis() -> None:
    words, sentence = against_usual(0.237, PAST)
    assert (words, sentence) == (
        "about as usual", "24 % for this day and 25 % on an average day, known from 8 days.",
    )  # fmt: skip
    assert against_usual(0.6, PAST, "fr")[0] == "bien plus élevé que d’habitude"


def test_numbers_have_the_decimal_sign_of_the_language() -> None:
    assert [number(6.25, language) for language in LANGUAGES] == ["6.2", "6,2", "6,2", "6,2"]
    assert number(float("inf"), "en") == "?"
