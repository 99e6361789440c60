"""Drift from the monitoring job to the alert: the series come from real results, on a healthy and on a shifted window.

An invented series fits any rule. A limit of 0.2 on a ratio, whose limit is 1, passed such a test although healthy days
showed most features in red.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from migraine_assets_tests.platform.rules.monitored import Monitored
from migraine_assets_tests.platform.rules.rule_files import FILES, MONITORED, RULES, alerts, rules, tool

PANELS = json.loads((FILES / "dashboards/drift.json").read_text())["panels"]
LIMITED = [panel for panel in PANELS if len(panel["fieldConfig"]["defaults"]["thresholds"]["steps"]) > 1]
HOURS = 6
MODEL_ALERTS = ("MigrainePerformanceDegraded", "MigrainePerformanceDoubtful", "MigraineMonitoringStale")


def check(folder: Path, monitored: Monitored, **expectations: Any) -> None:
    """Let promtool evaluate the chart's rules on the series of two replicas."""
    series = monitored.series(instances=("a", "b"), steps=HOURS)
    _evaluate(folder, {"interval": "1h", "input_series": series, **expectations})


def _evaluate(folder: Path, test: dict[str, Any]) -> None:
    case = {"rule_files": [str(path) for path in RULES], "evaluation_interval": "1h", "tests": [test]}
    path = folder / "case.yaml"
    path.write_text(yaml.safe_dump(case))
    result = subprocess.run([tool("promtool"), "test", "rules", str(path)], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def expected(alert: str, labels: list[dict[str, str]], values: list[float] | None = None) -> dict[str, Any]:
    """Return the expectation that `alert` fires with these labels, with the text of the rule."""
    [rule] = [rule for rule in rules() if rule.name == alert]
    alerts = [
        {
            "exp_labels": {**label, **rule.content["labels"]},
            "exp_annotations": {
                key: _rendered(text, label, value) for key, text in rule.content["annotations"].items()
            },
        }
        for label, value in zip(labels, values or [1.0] * len(labels), strict=True)
    ]
    return {"eval_time": f"{HOURS - 1}h", "alertname": alert, "exp_alerts": alerts}


def _rendered(text: str, labels: dict[str, str], value: float) -> str:
    for name, label in labels.items():
        text = text.replace(f"{{{{ $labels.{name} }}}}", label)
    return text.replace('{{ $value | printf "%.2f" }}', f"{value:.2f}")


def red(panel: dict[str, Any]) -> str:
    """Return the expression that has a result if something in the panel is red."""
    [step] = [s for s in panel["fieldConfig"]["defaults"]["thresholds"]["steps"] if s["color"] == "red"]
    return " or ".join(f"(({target['expr']}) >= {step['value']})" for target in panel["targets"])


def test_nothing_moves_and_no_rule_fires_in_a_healthy_week(healthy_window: Monitored, tmp_path: Path) -> None:
    """The replica and Dagster are up, and everything else is what seven days of monitoring published."""
    assert len(healthy_window.texts) == 7
    ratios = healthy_window.ratios()
    assert len(ratios) > 7 * 50
    assert max(ratios) < 1
    hours = 24 * len(healthy_window.texts)
    up = {"series": 'up{job="migraine-serving"}', "values": f"1x{hours}"}
    silent = [
        {"eval_time": f"{hour}h", "alertname": rule.name, "exp_alerts": []}
        for rule in alerts()
        for hour in range(12, hours, 24)
    ]
    _evaluate(tmp_path, {"interval": "1h", "input_series": [up, *healthy_window.hourly()], "alert_rule_test": silent})


def test_a_healthy_window_raises_no_alert(healthy_window: Monitored, tmp_path: Path) -> None:
    assert healthy_window.drift.status == "none"
    assert len(healthy_window.samples("migraine_drift_ratio")) > 50
    silent = [expected(alert, []) for alert in (*MONITORED, *MODEL_ALERTS)]
    check(tmp_path, healthy_window, alert_rule_test=silent)


def test_a_shifted_window_raises_the_drift_alerts(shifted_window: Monitored, tmp_path: Path) -> None:
    result = shifted_window.drift
    drifted = sorted(name for name, feature in result.features.items() if feature.status == "drift")
    assert result.status == "drift"
    assert any(name.startswith("sleep") for name in drifted)
    ratios = shifted_window.samples("migraine_drift_ratio")
    features = [{"task": "attack", "feature": name} for name in drifted]
    firing = [
        expected("MigraineDriftDetected", [{"task": "attack"}]),
        expected("MigraineFeatureShifted", features, [ratios[name] for name in drifted]),
    ]
    check(tmp_path, shifted_window, alert_rule_test=firing)


@pytest.mark.parametrize("panel", LIMITED, ids=lambda panel: panel["title"])
def test_nothing_is_red_in_a_healthy_window(healthy_window: Monitored, tmp_path: Path, panel: Any) -> None:
    query = {"expr": red(panel), "eval_time": f"{HOURS - 1}h", "exp_samples": []}
    check(tmp_path, healthy_window, promql_expr_test=[query])


@pytest.mark.parametrize("title", ["Largest drift ratio", "Drifted features", "Drift ratio by feature"])
def test_drift_is_red_in_a_shifted_window(shifted_window: Monitored, tmp_path: Path, title: str) -> None:
    [panel] = [panel for panel in LIMITED if panel["title"] == title]
    query = {
        "expr": f"count({red(panel)}) > bool 0",
        "eval_time": f"{HOURS - 1}h",
        "exp_samples": [{"labels": "{}", "value": 1}],
    }
    check(tmp_path, shifted_window, promql_expr_test=[query])


@pytest.mark.parametrize(
    ("metric", "statistic"),
    [
        ("migraine_drift_psi", "psi"),
        ("migraine_drift_ks", "ks"),
        ("migraine_drift_js", "js"),
        ("migraine_drift_missing_change", "missing"),
    ],
)
def test_each_statistic_is_published_under_its_name(shifted_window: Monitored, metric: str, statistic: Any) -> None:
    statistics = {name: item.statistics.get(statistic) for name, item in shifted_window.drift.features.items()}
    computed = {name: one.value for name, one in statistics.items() if one is not None and one.value is not None}
    assert computed
    assert shifted_window.samples(metric) == pytest.approx(computed)


def test_the_ratio_and_its_deprecated_alias_are_shares_of_the_limit(shifted_window: Monitored) -> None:
    ratios = shifted_window.samples("migraine_drift_ratio")
    for name, feature in shifted_window.drift.features.items():
        shares = [s.value / s.visible for s in feature.statistics.values() if s.value and s.visible]
        assert ratios[name] == pytest.approx(max(shares, default=0.0))
    alias = {"attack_score" if name == "score" else name: ratio for name, ratio in ratios.items()}
    assert shifted_window.samples("migraine_drift_score") == pytest.approx(alias)
