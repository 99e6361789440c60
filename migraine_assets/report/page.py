"""From an evaluation to pages: the report of a task, its champion's model card, the index of a run.

Here belongs what each template is given. Not here: sentences (`report.text.interpretation`), figures
(`report.plots.figures`), files (`report.writer`). Everything that comes from outside is escaped; the pages load
nothing.
"""

import base64
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from migraine_assets.core.evaluation.champion_analysis import SUBGROUP_METRICS
from migraine_assets.core.evaluation.results import FIT, METRICS, TaskEvaluation
from migraine_assets.core.metrics.interval import UNKNOWN, interval_from_json
from migraine_assets.report.plots.figures import Picture, pictures
from migraine_assets.report.run_info import RunFacts
from migraine_assets.report.text import caveats, interpretation, labels

# Split, metric, digits: the columns of the comparison tables.
Column = tuple[str, str, int]
TABLES: Mapping[str, tuple[tuple[str, tuple[Column, ...]], ...]] = {
    "attack": (
        (
            "Discrimination and calibration, best model first; small figures are 95 % intervals.",
            (
                ("cv", "roc_auc", 3),
                ("test", "roc_auc", 3),
                ("test", "pr_auc", 3),
                ("test", "within_person_auc", 3),
                ("test", "brier", 3),
                ("test", "calibration_slope", 2),
                ("test", "calibration_intercept", 2),
            ),
        ),
        (
            "At each model’s own decision threshold, test part.",
            tuple(("test", name, 3) for name in ("accuracy", "precision", "recall", "f1")),
        ),
    ),
    "severity": (
        (
            "Errors, best model first; small figures are 95 % intervals.",
            (
                ("cv", "rmse", 2),
                ("test", "rmse", 2),
                ("test", "mae", 2),
                ("test", "mse", 2),
                ("cv", "r2", 3),
                ("test", "r2", 3),
            ),
        ),
    ),
}

SECTIONS = (
    ("result", "Result"),
    ("question", "What was asked"),
    ("data", "Data flow"),
    ("models", "Models and baselines"),
    ("discrimination", "ROC, calibration, decision curve"),
    ("confusion", "At the threshold"),
    ("errors", "Predicted and observed"),
    ("importance", "What the model uses"),
    ("subgroups", "Subgroups"),
    ("fit", "Over- and underfitting"),
    ("promotion", "Promotion"),
    ("limits", "Limits"),
    ("reproduce", "How to reproduce"),
)

TILES: Mapping[str, tuple[Column, ...]] = {
    "attack": (("test", "roc_auc", 3), ("test", "within_person_auc", 3), ("test", "brier", 3)),
    "severity": (("test", "mae", 2), ("test", "rmse", 2), ("test", "r2", 2)),
}


def report_page(evaluation: TaskEvaluation, facts: RunFacts) -> bytes:
    """The evaluation report of one task as one HTML file."""
    drawn = pictures(evaluation)
    own = {
        "pictures": _Pictures(drawn),
        "sections": _sections(evaluation, drawn),
        "tables": TABLES[evaluation.task],
        "tiles": _tiles(evaluation),
        "fit_metric": FIT[evaluation.task],
        "gap": lambda row: interpretation.gap(row, FIT[evaluation.task]),
        "coverage": interpretation.coverage(evaluation),
    }
    return _render("task.html", evaluation, facts, own)


def model_card(evaluation: TaskEvaluation, facts: RunFacts, *, form: str = "html") -> bytes:
    """The champion's model card, "html" or "md". The evaluation must have a champion."""
    own = {
        "row": evaluation.row(evaluation.champion),
        "metrics": METRICS[evaluation.task],
        "target": evaluation.severity_kind if evaluation.task == "severity" else "attack, yes or no",
        "use": caveats.USE,
        "not_for": caveats.NOT_FOR,
        "ethics": caveats.ETHICS,
    }
    return _render(f"model_card.{form}", evaluation, facts, own)


