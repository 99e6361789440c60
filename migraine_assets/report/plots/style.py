"""Colours, dashes and the few strokes that all drawings share. Not here: what is drawn of which data.

Colours differ in lightness and lines in dash, for print and for readers who do not tell colours apart.
"""

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migraine_assets.core.evaluation.results import TaskEvaluation
from migraine_assets.core.metrics.interval import Interval

INK, SOFT, PALE = "#1d2a33", "#5a6872", "#c9d1d6"
CHAMPION, CHALLENGER = "#0b5c8a", "#c2571a"
LONGEST_NAME = 34


@dataclass(frozen=True)
class Line:
    """How a model or baseline is drawn."""

    color: str
    dash: str
    width: float


BASELINE_LINES: Mapping[str, Line] = {
    "personal_rate": Line("#3c4a54", "--", 1.4),
    "persistence": Line("#7b8790", ":", 1.4),
    "base_rate": Line("#9aa5ac", "-.", 1.0),
}


def line_of(key: str, evaluation: TaskEvaluation) -> Line:
    """The champion's, the challenger's or a baseline's line."""
    if key == evaluation.champion:
        return Line(CHAMPION, "-", 2.2)
    return BASELINE_LINES.get(key, Line(CHALLENGER, "-", 1.5))


def interval_stroke(axes: Any, place: int, interval: Interval, *, color: str) -> None:
    """A dot at the value, and a line between the ends where they are known."""
    if math.isfinite(interval.value):
        axes.plot(interval.value, place, "o", markersize=5, color=color)
    if interval.bounded:
        axes.plot([interval.ci_low, interval.ci_high], [place, place], color=color, linewidth=1.6)


def name_lines(axes: Any, names: list[str]) -> None:
    """One horizontal line for each name, the first on top."""
    # A name that is too long would leave the bars no room.
    short = [textwrap.shorten(name, LONGEST_NAME, placeholder="…") for name in names]
    axes.set_yticks(range(len(names)), short)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
