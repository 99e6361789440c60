"""Figures are valid, deterministic SVG, and only those with data are drawn."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from migraine_assets.core.evaluation.results import HorizonSkill, TaskEvaluation
from migraine_assets.core.metrics.interval import UNKNOWN, Interval
from migraine_assets.report.plots.canvas import STYLE, Picture
from migraine_assets.report.plots.figures import WIDTH, pictures
from migraine_assets.report.plots.plots import comparison
from migraine_assets.report.plots.style import DARK
from migraine_assets_tests.unit.report.simulated import CLASSIFIERS, attack_evaluation, severity_evaluation


@pytest.fixture(scope="module")
def attack() -> TaskEvaluation:
    return attack_evaluation(participants=15, days=20)


@pytest.fixture(scope="module")
def drawn(attack: TaskEvaluation) -> Mapping[str, Picture]:
    return pictures(attack)


def test_every_figure_is_well_formed_dateless_and_described(drawn: Mapping[str, Picture]) -> None:
    assert set(drawn) == {"comparison", "fit", "importance", "roc", "precision_recall", "calibration", "decision"}
    for picture in drawn.values():
        ElementTree.fromstring(picture.svg)
        assert b"dc:date" not in picture.svg
        assert len(picture.alt) > 30


def test_the_label_of_the_comparison_is_not_cut_off(attack: TaskEvaluation) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 4), layout="constrained")
        axes = figure.add_subplot()
        comparison(axes, attack)
        figure.draw_without_rendering()
        label = axes.xaxis.label.get_window_extent()
    assert 0 <= label.x0 < label.x1 <= figure.bbox.x1


PHONE = 350  # width of a figure in CSS pixels on a screen that is 390 pixels wide; the rest are the margins of the page


def test_letters_are_legible_on_a_phone(drawn: Mapping[str, Picture]) -> None:
    """A figure is scaled to the width of the page: its letters must not fall below 9 pixels."""
    for picture in drawn.values():
        width = float(ElementTree.fromstring(picture.svg).attrib["width"].removesuffix("pt"))
        scale = PHONE / width
        assert scale * min(STYLE["font.size"], STYLE["legend.fontsize"]) >= 9, picture.name


@pytest.mark.parametrize("make", [attack_evaluation, severity_evaluation])
def test_every_color_has_a_counterpart_on_dark_pages(make: Callable[..., TaskEvaluation]) -> None:
    for picture in pictures(make(participants=15)).values():
        drawing = picture.svg.decode().partition("</style>")[2]
        colors = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", drawing))
        assert colors <= set(DARK), picture.name
        assert "prefers-color-scheme:dark" in picture.svg.decode()


def test_severity_has_its_own_figures() -> None:
    assert set(pictures(severity_evaluation(participants=15))) == {
        "comparison",
        "fit",
        "importance",
        "predicted",
        "errors",
    }


def test_skill_by_horizon_is_drawn_where_it_was_computed(attack: TaskEvaluation) -> None:
    skills = tuple(
        HorizonSkill(
            days, 100, 0.2, Interval(0.7 - days / 50, 0.5, 0.8), Interval(0.6, 0.5, 0.7), Interval(0.1, 0, 0.2)
        )
        for days in (1, 2, 3)
    )
    found = pictures(replace(attack, horizons=skills))["horizons"]
    assert "1 to 3 days ahead" in found.alt
    assert "horizons" not in pictures(attack)


def test_equal_data_give_equal_bytes(attack: TaskEvaluation, drawn: Mapping[str, Picture]) -> None:
    assert pictures(attack) == drawn


def test_without_a_trained_model_nothing_is_drawn() -> None:
    assert pictures(attack_evaluation(participants=6, days=5, failed=dict.fromkeys(CLASSIFIERS, "no"))) == {}


def test_missing_values_leave_a_gap_and_raise_no_error(attack: TaskEvaluation) -> None:
    rows = tuple(replace(row, cv=dict.fromkeys(row.cv or {}, UNKNOWN), test=None, train=None) for row in attack.rows)
    empty = np.empty(0)
    curves = tuple(
        replace(c, roc=replace(c.roc, false_positive_rate=empty, true_positive_rate=empty)) for c in attack.curves
    )
    figures = pictures(replace(attack, rows=rows, curves=curves, importance=()))
    assert "importance" not in figures
    assert "comparison" in figures


def test_importing_the_module_does_not_import_the_plotting_library() -> None:
    code = "import sys, migraine_assets.report.writer as w; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
