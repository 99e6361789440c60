"""Aliases of fields and of their categories, for files and for requests to the service.

Not here: applying them to a file (`sources.columns.binding`) or to a request (`serving.input.aliases`).
"""

import re
from dataclasses import dataclass

from migraine_assets.core.contract import ATTACK


@dataclass(frozen=True)
class Alias:
    """An alias of a contract field, compared without case, spaces and punctuation, with an optional recoding."""

    name: str
    field: str
    recode: tuple[tuple[str, str], ...] = ()


# Only unambiguous names. If a file has several aliases of a field, the first in this list is used. The outcome is never
# guessed from 'headache', which means more than migraine in some diaries and less in others.
ALIASES: tuple[Alias, ...] = (
    Alias("participant", "participant_id"),
    Alias("patient_id", "participant_id"),
    Alias("patient", "participant_id"),
    Alias("subject_id", "participant_id"),
    Alias("subject", "participant_id"),
    Alias("participant_code", "participant_id"),
    Alias("participant_no", "participant_id"),
    Alias("participant_number", "participant_id"),
    Alias("patient_code", "participant_id"),
    Alias("patient_no", "participant_id"),
    Alias("patient_number", "participant_id"),
    Alias("subject_no", "participant_id"),
    Alias("subject_number", "participant_id"),
    Alias("study_id", "participant_id"),
    Alias("person_id", "participant_id"),
    Alias("user_id", "participant_id"),
    Alias("id", "participant_id"),
    Alias("diary_date", "date"),
    Alias("entry_date", "date"),
    Alias("record_time", "date"),
    Alias("gender", "sex", (("0", "M"), ("1", "F"))),
    Alias("age_years", "age"),
    Alias("sleep_duration", "sleep_hours"),
    Alias("barometric_pressure", "weather_pressure"),
    Alias("migraine", ATTACK),
    Alias("migraine_attack", ATTACK),
    Alias("severity", "migraine_severity"),
    Alias("migraine_intensity", "migraine_severity"),
    Alias("duration_hours", "duration_h"),
    Alias("duration", "duration_h"),
    Alias("attack_duration", "duration_h"),
)


# Spellings of the categories of the contract, in lower case.
SPELLINGS: dict[str, dict[str, str]] = {
    "sex": dict.fromkeys(
        ("f", "female", "woman", "w", "weiblich", "frau", "femme", "féminin", "mujer", "femenino", "donna", "femmina",
         "mulher", "feminino", "vrouw", "kobieta", "kvinna", "kvinde", "nainen", "женский", "ж"), "F",
    ) | dict.fromkeys(
        ("m", "male", "man", "männlich", "mann", "homme", "masculin", "hombre", "masculino", "uomo", "maschio", "homem",
         "mężczyzna", "mies", "мужской", "м"), "M",
    ),
    "migraine_type": {
        "aura": "aura", "with aura": "aura", "migraine with aura": "aura",
        "no_aura": "no_aura", "no aura": "no_aura", "without aura": "no_aura",
        "migraine without aura": "no_aura",
        "mixed": "mixed", "both": "mixed", "other": "other",
    },
}  # fmt: skip


def canonical(name: str) -> str:
    """Reduce a column name for comparison: letters and digits only, case-folded."""
    return re.sub(r"[\W_]+", "", name.casefold())
