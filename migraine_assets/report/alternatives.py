"""The text alternative of each figure: what it shows, for who cannot see it. Not here: drawing it."""

from migraine_assets.core.evaluation import FIT, TaskEvaluation
from migraine_assets.core.interval import UNKNOWN
from migraine_assets.report.drawings import shown_importance
from migraine_assets.report.words import metric, number, title

_TABLE = "the same figures are in a table below."


def alt(name: str, evaluation: TaskEvaluation) -> str:
    """One or two sentences for the figure `name`."""
    describe = _GENERAL.get(name)
    if describe is not None:
        return describe(evaluation)
    text, shown = _SCORED[name]
    champion = evaluation.row(evaluation.champion)
    scores = (champion.test if champion else None) or {}
    figures = ", ".join(f"{metric(key)} {number(scores.get(key, UNKNOWN).value)}" for key in shown)
    return f"{text} {title(evaluation.champion or 'no champion')}: {figures}."


def _comparison(evaluation: TaskEvaluation) -> str:
    return f"{metric(evaluation.headline)} of every model and baseline with 95 % intervals; {_TABLE}"


def _fit(evaluation: TaskEvaluation) -> str:
    return f"{metric(FIT[evaluation.task])} of each model on training rows and in cross-validation; {_TABLE}"


def _importance(evaluation: TaskEvaluation) -> str:
    first = ", ".join(title(item.name) for item in shown_importance(evaluation)[:5])
    return f"Bars of permutation importance, the greatest first: {first}."


_GENERAL = {"comparison": _comparison, "fit": _fit, "importance": _importance}
_SCORED = {
    "roc": ("ROC curves of champion, challenger and baselines.", ("roc_auc",)),
    "precision_recall": ("Precision-recall curves of champion, challenger and baselines.", ("pr_auc",)),
    "calibration": (
        "Observed share of attack days against predicted probability, in bins of equal size.",
        ("calibration_slope", "calibration_intercept"),
    ),
    "decision": (
        "Net benefit by threshold probability, against acting on everybody and on nobody.",
        ("brier",),
    ),
    "predicted": ("Observed against predicted values.", ("r2",)),
    "errors": ("Histogram of predicted minus observed values.", ("mae", "rmse")),
}
