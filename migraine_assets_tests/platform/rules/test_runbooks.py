"""Each alert has a runbook, whose links, metrics and commands exist."""

import re

import pytest
import typer

from migraine_assets_tests.platform.rules.rule_files import METRIC, RUNBOOKS, Rule, alerts
from migraine_assets_tests.platform.rules.test_rules import METRICS

TEXT = RUNBOOKS.read_text()
SECTIONS = {part.partition("\n")[0]: part for part in TEXT.split("\n## ")[1:]}
COMMANDS = sorted({" ".join(match.split()) for match in re.findall(r"`migraine ([a-z][a-z -]*)", TEXT)})


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule.name)
def test_each_alert_links_to_its_own_section(rule: Rule) -> None:
    assert rule.content["annotations"]["runbook_url"] == f"docs/runbooks.md#{rule.name.lower()}"
    section = SECTIONS[rule.name]
    parts = re.findall(r"^\*\*(Meaning|Diagnosis|Action)\.\*\*", section, re.MULTILINE)
    assert parts == ["Meaning", "Diagnosis", "Action"]


def test_each_section_is_of_an_existing_alert() -> None:
    assert set(SECTIONS) == {rule.name for rule in alerts()}


def test_links_lead_to_sections() -> None:
    assert set(re.findall(r"\]\(#([^)]*)\)", TEXT)) <= {name.lower() for name in SECTIONS}


def test_named_metrics_exist() -> None:
    assert set(METRIC.findall(TEXT)) <= METRICS


@pytest.mark.parametrize("command", COMMANDS)
def test_named_commands_exist(command: str) -> None:
    from migraine_assets.cli.app import build_app

    current = typer.main.get_command(build_app())
    for word in command.split():
        inner = getattr(current, "commands", {})
        if not inner:
            return
        assert word in inner, f"`migraine {command}`: unknown command '{word}'"
        current = inner[word]
