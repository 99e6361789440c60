"""`evaluation.json` has one form: every metric in every split, null if unknown, strict JSON."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from migraine_assets.core.evaluation.results import TaskEvaluation
from migraine_assets.core.metrics.interval import Interval
from migraine_assets.core.metrics.metrics import ATTACK_METRICS, SEVERITY_METRICS
from migraine_assets.report.evaluation_json import dump, load, merge, to_sections
from migraine_assets.report.text.interpretation import conclusion, headline
from migraine_assets_tests.unit.report.simulated import attack_evaluation, severity_evaluation

SPLITS = ("cv", "test", "train")


@pytest.fixture(scope="module")
def attack() -> TaskEvaluation:
    return attack_evaluation(participants=15, days=20, failed={"svm": "ValueError: no"})


@pytest.fixture(scope="module")
def severity() -> TaskEvaluation:
    return severity_evaluation(participants=15)


def _strict(content: bytes) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(content, parse_constant=refuse)


def test_every_metric_of_both_tasks_is_an_interval(attack: TaskEvaluation, severity: TaskEvaluation) -> None:
    written = _strict(dump(to_sections(attack, severity)))
    for task, names in (("attack", ATTACK_METRICS), ("severity", SEVERITY_METRICS)):
        assert len(written[task]["models"]) == 8
        for model in written[task]["models"].values():
            for split in SPLITS:
                assert set(model[split]) == set(names)
                assert all(set(interval) == {"value", "ci_low", "ci_high"} for interval in model[split].values())
        assert set(written[task]["baselines"]) == {"base_rate", "persistence", "personal_rate"}
        for baseline in written[task]["baselines"].values():
            assert set(baseline["test"]) == set(baseline["cv"]) == set(names)


def test_the_values_are_those_of_the_evaluation(attack: TaskEvaluation) -> None:
    written = _strict(dump(to_sections(attack)))["attack"]
    row = attack.row(attack.champion)
    assert row is not None
    assert row.test is not None
    assert written["models"][row.key]["test"]["roc_auc"] == row.test["roc_auc"].to_json()
    assert written["models"][row.key]["flags"] == [flag.name for flag in row.flags]
    assert written["models"][row.key]["seconds"] == row.seconds
    assert (written["champion"], written["challenger"]) == attack.ranking.order[:2]


def test_a_failed_model_has_its_error_and_nulls(attack: TaskEvaluation) -> None:
    model = _strict(dump(to_sections(attack)))["attack"]["models"]["svm"]
    assert model["error"] == "ValueError: no"
    assert model["test"]["roc_auc"] == {"value": None, "ci_low": None, "ci_high": None}


def test_unknown_and_infinite_values_become_null(attack: TaskEvaluation) -> None:
    broken = {**(attack.rows[0].test or {}), "brier": Interval(math.nan, -math.inf, math.inf)}
    row = replace(attack.rows[0], test=broken, seconds=math.nan)
    written = _strict(dump(to_sections(replace(attack, rows=(row, *attack.rows[1:])))))
    assert written["attack"]["models"][row.key]["test"]["brier"] == {"value": None, "ci_low": None, "ci_high": None}
    assert written["attack"]["models"][row.key]["seconds"] is None


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        dump(to_sections(replace(attack_evaluation(participants=6, days=5), horizon=math.nan)))


def test_if_all_models_failed_there_is_no_champion() -> None:
    failed = attack_evaluation(participants=6, days=5, failed=dict.fromkeys(_keys(), "MemoryError"))
    written = _strict(dump(to_sections(failed)))["attack"]
    assert written["champion"] is None
    assert written["challenger"] is None
    assert {model["error"] for model in written["models"].values()} == {"MemoryError"}


def _keys() -> list[str]:
    return [row.key for row in attack_evaluation(participants=6, days=5).rows]


def test_an_absent_task_is_left_out(attack: TaskEvaluation) -> None:
    assert list(to_sections(attack)) == ["attack"]
    assert to_sections() == {}


def test_a_later_task_replaces_only_its_own_section(attack: TaskEvaluation, severity: TaskEvaluation) -> None:
    first = load(dump(to_sections(severity=severity)))
    both = merge(first, to_sections(attack))
    assert list(both) == ["attack", "severity"]
    assert both["severity"] == first["severity"]
    again = merge(both, to_sections(replace(attack, horizon=0)))
    assert again["attack"].horizon == 0
    assert again["severity"] == first["severity"]


def test_the_conclusion_is_that_of_the_report() -> None:
    """The command, Dagster and MLflow quote it from here, so that all of them say the same about a model."""
    evaluation = attack_evaluation()
    written = to_sections(evaluation)["attack"].conclusion
    assert written == conclusion(evaluation)
    assert written in headline(evaluation)
    assert "paired 95 % interval of the gain" in written.replace("\u202f", " ").replace("\xa0", " ")
