"""`migraine params`: every parameter, with its current and its default value."""

import msgspec
import pytest

from migraine_assets.cli.documents.operation import ParamsDocument
from migraine_assets_tests.support.homes import Home


def parameters(home: Home, *section: str) -> dict[str, tuple[object, object, str, str]]:
    ended = home.migraine("params", *section, "--json")
    assert ended.code == 0, ended.text
    lines = msgspec.json.decode(ended.out, type=ParamsDocument).parameters
    return {line.parameter: (line.value, line.default, line.unit, line.meaning) for line in lines}


def test_every_parameter_has_a_meaning(home: Home) -> None:
    """A settings class without the annotation `doc` on a field fails here."""
    lines = parameters(home)
    assert [name for name, (_, _, _, meaning) in lines.items() if not meaning] == []
    assert lines["monitoring.window_days"] == (7, 7, "days", "Length of a monitoring window.")
    assert {name.split(".")[2] for name in lines if name.startswith("models.attack.")} >= {"xgboost", "svm"}


def test_a_changed_value_is_shown_beside_its_default(home: Home) -> None:
    home.params.write_text("folds: {test_share: 0.35}\nmodels: {attack: {xgboost: {learning_rate: 0.03}}}\n")
    assert parameters(home, "folds.test_share")["folds.test_share"][:2] == (0.35, 0.2)
    value, usual = parameters(home, "models.attack.xgboost")["models.attack.xgboost.learning_rate"][:2]
    assert value == 0.03 != usual
    row = next(line for line in home.migraine("params", "folds").out.splitlines() if line.startswith("test_share"))
    assert row.split() == ["test_share", "0.35", "0.2", "share"]


@pytest.mark.parametrize("section", ["nothing", "fold", "folds.folds.x"])
def test_an_unknown_section_is_wrong_usage(home: Home, section: str) -> None:
    ended = home.migraine("params", section)
    assert ended.code == 2
    assert "The sections are contract, " in ended.err
