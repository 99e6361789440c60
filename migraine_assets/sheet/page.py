"""The sheet of one participant: one A4 page as HTML, self-contained, without scripts.

Not here: sentences (`sheet.sentences`), statistics (`core.person`), what it is made from (`sheet.document`), the PDF
(`sheet.pdf`).
"""

import base64
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from migraine_assets.core.metrics.formatting import unbroken
from migraine_assets.core.person.agreement import Agreement
from migraine_assets.core.person.months import LOWER_LIMIT, UPPER_LIMIT, Month
from migraine_assets.core.person.summary import PersonSummary
from migraine_assets.sheet import sentences as text

_EPOCH = dt.date(1970, 1, 1).toordinal()
MOST_COMPARED = 24
# With more rows of tables than this, text and rows are smaller, so that the sheet stays one page.
_ROWS = 26


@dataclass(frozen=True, eq=False)
class SheetFacts:
    """What the sheet shows besides the summary.

    `participant`: "" if the diary names none. `source`: the description of the diary. `attack`: what counts as an
    attack day, "" for any attack. `model`: the champion, "" if none is promoted. `outcome`: what it predicts.
    `agreement`: its forecasts and the outcomes, None without a model.
    """

    participant: str
    source: str
    attack: str = ""
    model: str = ""
    outcome: str = ""
    simulated: bool = False
    agreement: Agreement | None = None


@dataclass(frozen=True)
class DayCell:
    """A day of the calendar. `state`: attack, free, unknown, or outside (of the month or the diary)."""

    state: str
    mark: str = ""
    drug: bool = False
    level: int = 0


def sheet_page(summary: PersonSummary, facts: SheetFacts) -> bytes:
    """Render the sheet as a single HTML file."""
    found = summary.associations
    shown = found.compared[:MOST_COMPARED]
    context = {
        "facts": facts,
        "style": Markup(style()),
        "summary": summary,
        "text": text,
        "limits": (LOWER_LIMIT, UPPER_LIMIT),
        "calendar": [(month, _cells(summary, month)) for month in summary.months],
        "columns": _columns(shown),
        "dense": 2 * len(summary.months) + len(summary.rates) + (len(shown) + 1) // 2 > _ROWS,
        "hidden": len(found.compared) - len(shown),
        "lines": text.agreement(facts.agreement, facts.outcome) if facts.agreement else [text.NO_MODEL],
    }
    return unbroken(_environment().get_template("sheet.html").render(**context)).encode()


@cache
def style() -> str:
    """Return the style sheet, which is the same in every sheet."""
    return (files("migraine_assets.sheet") / "templates" / "sheet.css").read_text(encoding="utf-8")


@cache
def style_source() -> str:
    """Return the source expression of a Content-Security-Policy that allows the style sheet and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("migraine_assets.sheet"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["title"] = text.title
    return environment


def _columns(shown: Sequence[object]) -> list[Sequence[object]]:
    """Return the associations in two columns of equal length."""
    half = (len(shown) + 1) // 2
    return [column for column in (shown[:half], shown[half:]) if column]


def _cells(summary: PersonSummary, month: Month) -> list[DayCell]:
    """Return 31 cells: the days of `month`, and cells outside of it."""
    start = dt.date(month.year, month.month, 1).toordinal() - _EPOCH - summary.whole_months.first
    return [_cell(summary, start + k if k < month.days else -1) for k in range(31)]


def _cell(summary: PersonSummary, position: int) -> DayCell:
    days = summary.whole_months
    if not 0 <= position < len(days):
        return DayCell("outside")
    drug = bool(days.drug[position] == 1)
    if days.attack[position] == 1:
        severity = float(days.severity[position])
        if np.isnan(severity):
            return DayCell("attack", "×", drug, 1)
        return DayCell("attack", f"{severity:.0f}", drug, 1 + (severity >= 4) + (severity >= 7))
    return DayCell("free" if days.attack[position] == 0 else "unknown", "", drug)
