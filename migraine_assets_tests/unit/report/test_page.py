"""Pages are well-formed, load no resources, escape all text, and render failed models."""

import base64
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import fields, replace
from typing import Any

import pytest

from migraine_assets.core.evaluation.data_flow import FlowStep
from migraine_assets.core.evaluation.results import TaskEvaluation
from migraine_assets.core.evaluation.selection import Decision
from migraine_assets.core.metrics.interval import UNKNOWN
from migraine_assets.report.evaluation_json import to_sections
from migraine_assets.report.page import index_page, model_card, report_page
from migraine_assets.report.plots.figures import pictures
from migraine_assets.report.run_info import RunFacts
from migraine_assets_tests.unit.report.markup import Page, parse
from migraine_assets_tests.unit.report.simulated import CLASSIFIERS, FACTS, attack_evaluation, severity_evaluation

HOSTILE = "<script>alert('x')</script><img src=http://evil.example/x.png onerror=\"a&b\">{{ 7*7 }}"


def _report(evaluation: TaskEvaluation, facts: RunFacts) -> bytes:
    return report_page(evaluation, facts, pictures(evaluation))


@pytest.fixture(scope="module")
def attack() -> TaskEvaluation:
    return attack_evaluation(participants=20, days=25, failed={"svm": "ValueError: X < 0"})


@pytest.fixture(scope="module")
def severity() -> TaskEvaluation:
    return severity_evaluation(participants=20)


@pytest.fixture(scope="module")
def all_failed() -> TaskEvaluation:
    return attack_evaluation(participants=6, days=5, failed=dict.fromkeys(CLASSIFIERS, "MemoryError: 3 GB"))


@pytest.fixture(scope="module")
def pages(attack: TaskEvaluation, severity: TaskEvaluation, all_failed: TaskEvaluation) -> dict[str, bytes]:
    return {
        "attack": _report(attack, FACTS),
        "severity": _report(severity, FACTS),
        "all failed": _report(all_failed, FACTS),
        "attack card": model_card(attack, FACTS),
        "severity card": model_card(severity, FACTS),
        "index": index_page(to_sections(attack, severity), FACTS),
    }


@pytest.mark.parametrize("name", ["attack", "severity", "all failed", "attack card", "severity card", "index"])
def test_a_page_is_well_formed_and_loads_no_resources(pages: dict[str, bytes], name: str) -> None:
    page = parse(pages[name])
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.attributes("src"))
    assert not any(link.startswith(("http:", "https:", "//")) for link in page.attributes("href"))
    assert not page.elements("script")
    assert not page.elements("link")
    assert not re.search(rb"@import|url\(", pages[name])
    policy = next(meta["content"] for meta in page.elements("meta") if "http-equiv" in meta)
    assert policy is not None
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("name", ["attack", "severity", "all failed", "attack card", "severity card", "index"])
def test_a_page_is_accessible(pages: dict[str, bytes], name: str) -> None:
    page = parse(pages[name])
    assert page.elements("html")[0]["lang"] == "en"
    assert any(meta.get("name") == "viewport" for meta in page.elements("meta"))
    assert len(page.elements("h1")) == 1
    assert all(image["alt"] for image in page.elements("img"))
    assert all(header.get("scope") in ("col", "row") for header in page.elements("th"))
    assert len(page.elements("caption")) == len(page.elements("table"))


@pytest.mark.parametrize("name", ["attack", "severity", "all failed", "attack card"])
def test_internal_links_resolve_and_ids_are_unique(pages: dict[str, bytes], name: str) -> None:
    page = parse(pages[name])
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.attributes("href") if link.startswith("#")} <= set(ids)


def test_the_attack_report_has_every_section(pages: dict[str, bytes]) -> None:
    ids = set(parse(pages["attack"]).attributes("id"))
    expected = "question data models discrimination confusion importance subgroups fit promotion limits reproduce"
    assert set(expected.split()) <= ids
    assert len(parse(pages["attack"]).elements("img")) == 7


def test_the_severity_report_shows_errors_and_no_roc(pages: dict[str, bytes]) -> None:
    text = _text(parse(pages["severity"]))
    assert "should cover 90 % of the days" in text
    assert "ROC curve" not in text
    assert len(parse(pages["severity"]).elements("img")) == 5


def test_a_failed_model_is_shown_with_its_error(pages: dict[str, bytes]) -> None:
    text = _text(parse(pages["attack"]))
    assert "Support vector machine failed, see below" in text
    assert "Failed: ValueError: X < 0" in text


def test_a_report_without_any_trained_model(pages: dict[str, bytes]) -> None:
    text = _text(parse(pages["all failed"]))
    assert "every model failed" in text
    assert text.count("Failed: MemoryError: 3 GB") == 8
    assert "Nothing is promoted" in text
    assert "Model card" not in text


def test_all_baselines_are_compared_with_the_models(pages: dict[str, bytes]) -> None:
    rows = _text(parse(pages["attack"]))
    for name in ("Base rate", "Persistence", "Personal rate", "LightGBM"):
        assert rows.count(name) >= 2


