"""Activities and symptoms of mood diaries, and the contract fields that they set.

Not here: the exports (`sources.importers.formats.daylio`, `sources.importers.formats.bearable`).
"""

from collections.abc import Mapping

from migraine_assets.core.contract import ATTACK
from migraine_assets.sources.files.sheet import Sheet

# Words in the names of activities and symptoms, and the flag that each sets.
ACTIVITIES: tuple[tuple[str, str], ...] = (
    ("migraine", ATTACK),
    ("neck pain", "neck_pain"),
    ("medic", "medication"),
    ("exercise", "physical_activity"),
    ("sport", "physical_activity"),
    ("workout", "physical_activity"),
    ("fatigue", "fatigue"),
    ("yawn", "yawning"),
    ("period", "menstrual_cycle"),
)


def flag_of(activity: str) -> str | None:
    """Return the contract field that an activity sets, if any."""
    name = activity.strip().casefold()
    return next((field for word, field in ACTIVITIES if word in name), None)


def activities_note(app: str, sheet: Sheet, fields_by_name: Mapping[str, str]) -> str:
    """Return the note on the recognized activities, with the field that each sets."""
    pairs = ", ".join(f"'{activity}' as {field}" for activity, field in fields_by_name.items())
    read = f"read {pairs}" if pairs else "no activity was recognized"
    return f"{sheet.file} is an export of {app}: {read}. Days with only other entries had no attack."
