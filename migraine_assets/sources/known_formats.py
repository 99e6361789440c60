"""Table of published diary formats that are recognized by their header, each with a mapping in `mappings/`.

Not here: how a mapping is parsed (`sources.columns.mapping`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from migraine_assets.sources.columns.mapping import SourceMapping, parse_mapping


@dataclass(frozen=True)
class KnownFormat:
    """A published format. Its header has all of `columns`, in any order, and no others except `optional`."""

    name: str
    columns: frozenset[str]
    optional: frozenset[str] = frozenset()


KOSTECKI_DILLON = KnownFormat(
    "kostecki_dillon",
    frozenset({"id", "time", "dos", "hatype", "age", "airq", "medication", "headache", "sex"}),
    frozenset({"", "rownames"}),
)

FORMATS: tuple[KnownFormat, ...] = (KOSTECKI_DILLON,)


def recognize(header: Sequence[str]) -> KnownFormat | None:
    """Return the known format with this header, if any."""
    names = {name.casefold() for name in header}
    return next((form for form in FORMATS if form.columns <= names <= form.columns | form.optional), None)


def shipped_mapping(form: KnownFormat) -> SourceMapping:
    """Return the built-in mapping of a known format."""
    leaf = f"{form.name}.yaml"
    text = files("migraine_assets.sources").joinpath("mappings", leaf).read_text("utf-8")
    return parse_mapping(text, name=leaf)
