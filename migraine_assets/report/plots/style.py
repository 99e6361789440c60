"""Colors, line styles and shared drawing helpers.

Colors differ in lightness and lines in dash pattern, for print and for color-blind readers. Not here: the plots
themselves (`report.plots.plots`, `report.plots.curves`).
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
PAPER, GRID, OTHER = "#ffffff", "#e6eaed", "#4f7d96"
# The counterpart of every color on a dark page.
DARK: Mapping[str, str] = {
    INK: "#e3eaee",
    SOFT: "#a9b6be",
    PALE: "#4a5a64",
    CHAMPION: "#62b5e5",
    CHALLENGER: "#f2995f",
    PAPER: "#151c21",
    GRID: "#2b363d",
    OTHER: "#86b4cc",
    "#3c4a54": "#c3ced5",
    "#7b8790": "#929fa8",
    "#9aa5ac": "#7f8b93",
}
LONGEST_NAME = 34


@dataclass(frozen=True)
class Line:
    """Line style of a model or baseline."""

    color: str
    dash: str
    width: float


BASELINE_LINES: Mapping[str, Line] = {
    "personal_rate": Line("#3c4a54", "--", 1.4),
    "persistence": Line("#7b8790", ":", 1.4),
    "base_rate": Line("#9aa5ac", "-.", 1.0),
}


def line_of(key: str, evaluation: TaskEvaluation) -> Line:
    """Return the line style of the champion, the challenger or a baseline."""
    if key == evaluation.champion:
        return Line(CHAMPION, "-", 2.2)
    return BASELINE_LINES.get(key, Line(CHALLENGER, "-", 1.5))


def draw_interval(axes: Any, row: int, interval: Interval, *, color: str) -> None:
    """Draw a dot at the value, and a line between the bounds if they are known."""
    if math.isfinite(interval.value):
        axes.plot(interval.value, row, "o", markersize=5, color=color)
    if interval.bounded:
        axes.plot([interval.ci_low, interval.ci_high], [row, row], color=color, linewidth=1.6)


def label_rows(axes: Any, names: list[str]) -> None:
    """Label one horizontal row for each name, the first on top."""
    # A longer name would leave no room for the bars.
    short = [textwrap.shorten(name, LONGEST_NAME, placeholder="…") for name in names]
    axes.set_yticks(range(len(names)), short)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
