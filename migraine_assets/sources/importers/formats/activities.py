"""Activities and symptoms of mood diaries, and the contract fields that they set.

Not here: the exports (`sources.importers.formats.daylio`, `sources.importers.formats.bearable`).
"""

import re
from collections.abc import Mapping

from migraine_assets.core.contract import ATTACK
from migraine_assets.sources.files.sheet import Sheet

# Words in the name of an activity or symptom, and the field that it sets. The first match is used: a medication against
# migraine is not an attack.
ACTIVITIES: tuple[tuple[str, str], ...] = (
    ("medic", "medication"),
    ("medik", "medication"),
    ("triptan", "medication"),
    ("painkiller", "medication"),
    ("migr", ATTACK),
    ("emicrania", ATTACK),
    ("enxaqueca", ATTACK),
    ("мигрен", ATTACK),
    ("neck pain", "neck_pain"),
    ("exercise", "physical_activity"),
    ("sport", "physical_activity"),
    ("workout", "physical_activity"),
    ("fatigue", "fatigue"),
    ("yawn", "yawning"),
    ("period", "menstrual_cycle"),
)
# "No migraine" and "migraine-free" are chosen on days without an attack.
_NEGATED = re.compile(
    r"\b(no|not|none|without|free|kein\w*|ohne|sans|pas|sin|senza|sem|geen|ingen|bez)\b|[^\W\d]frei\b"
)


def flag_of(activity: str) -> str | None:
    """Return the contract field that an activity sets; None if it sets none or is negated."""
    name = activity.strip().casefold()
    if _NEGATED.search(name):
        return None
    return next((field for word, field in ACTIVITIES if word in name), None)


def activities_note(app: str, sheet: Sheet, fields_by_name: Mapping[str, str]) -> str:
    """Return the note on the recognized activities, with the field that each sets."""
    pairs = ", ".join(f"'{activity}' as {field}" for activity, field in fields_by_name.items())
    read = f"read {pairs}" if pairs else "no activity was recognized"
    return f"{sheet.file} is an export of {app}: {read}. Days with only other entries had no attack."
