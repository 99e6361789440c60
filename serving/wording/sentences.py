"""Sentences for people: the reasons of a prediction, and the risk compared with the usual one of the participant.

The English sentences are here; `locale` contains their translations. A sentence gives numbers with their unit. It
describes the computation of the model, never the cause of an attack. Not here: the numbers
(`migraine_assets.prediction`), the language of a request (`serving.wording.languages`).
"""

import math
from collections.abc import Mapping

import msgspec

from migraine_assets.core.contract import ATTACK, Field
from migraine_assets.prediction.risk import Level, level_of
from serving.wording.languages import Language, translations

# The name of each field of the contract in a sentence. Custom fields have their description instead, untranslated.
LABELS: Mapping[str, str] = {
    "date": "Weekday, and how the days follow each other",
    "age": "Age",
    "sex": "Sex",
    "migraine_type": "Migraine with aura",
    "preventive_medication": "Preventive drug",
    "sleep_hours": "Sleep",
    "sleep_quality": "Sleep quality",
    "stress_level": "Stress",
    "hydration": "Fluid drunk",
    "exercise": "Exercise sessions in the past week",
    "screen_time": "Screen time",
    "caffeine_intake": "Caffeinated drinks",
    "alcohol_intake": "Alcoholic drinks",
    "weather_pressure": "Barometric pressure",
    "humidity": "Relative humidity",
    "temperature_change": "Change of temperature since the day before",
    "air_quality": "Air quality index",
    "weather_changes": "Noticed a change of weather",
    "menstrual_cycle": "Perimenstrual day",
    "dehydration": "Felt dehydrated",
    "bright_light": "Bright or flickering light",
    "loud_noises": "Loud noise",
    "strong_smells": "Strong smells",
    "missed_meals": "Missed or late meal",
    "specific_foods": "Food suspected as a trigger",
    "physical_activity": "Strenuous activity",
    "neck_pain": "Neck pain or stiffness",
    "medication": "Drug taken",
    "yawning": "Unusual yawning",
    "poor_concentration": "Difficulty concentrating",
    "mood_change": "Irritable or low mood",
    "fatigue": "Unusual fatigue",
    "migraine_occurrence": "Attack",
    "migraine_severity": "Severity of the attack",
    "duration_h": "Duration of the attack",
}
# The form of a value in a sentence, by the unit of its field.
UNITS: Mapping[str, str] = {
    "years": "{value} years",
    "1-10": "{value} of 10",
    "0-10": "{value} of 10",
    "0-7": "{value}",
    "servings": "{value}",
    "index": "{value}",
}
YES, NO, FEMALE, MALE, NOT_REPORTED = "yes", "no", "female", "male", "not reported"

HIGHER = {
    "attack": (
        "With it, the estimated risk is {points} percentage point higher.",
        "With it, the estimated risk is {points} percentage points higher.",
    ),
    "severity": (
        "With it, the expected severity is {points} point higher.",
        "With it, the expected severity is {points} points higher.",
    ),
    "burden": (
        "With it, {points} headache day more is expected.",
        "With it, {points} headache days more are expected.",
    ),
}
LOWER = {
    "attack": (
        "With it, the estimated risk is {points} percentage point lower.",
        "With it, the estimated risk is {points} percentage points lower.",
    ),
    "severity": (
        "With it, the expected severity is {points} point lower.",
        "With it, the expected severity is {points} points lower.",
    ),
    "burden": (
        "With it, {points} headache day fewer is expected.",
        "With it, {points} headache days fewer are expected.",
    ),
}
UNCHANGED = "With it, the estimate is almost the same."
EARLIER = ("{value} ({days} day earlier)", "{value} ({days} days earlier)")
ATTACKS = ("{attacks} in {days} known day", "{attacks} in {days} known days")
LABELED = "{label}: {value}."

LEVELS: Mapping[Level, str] = {
    "much_lower": "much lower than usual",
    "lower": "lower than usual",
    "usual": "about as usual",
    "higher": "higher than usual",
    "much_higher": "much higher than usual",
}
_AGAINST_USUAL = (
    "{risk} % for this day and {usual} % on an average day, known from {days} day.",
    "{risk} % for this day and {usual} % on an average day, known from {days} days.",
)

