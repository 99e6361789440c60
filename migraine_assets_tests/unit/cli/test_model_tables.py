"""The tables of models: their roles, and a damaged file is explained."""

from dataclasses import replace
from pathlib import Path

import pytest

from migraine_assets.cli.model_tables import read_tables, show_tables
from migraine_assets.core.evaluation.selection import Decision
from migraine_assets.errors import StoreError
from migraine_assets.report.evaluation_json import dump, to_sections
from migraine_assets_tests.unit.report.simulated import attack_evaluation


def test_a_damaged_evaluation_is_explained(tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_bytes(b'{"attack": ')
    with pytest.raises(StoreError, match="damaged"):
        read_tables(tmp_path)


@pytest.mark.parametrize(
    ("decision", "roles", "label"),
    [
        (Decision(True, "accepted", ("It does not lose.",)), {"champion", "challenger"}, "Champion, test part"),
        (Decision(False, "unchanged", ("The same.",)), {"champion", "challenger"}, "Champion, test part"),
        (Decision(False, "refused", ("It loses.",)), {"refused"}, "Refused model, test part"),
    ],
)
def test_a_refused_model_is_not_called_the_champion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], decision: Decision, roles: set[str], label: str
) -> None:
    evaluation = replace(attack_evaluation(), decision=decision)
    (tmp_path / "evaluation.json").write_bytes(dump(to_sections(evaluation)))
    tables = read_tables(tmp_path)
    assert {row.role for row in tables["attack"].rows} - {None, "baseline"} == roles
    show_tables(tables)
    assert f"{label}: " in capsys.readouterr().out
