"""Figures of a report as SVG: size, style and text alternative. Not here: the plots (`report.plots.plots`, `curves`).

The only module that imports matplotlib, and only when a figure is drawn. Figures are deterministic: no date and no
random ids. Text is drawn as outlines, so that a figure looks the same everywhere.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from migraine_assets.core.evaluation.results import FIT, TaskEvaluation
from migraine_assets.core.metrics.interval import UNKNOWN
from migraine_assets.report.plots import curves, plots, style
from migraine_assets.report.plots.plots import shown_importance
from migraine_assets.report.text.labels import metric, number, title
from migraine_assets.report.text.question import unit_of

_TABLE = "the same values are in a table below."


def alt(name: str, evaluation: TaskEvaluation) -> str:
    """Return the text alternative of the figure `name`."""
    describe = _GENERAL.get(name)
    if describe is not None:
        return describe(evaluation)
    text, metrics = _SCORED[name]
    champion = evaluation.row(evaluation.champion)
    scores = (champion.test if champion else None) or {}
    values = ", ".join(f"{metric(key)} {number(scores.get(key, UNKNOWN).value)}" for key in metrics)
    return f"{text} {title(evaluation.champion or 'no champion')}: {values}."


def _comparison(evaluation: TaskEvaluation) -> str:
    return f"{metric(evaluation.headline)} of every model and baseline with 95 % intervals; {_TABLE}"


def _fit(evaluation: TaskEvaluation) -> str:
    return f"{metric(FIT[evaluation.task])} of each model on training rows and in cross-validation; {_TABLE}"


def _importance(evaluation: TaskEvaluation) -> str:
    first = ", ".join(title(item.name) for item in shown_importance(evaluation)[:5])
    return f"Bars of permutation importance, largest first: {first}."


_GENERAL = {"comparison": _comparison, "fit": _fit, "importance": _importance}
_SCORED = {
    "roc": ("ROC curves of champion, challenger and baselines.", ("roc_auc",)),
    "precision_recall": ("Precision-recall curves of champion, challenger and baselines.", ("pr_auc",)),
    "calibration": (
        "Observed share of attack days against predicted probability, in bins of equal size.",
        ("calibration_slope", "calibration_intercept"),
    ),
    "decision": (
        "Net benefit by threshold probability, compared with acting on every day and on no day.",
        ("brier",),
    ),
    "predicted": ("Observed against predicted values.", ("r2",)),
    "errors": ("Histogram of predicted minus observed values.", ("mae", "rmse")),
}


Draw = Callable[[Any], None]
Plan = tuple[str, Draw, tuple[float, float]]

# Inches: width of a full-width figure, and height of one labeled row.
WIDE, LINE = 4.9, 0.25

STYLE: dict[Any, Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "migraine",
    # A dollar sign in a name does not start a formula.
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": style.SOFT,
    "axes.labelcolor": style.INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6eaed",
    "grid.linewidth": 0.7,
    "xtick.color": style.SOFT,
    "ytick.color": style.INK,
    "legend.frameon": True,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.fontsize": 8,
}


@dataclass(frozen=True)
class Picture:
    """A figure: its name, its SVG, and a text alternative."""

    name: str
    svg: bytes
    alt: str


def pictures(evaluation: TaskEvaluation) -> Mapping[str, Picture]:
    """Draw every figure that the evaluation has data for; by name."""
    plans = [*_common(evaluation), *_attack(evaluation), *_severity(evaluation)]
    return {name: Picture(name, _svg(draw, size), alt(name, evaluation)) for name, draw, size in plans}


def _common(evaluation: TaskEvaluation) -> Iterator[Plan]:
    trained, baselines = sum(row.error is None for row in evaluation.rows), len(evaluation.baselines)
    if trained:
        size = (WIDE, 1.1 + LINE * (trained + baselines))
        yield "comparison", partial(plots.comparison, evaluation=evaluation), size
        yield "fit", partial(plots.fit, evaluation=evaluation), (WIDE, 1.1 + LINE * trained)
    bars = len(plots.shown_importance(evaluation))
    if bars:
        yield "importance", partial(plots.importance, evaluation=evaluation), (WIDE, 0.9 + LINE * bars)


def _attack(evaluation: TaskEvaluation) -> Iterator[Plan]:
    if evaluation.curves:
        for draw in (curves.roc, curves.precision_recall, curves.calibration, curves.decision):
            yield draw.__name__, partial(draw, evaluation=evaluation), (4.4, 4.1)


def _severity(evaluation: TaskEvaluation) -> Iterator[Plan]:
    if evaluation.residuals:
        for draw in (plots.predicted, plots.errors):
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
    # Not pyplot, which keeps figures alive, selects a GUI toolkit and takes a second to import.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        yield figure, figure.add_subplot()
