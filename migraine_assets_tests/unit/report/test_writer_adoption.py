"""The report of one task is copied to the folder of a later run."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from migraine_assets.report.writer import adopt, section, write_reports
from migraine_assets_tests.unit.report import simulated

FACTS = replace(simulated.FACTS, run_id="later")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Write the reports of an earlier run, with both tasks."""
    return write_reports(
        tmp_path,
        "2024-01-01-old",
        facts=simulated.FACTS,
        attack=simulated.attack_evaluation(),
        severity=simulated.severity_evaluation(),
    )


def test_the_other_task_is_added_to_a_new_run(tmp_path: Path, old: Path) -> None:
    new = write_reports(tmp_path, "2024-01-02-new", facts=FACTS, attack=simulated.attack_evaluation())
    assert section(new, "severity") is None
    assert adopt(tmp_path, new.name, "severity", source=old, facts=FACTS) == new
    assert section(new, "severity") == section(old, "severity")
    for leaf in ("severity.html", "severity_model_card.html", "severity_model_card.md", "severity_comparison.svg"):
        assert (new / leaf).read_bytes() == (old / leaf).read_bytes()
    assert "severity.html" in (new / "index.html").read_text()
    assert set(json.loads((new / "evaluation.json").read_bytes())) == {"attack", "severity"}
    assert (tmp_path / "latest").resolve() == new.resolve()


def test_nothing_is_copied_if_the_newest_report_has_it(tmp_path: Path, old: Path) -> None:
    assert adopt(tmp_path, "2024-01-02-new", "attack", source=old, facts=FACTS) == old.resolve()
    assert not (tmp_path / "2024-01-02-new").exists()


def test_an_old_report_becomes_the_newest_again(tmp_path: Path, old: Path) -> None:
    """The previous diary is run again: the newest report must be of that diary."""
    write_reports(
        tmp_path, "2024-01-02-other", facts=FACTS, attack=simulated.attack_evaluation(failed={"knn": "broken"})
    )
    folder = adopt(tmp_path, "2024-01-03-again", "attack", source=old, facts=FACTS)
    assert folder == tmp_path / "2024-01-03-again"
    assert section(tmp_path / "latest", "attack") == section(old, "attack")


def test_a_missing_or_damaged_report_is_none(tmp_path: Path, old: Path) -> None:
    assert section(tmp_path / "nowhere", "attack") is None
    (old / "attack.html").unlink()
    assert section(old, "attack") is None
    (old / "evaluation.json").write_text("{")
    assert section(old, "severity") is None
    with pytest.raises(ValueError, match="no finished report"):
        adopt(tmp_path, "2024-01-02-new", "severity", source=old, facts=FACTS)