_PLURALS = (*HIGHER.values(), *LOWER.values(), EARLIER, ATTACKS, _AGAINST_USUAL)
# All texts to translate: messages, and pairs of singular and plural.
MESSAGES: tuple[str, ...] = tuple(
    dict.fromkeys(
        (*LABELS.values(), *(unit for unit in UNITS.values() if unit != "{value}"), YES, NO, FEMALE, MALE,
         NOT_REPORTED, UNCHANGED, LABELED, *LEVELS.values())
    )
)  # fmt: skip
PLURALS: tuple[tuple[str, str], ...] = _PLURALS


class Reported(msgspec.Struct, frozen=True, gc=False):
    """The last known value of a field, and its age in days on the newest day."""

    value: float
    days_earlier: int


class Past(msgspec.Struct, frozen=True, gc=False):
    """The attacks and known days of the last 28, and the participant's own shrunk `rate` of attack days."""

    attacks: int
    days: int
    rate: float


def reason(
    field: Field, reported: Reported | None, share: float, *, kind: str, past: Past, language: Language = "en"
) -> str:
    """Return the sentence of a reason: the reported value of `field`, and its effect on the prediction.

    `share` is in the unit of the prediction, `kind`: "attack" (a probability), "severity" (0-10) or "burden" (days).
    """
    text, label = translations(language), label_of(field, language)
    if field.kind == "date":
        return f"{label}. {_effect(share, kind, language)}"
    if field.name == ATTACK and past.days:
        value = text.ngettext(*ATTACKS, past.days).format(attacks=past.attacks, days=past.days)
    elif reported is None:
        value = text.gettext(NOT_REPORTED)
    else:
        value = _value(field, reported, language)
    return f"{text.gettext(LABELED).format(label=label, value=value)} {_effect(share, kind, language)}"


def label_of(field: Field, language: Language) -> str:
    """Return the name of `field` in a sentence: that of `LABELS`, or the description of a custom field."""
    known = LABELS.get(field.name)
    return translations(language).gettext(known) if known else field.description.rstrip(".") or field.name


def choices_of(field: Field, language: Language) -> tuple[str, str] | None:
    """Return the words for a value of 0 and for any other value; None if `field` has other values than two."""
    pair = (MALE, FEMALE) if field.name == "sex" else (NO, YES)
    if field.kind != "flag" and field.name not in ("sex", "migraine_type"):
        return None
    text = translations(language)
    return text.gettext(pair[0]), text.gettext(pair[1])


def form_of(field: Field, language: Language) -> str:
    """Return the form of a number of `field`: {value} with its unit."""
    return translations(language).gettext(UNITS.get(field.unit, f"{{value}} {field.unit}".strip()))


def _value(field: Field, reported: Reported, language: Language) -> str:
    if choices := choices_of(field, language):
        value = choices[bool(reported.value)]
    elif field.kind == "category":
        value = _category(field, reported.value, language)
    else:
        value = form_of(field, language).format(value=number(reported.value, language))
    if not reported.days_earlier:
        return value
    days = reported.days_earlier
    return translations(language).ngettext(*EARLIER, days).format(value=value, days=days)


def _category(field: Field, value: float, language: Language) -> str:
    numbers = field.encoding.numbers if field.encoding else {}
    return next((name for name, code in numbers.items() if code == value), number(value, language))


def _effect(share: float, kind: str, language: Language) -> str:
    size = abs(share) * (100 if kind == "attack" else 1)
    points = float(round(size)) if size >= 1 else round(size, 1)
    text = translations(language)
    if not points:
        return text.gettext(UNCHANGED)
    forms = (HIGHER if share > 0 else LOWER)[kind]
    return text.ngettext(*forms, int(points)).format(points=number(points, language))


def against_usual(probability: float, past: Past, language: Language = "en") -> tuple[str, str]:
    """Return the level of `probability` compared with the rate of `past` in words, and a sentence with both numbers."""
    text = translations(language)
    sentence = text.ngettext(*_AGAINST_USUAL, past.days).format(
        risk=percent(probability, language), usual=percent(past.rate, language), days=past.days
    )
    return text.gettext(LEVELS[level_of(probability / past.rate)]), sentence


def percent(share: float, language: Language) -> str:
    """Return a share in whole percent, below 1 with one decimal."""
    value = 100 * share
    return number(value if value < 1 else float(round(value)), language)


def number(value: float, language: Language) -> str:
    """Return a number with at most one decimal, rounded half to even, with the decimal sign of the language."""
    if not math.isfinite(value):
        return "?"
    text = f"{value:.1f}".removesuffix(".0")
    return text if language == "en" else text.replace(".", ",")
