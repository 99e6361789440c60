"""CONTRIBUTING.md and the other documents name files that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks" / "README.md"])
ROWS = [line.split("|")[1:-1] for line in CONTRIBUTING.splitlines() if line.startswith("| ")][1:]
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)+|[\w-]+\.(?:md|toml))`")


def _paths(text: str) -> list[str]:
    return PATH.findall(text)


@pytest.mark.parametrize("path", sorted(set(_paths(CONTRIBUTING))))
def test_a_path_that_contributing_names_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("task", [row[0].strip() for row in ROWS])
def test_every_kind_of_change_starts_at_a_file(task: str) -> None:
    (start,) = [row[1] for row in ROWS if row[0].strip() == task]
    assert _paths(start)


@pytest.mark.parametrize(
    "task",
    ["a diary field", "a feature", "a model", "an HTTP error", "an alert that Dagster sends"]
    + ["a hyperparameter or a threshold", "a command", "a metric of the service", "what a bundle holds"]
    + ["a drift statistic"],
)
def test_the_most_common_changes_are_listed(task: str) -> None:
    assert task in [row[0].strip() for row in ROWS]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_glossary_defines_every_term_once() -> None:
    terms = re.findall(r"^\| ([a-z -]+) \| [A-Z]", GLOSSARY, re.MULTILINE)
    assert len(terms) >= 30
    assert len(set(terms)) == len(terms)
    assert {"champion", "gate", "pointer", "bundle", "prediction record", "drift ratio", "rollout candidate"} <= set(
        terms
    )
