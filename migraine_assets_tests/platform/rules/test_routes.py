"""The receiver of each alert, and the alerts that inhibit others."""

import re
import subprocess

import pytest
import yaml

from migraine_assets_tests.platform.rules.rule_files import ALERTMANAGER, Rule, alerts, tool

RECEIVERS = {"critical": "on-call", "warning": "team", "info": "nobody"}
INHIBITIONS = yaml.safe_load(ALERTMANAGER.read_text())["inhibit_rules"]


def amtool(*arguments: str) -> str:
    done = subprocess.run([tool("amtool"), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_alertmanager_accepts_the_configuration() -> None:
    assert "SUCCESS" in amtool("check-config", str(ALERTMANAGER))


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule.name)
def test_the_severity_of_an_alert_decides_its_receiver(rule: Rule) -> None:
    labels = [f"alertname={rule.name}", f"severity={rule.content['labels']['severity']}"]
    receiver = amtool("config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)
    assert receiver == RECEIVERS[rule.content["labels"]["severity"]]


@pytest.mark.parametrize("side", ["source_matchers", "target_matchers"])
def test_inhibitions_name_existing_alerts(side: str) -> None:
    named = {name for rule in INHIBITIONS for name in re.findall(r"Migraine\w+", " ".join(rule[side]))}
    assert named
    assert named <= {rule.name for rule in alerts()}


def test_no_alert_inhibits_a_more_severe_one() -> None:
    order = ("info", "warning", "critical")
    severity = {rule.name: order.index(rule.content["labels"]["severity"]) for rule in alerts()}
    for rule in INHIBITIONS:
        [source] = re.findall(r"Migraine\w+", " ".join(rule["source_matchers"]))
        for target in re.findall(r"Migraine\w+", " ".join(rule["target_matchers"])):
            assert severity[target] <= severity[source]