def index_page(sections: Mapping[str, Mapping[str, Any]], facts: RunFacts) -> bytes:
    """The index of a run from the content of its `evaluation.json`, whichever tasks that holds."""
    entries = [_entry(task, section) for task, section in sections.items()]
    return environment(escape=True).get_template("index.html").render(entries=entries, facts=facts).encode()


def _render(template: str, evaluation: TaskEvaluation, facts: RunFacts, own: Mapping[str, Any]) -> bytes:
    shared = {
        "ev": evaluation,
        "facts": facts,
        "heading": interpretation.heading(evaluation),
        "question": interpretation.question(evaluation),
        "headline": interpretation.headline(evaluation),
        "limits": caveats.limits(evaluation),
        "unit": interpretation.unit_of(evaluation),
        "unknown": UNKNOWN,
        "subgroup_metrics": SUBGROUP_METRICS[evaluation.task],
    }
    templates = environment(escape=template.endswith(".html"))
    return templates.get_template(template).render(**shared, **own).encode()


@cache
def environment(*, escape: bool = True) -> Environment:
    """The templates, with the filters that they use."""
    found = Environment(
        loader=PackageLoader("migraine_assets.report"),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    names = ("title", "metric", "number", "signed", "ends", "count", "percent", "seconds")
    found.filters |= {name: getattr(labels, name) for name in names}
    found.filters |= {"data_uri": _data_uri, "groupby_in_order": _groups, "md": _markdown}
    return found


class _Pictures(dict[str, Picture]):
    """Figures by name; None for one that was not drawn, so that a template asks simply whether it is there."""

    def __missing__(self, name: str) -> None:
        return None


def _sections(evaluation: TaskEvaluation, drawn: Mapping[str, Picture]) -> list[tuple[str, str]]:
    present = {
        "discrimination": "roc" in drawn,
        "confusion": evaluation.confusion is not None,
        "errors": "predicted" in drawn,
    }
    return [(name, label) for name, label in SECTIONS if present.get(name, True)]


def _tiles(evaluation: TaskEvaluation) -> list[tuple[str, str, str]]:
    """A few figures of the champion to be read at a glance: what, how much, between which ends."""
    champion = evaluation.row(evaluation.champion)
    if champion is None or not champion.test:
        return []
    found = []
    for _, name, digits in TILES[evaluation.task]:
        figure = champion.test.get(name, UNKNOWN)
        label = f"{labels.metric(name)}, test"
        found.append((label, labels.number(figure.value, digits=digits), labels.ends(figure, digits=digits)))
    gain, digits = evaluation.gain, TILES[evaluation.task][0][2]
    rule = "base rate" if interpretation.pastless(evaluation) else "own rate"
    label = f"{labels.metric(evaluation.headline)}, gain on {rule}"
    found.insert(1, (label, labels.signed(gain.value, digits=digits), labels.ends(gain, digits=digits)))
    return found


def _entry(task: str, section: Mapping[str, Any]) -> dict[str, Any]:
    champion = section["champion"]
    name = "roc_auc" if task == "attack" else "rmse"
    found = interval_from_json(section["models"][champion]["test"][name]) if champion else UNKNOWN
    return {
        "heading": section["question"],
        "page": f"{task}.html",
        "card": f"{task}_model_card.html" if champion else None,
        "champion": champion,
        "challenger": section["challenger"],
        "figure": f"Test {labels.metric(name)}: {found}." if champion else "",
    }


def _data_uri(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()


def _groups(items: Iterable[Any], attribute: str) -> list[tuple[Any, list[Any]]]:
    """Runs of items with an equal attribute, in the order given (Jinja's own `groupby` sorts)."""
    return [(key, list(group)) for key, group in groupby(items, attrgetter(attribute))]


def _markdown(text: object) -> str:
    """Text as plain Markdown: one line, and nothing in it that would be read as HTML, a link or code."""
    line = " ".join(str(text).split())
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#" else char for char in line)
