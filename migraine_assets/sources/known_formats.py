"""Table of published diaries that are recognized by their header, each with a mapping in `mappings/`.

Not here: how a mapping is parsed (`sources.columns.mapping`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from migraine_assets.core.contract import CONTRACT, Contract
from migraine_assets.sources.columns.mapping import SourceMapping, parse_mapping
from migraine_assets.sources.files.fetch import read_text
from migraine_assets.sources.files.limits import SourceLimits


@dataclass(frozen=True)
class KnownFormat:
    """A known header: all of `columns`, in any order, and optionally `optional`; others only if `others` is true."""

    name: str
    columns: frozenset[str]
    optional: frozenset[str] = frozenset()
    others: bool = False

    def has(self, header: Sequence[str]) -> bool:
        """Return whether `header` is of this format."""
        names = {name.casefold() for name in header}
        return self.columns <= names and (self.others or names <= self.columns | self.optional)


KOSTECKI_DILLON = KnownFormat(
    "kostecki_dillon",
    frozenset({"id", "time", "dos", "hatype", "age", "airq", "medication", "headache", "sex"}),
    frozenset({"", "rownames"}),
)
# No other diary has all of these columns; the file has 86 columns.
PARK_2016 = KnownFormat(
    "park2016",
    frozenset({
        "patient", "migraine_headache", "duration_min", "intensity_index", "stress", "weather_temp_change",
        "excessive_sunlight", "noise", "odors", "irregular_meals", "cheese_chocolate", "exercise", "menstruation",
        "emotional_change", "fatigue", "number_of_triggers",
    }),
    others=True,
)  # fmt: skip

FORMATS: tuple[KnownFormat, ...] = (KOSTECKI_DILLON, PARK_2016)


def recognize(header: Sequence[str]) -> KnownFormat | None:
    """Return the known format with this header, if any."""
    return next((form for form in FORMATS if form.has(header)), None)


def shipped_mapping(form: KnownFormat, contract: Contract = CONTRACT) -> SourceMapping:
    """Return the mapping of a known format."""
    return parse_mapping(_shipped_text(form), name=f"{form.name}.yaml", contract=contract)


def read_mapping(location: str, *, limits: SourceLimits, contract: Contract) -> SourceMapping:
    """Return the mapping at `location`, or the built-in mapping of that name if there is no such file.

    Raises `ConfigurationError` if there is none, or if it is invalid.
    """
    form = next((form for form in FORMATS if form.name == location), None)
    text = read_text(location, limits=limits) if form is None or Path(location).exists() else _shipped_text(form)
    return parse_mapping(text, name=location, contract=contract)


def _shipped_text(form: KnownFormat) -> str:
    return files("migraine_assets.sources").joinpath("mappings", f"{form.name}.yaml").read_text("utf-8")
