"""Published diaries that are recognised by their header, each with a mapping that ships with the package.

Here belongs one line for each form. Not here: how a mapping is read (`mapping`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from migraine_assets.sources.columns.mapping import SourceMapping, parse_mapping


@dataclass(frozen=True)
class Form:
    """A known header: `columns` are all there, in any order, beside nothing but `also`."""

    name: str
    columns: frozenset[str]
    also: frozenset[str] = frozenset()


KOSTECKI_DILLON = Form(
    "kostecki_dillon",
    frozenset({"id", "time", "dos", "hatype", "age", "airq", "medication", "headache", "sex"}),
    frozenset({"", "rownames"}),
)

FORMS: tuple[Form, ...] = (KOSTECKI_DILLON,)


def recognise(header: Sequence[str]) -> Form | None:
    """The known form that has this header, if any."""
    names = {name.casefold() for name in header}
    return next((form for form in FORMS if form.columns <= names <= form.columns | form.also), None)


def shipped_mapping(form: Form) -> SourceMapping:
    """The mapping of a known form."""
    leaf = f"{form.name}.yaml"
    text = files("migraine_assets.sources").joinpath("mappings", leaf).read_text("utf-8")
    return parse_mapping(text, name=leaf)