def test_small_groups_are_shown_as_too_small(attack: TaskEvaluation, pages: dict[str, bytes]) -> None:
    small = [group for group in attack.subgroups if group.reason]
    assert small
    assert _text(parse(pages["attack"])).count("too small: fewer than 5 participants") == len(small)


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        (Decision(True, "accepted", ("It does not lose.",)), "Promoted. It does not lose."),
        (Decision(False, "refused", ("It loses.",)), "Not promoted. It loses."),
        (Decision(False, "unchanged", ("The same.",)), "Unchanged. The same."),
        (None, "The gate then decides"),
    ],
)
def test_the_promotion_decision_is_shown(severity: TaskEvaluation, decision: Decision | None, sentence: str) -> None:
    # Without models there is almost nothing to draw, which keeps this fast.
    plain = replace(severity, rows=(), residuals=None, importance=())
    assert sentence in _text(parse(_report(replace(plain, decision=decision), FACTS)))


def test_a_refused_model_is_nowhere_called_the_champion(attack: TaskEvaluation) -> None:
    refused = replace(attack, decision=Decision(False, "refused", ("It loses.",)))
    section = to_sections(refused)["attack"]
    assert section.roles == {attack.champion: "refused"}
    index = _text(parse(index_page({"attack": section}, FACTS)))
    assert "Refused, so that another model still serves: " in index
    content = _report(refused, FACTS)
    report = _text(parse(content))
    assert b'<span class="badge">refused</span>' in content
    assert b">champion</span>" not in content
    assert b">challenger</span>" not in content
    assert "model card of the refused model" in report
    for page in (index, report):
        assert "Champion: " not in page
        assert "challenger: " not in page


def test_hostile_text_is_escaped(attack: TaskEvaluation) -> None:
    texts: dict[str, Any] = {
        field.name: HOSTILE for field in fields(RunFacts) if field.type is str or field.type == "str"
    }
    facts = replace(FACTS, **texts, notes=(HOSTILE,), parameters={HOSTILE: HOSTILE}, libraries={HOSTILE: HOSTILE})
    rows = tuple(
        replace(row, used=HOSTILE, error=row.error and HOSTILE, params={HOSTILE: HOSTILE}) for row in attack.rows
    )
    groups = tuple(replace(group, dimension=HOSTILE, label=HOSTILE) for group in attack.subgroups)
    hostile = replace(attack, rows=rows, flow=(FlowStep(HOSTILE, 1, 1, HOSTILE),), subgroups=groups)
    for content in (_report(hostile, facts), model_card(hostile, facts), index_page(to_sections(hostile), facts)):
        page = parse(content)
        assert not page.elements("script")
        assert not page.attributes("onerror")
        assert all(source.startswith("data:") for source in page.attributes("src"))
        assert HOSTILE in "".join(page.text)
    markdown = model_card(hostile, facts, form="md").decode()
    assert "<script>" not in markdown
    assert "\\<script\\>" in markdown


def test_a_hostile_input_name_does_not_break_its_figure(attack: TaskEvaluation) -> None:
    shuffled = tuple(replace(item, name=f"$x_{{{HOSTILE}$ & \n") for item in attack.importance)
    page = parse(_report(replace(attack, importance=shuffled), FACTS))
    for source in page.attributes("src"):
        ElementTree.fromstring(base64.b64decode(source.split(",", 1)[1]))


def test_without_intervals_no_interval_is_shown(attack: TaskEvaluation) -> None:
    rows = tuple(replace(row, test=dict.fromkeys(row.test or {}, UNKNOWN)) for row in attack.rows)
    text = _text(parse(_report(replace(attack, rows=rows, gain=UNKNOWN, curves=(), confusion=None), FACTS)))
    assert "nan" not in text.lower().split()
    assert "no interval: too few participants" in text


def test_rendering_is_deterministic(severity: TaskEvaluation, pages: dict[str, bytes]) -> None:
    assert _report(severity, FACTS) == pages["severity"]


def test_the_markdown_card_has_the_same_content(attack: TaskEvaluation) -> None:
    text = model_card(attack, FACTS, form="md").decode()
    for title in ("Intended use", "Not for", "Training and test data", "Performance", "Limits", "Ethical", "Versions"):
        assert title in text
    row = attack.row(attack.champion)
    assert row is not None
    assert f"| ROC-AUC | {(row.cv or {})['roc_auc']} | {(row.test or {})['roc_auc']} |" in text


def test_the_index_links_existing_pages(pages: dict[str, bytes], all_failed: TaskEvaluation) -> None:
    both = set(parse(pages["index"]).attributes("href"))
    expected = {f"{task}{end}" for task in ("attack", "severity") for end in (".html", "_model_card.html")}
    assert expected | {"evaluation.json"} <= both
    one = set(parse(index_page(to_sections(all_failed), FACTS)).attributes("href"))
    assert one == {"#content", "attack.html", "evaluation.json"}


@pytest.mark.parametrize("source", ["synthetic", "table"])
def test_every_page_says_whether_the_diaries_are_simulated(attack: TaskEvaluation, source: str) -> None:
    facts = replace(FACTS, source=source)
    card = model_card(attack, facts, form="md")
    sections = to_sections(attack, simulated=facts.simulated)
    for page in (_report(attack, facts), model_card(attack, facts), index_page(sections, facts), card):
        assert (b"Simulated diaries." in page) == (source == "synthetic")
    assert sections["attack"].simulated == (source == "synthetic")


def _text(page: Page) -> str:
    return " ".join(" ".join(page.text).split())
