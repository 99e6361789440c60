"""HTML pages of an evaluation: the report of a task, the model card of its champion, the index of a run.

This module assembles the context of each template. All external text is escaped, and the pages load no resources. Not
here: sentences (`report.text`), figures (`report.plots.figures`), files (`report.writer`).
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from migraine_assets.core.evaluation.champion_analysis import SUBGROUP_METRICS
from migraine_assets.core.evaluation.results import FIT, METRICS, TaskEvaluation
from migraine_assets.core.metrics import formatting
from migraine_assets.core.metrics.interval import UNKNOWN
from migraine_assets.report.evaluation_json import TaskSection
from migraine_assets.report.plots.canvas import Picture
from migraine_assets.report.run_info import RunFacts
from migraine_assets.report.text import caveats, clinical, interpretation, labels, question

# A column of a comparison table: split, metric, digits.
Column = tuple[str, str, int]
TABLES: Mapping[str, tuple[tuple[str, tuple[Column, ...]], ...]] = {
    "attack": (
        (
            "Discrimination and calibration, best model first; small print: 95 % intervals.",
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
            "At the decision threshold of each model and baseline, chosen by cross-validation; on the test part.",
            tuple(("test", name, 3) for name in ("recall", "precision", "f1", "accuracy")),
        ),
    ),
    "severity": (
        (
            "Errors, best model first; small print: 95 % intervals.",
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
    ("question", "Question"),
    ("data", "Data flow"),
    ("models", "Models and baselines"),
    ("confusion", "Warnings"),
    ("discrimination", "ROC, calibration, decision curve"),
    ("errors", "Predicted and observed"),
    ("horizons", "Skill by horizon"),
    ("importance", "Importance"),
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


def report_page(evaluation: TaskEvaluation, facts: RunFacts, figures: Mapping[str, Picture]) -> bytes:
    """Render the evaluation report of one task as a single HTML file, with its `figures` by name."""
    context = {
        "pictures": _Pictures(figures),
        "sections": _sections(evaluation, figures),
        "tables": TABLES[evaluation.task],
        "tiles": _tiles(evaluation),
        "fit_metric": FIT[evaluation.task],
        "gap": lambda row: interpretation.gap(row, FIT[evaluation.task]),
        "coverage": interpretation.coverage(evaluation),
        "in_words": clinical.in_words(evaluation),
        "rates": clinical.warning_rates(evaluation.confusion) if evaluation.confusion else (),
    }
    return _render("task.html", evaluation, facts, context)


def model_card(evaluation: TaskEvaluation, facts: RunFacts, *, form: str = "html") -> bytes:
    """Render the model card of the champion, as "html" or "md". The evaluation must have a champion."""
    context = {
        "row": evaluation.row(evaluation.champion),
        "metrics": METRICS[evaluation.task],
        "target": question.target(evaluation),
        "when": question.when(evaluation),
        "use": caveats.USE,
        "not_for": caveats.NOT_FOR,
        "ethics": caveats.ETHICS,
    }
    return _render(f"model_card.{form}", evaluation, facts, context)


def index_page(sections: Mapping[str, TaskSection], facts: RunFacts) -> bytes:
    """Render the index of a run from the sections of its `evaluation.json`."""
    entries = [_entry(task, section) for task, section in sections.items()]
    return environment(escape=True).get_template("index.html").render(entries=entries, facts=facts).encode()


def site_page(runs: Sequence[str], days: Sequence[str]) -> bytes:
    """Render the list of all reports: names of runs, and days with a monitoring page, newest first."""
    return environment().get_template("site.html").render(runs=runs, days=days).encode()


def _render(template: str, evaluation: TaskEvaluation, facts: RunFacts, context: Mapping[str, Any]) -> bytes:
    shared = {
        "ev": evaluation,
        "facts": facts,
        "heading": question.heading(evaluation),
        "question": question.question(evaluation),
        "headline": interpretation.headline(evaluation),
        "limits": caveats.limits(evaluation),
        "unit": question.unit_of(evaluation),
        "unknown": UNKNOWN,
        "subgroup_metrics": SUBGROUP_METRICS[evaluation.task],
    }
    templates = environment(escape=template.endswith(".html"))
    page = templates.get_template(template).render(**shared, **context)
    return (formatting.unbroken(page) if template.endswith(".html") else page).encode()


@cache
def environment(*, escape: bool = True) -> Environment:
    """Return the Jinja environment of the templates, with their filters."""
    templates = Environment(
        loader=PackageLoader("migraine_assets.report"),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {name: getattr(labels, name) for name in ("title", "metric", "count", "seconds")}
    templates.filters |= {name: getattr(formatting, name) for name in ("number", "signed", "ends", "percent")}
    templates.filters |= {"data_uri": _data_uri, "groupby_in_order": _groups, "md": _markdown}
    return templates


class _Pictures(dict[str, Picture]):
    """Figures by name; None for one that was not drawn, so that templates can test for it."""

    def __missing__(self, name: str) -> None:
        return None


def _sections(evaluation: TaskEvaluation, figures: Mapping[str, Picture]) -> list[tuple[str, str]]:
    present = {
        "discrimination": "roc" in figures,
        "confusion": evaluation.confusion is not None,
        "errors": "predicted" in figures,
        "horizons": bool(evaluation.horizons),
    }
    return [(name, label) for name, label in SECTIONS if present.get(name, True)]


def _tiles(evaluation: TaskEvaluation) -> list[tuple[str, str, str]]:
    """Return the key metrics of the champion as label, value and interval."""
    champion = evaluation.row(evaluation.champion)
    if champion is None or not champion.test:
        return []
    tiles = []
    for _, name, digits in TILES[evaluation.task]:
        interval = champion.test.get(name, UNKNOWN)
        label = f"{labels.metric(name)}, test"
        tiles.append(
            (label, formatting.number(interval.value, digits=digits), formatting.ends(interval, digits=digits))
        )
    gain, digits = evaluation.gain, TILES[evaluation.task][0][2]
    rule = "base rate" if interpretation.no_history(evaluation) else "personal rate"
    label = f"{labels.metric(evaluation.headline)}, gain over {rule}"
    tiles.insert(1, (label, formatting.signed(gain.value, digits=digits), formatting.ends(gain, digits=digits)))
    return tiles


def _entry(task: str, section: TaskSection) -> dict[str, Any]:
    champion = section.champion
    name = "roc_auc" if task == "attack" else "rmse"
    interval = section.models[champion].test[name].interval if champion else UNKNOWN
    return {
        "heading": section.question,
        "page": f"{task}.html",
        "card": f"{task}_model_card.html" if champion else None,
        "champion": champion,
        "challenger": section.challenger,
        "refused": section.refused,
        "result": f"Test {labels.metric(name)}: {interval}." if champion else "",
    }


def _data_uri(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()


def _groups(items: Iterable[Any], attribute: str) -> list[tuple[Any, list[Any]]]:
    """Group consecutive items with an equal attribute, keeping their order (Jinja's own `groupby` sorts)."""
    return [(key, list(group)) for key, group in groupby(items, attrgetter(attribute))]


def _markdown(text: object) -> str:
    """Escape text for Markdown: a single line without HTML, links or code."""
    line = " ".join(str(text).split())
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#" else char for char in line)
