"""The figures of a report as SVG: size, style, text alternative. What is drawn: `report.drawings`,
`report.curve_drawings`.

The only module that imports the plotting library, and only when a figure is drawn. The same evaluation gives
the same bytes: no date, no random ids. Letters are outlines: a figure looks the same wherever it is opened.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from migraine_assets.core.evaluation import TaskEvaluation
from migraine_assets.report import curve_drawings as curves
from migraine_assets.report import drawings, strokes
from migraine_assets.report.alternatives import alt
from migraine_assets.report.sentences import unit_of

Draw = Callable[[Any], None]
Plan = tuple[str, Draw, tuple[float, float]]

# Inches: the width of a figure as wide as the page, and the height of one line of names.
WIDE, LINE = 4.9, 0.25

STYLE: dict[Any, Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "migraine",
    # A name with a dollar sign in it is a name and no formula.
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": strokes.SOFT,
    "axes.labelcolor": strokes.INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6eaed",
    "grid.linewidth": 0.7,
    "xtick.color": strokes.SOFT,
    "ytick.color": strokes.INK,
    "legend.frameon": True,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.fontsize": 8,
}


@dataclass(frozen=True)
class Picture:
    """A drawn figure: its name, its SVG, and what it shows, in words, for who cannot see it."""

    name: str
    svg: bytes
    alt: str


def pictures(evaluation: TaskEvaluation) -> Mapping[str, Picture]:
    """Every figure that the evaluation has data for, by name."""
    plans = [*_common(evaluation), *_attack(evaluation), *_severity(evaluation)]
    return {name: Picture(name, _svg(draw, size), alt(name, evaluation)) for name, draw, size in plans}


def _common(evaluation: TaskEvaluation) -> Iterator[Plan]:
    trained, baselines = sum(row.error is None for row in evaluation.rows), len(evaluation.baselines)
    if trained:
        size = (WIDE, 1.1 + LINE * (trained + baselines))
        yield "comparison", partial(drawings.comparison, evaluation=evaluation), size
        yield "fit", partial(drawings.fit, evaluation=evaluation), (WIDE, 1.1 + LINE * trained)
    bars = len(drawings.shown_importance(evaluation))
    if bars:
        yield "importance", partial(drawings.importance, evaluation=evaluation), (WIDE, 0.9 + LINE * bars)


def _attack(evaluation: TaskEvaluation) -> Iterator[Plan]:
    if evaluation.curves:
        for draw in (curves.roc, curves.precision_recall, curves.calibration, curves.decision):
            yield draw.__name__, partial(draw, evaluation=evaluation), (4.4, 4.1)


def _severity(evaluation: TaskEvaluation) -> Iterator[Plan]:
    if evaluation.residuals:
        for draw in (drawings.predicted, drawings.errors):
            known = partial(draw, residuals=evaluation.residuals, unit=unit_of(evaluation))
            yield draw.__name__, known, (4.4, 3.8)


def _svg(draw: Draw, size: tuple[float, float]) -> bytes:
    with _figure(size) as (figure, axes):
        draw(axes)
        content = io.BytesIO()
        figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    return content.getvalue()


@contextmanager
def _figure(size: tuple[float, float]) -> Iterator[tuple[Any, Any]]:
    # No pyplot: it keeps figures, picks a window toolkit and costs a second.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        yield figure, figure.add_subplot()
