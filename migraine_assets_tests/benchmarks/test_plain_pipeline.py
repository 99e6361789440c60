"""The plain script does all the work of the pipeline. Otherwise a comparison of the two would be meaningless."""

import json
from pathlib import Path

import pytest

from benchmarks import plain_pipeline


def test_it_writes_bundles_and_a_report_of_both_tasks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = ["--participants", "40", "--days", "60", "--home", str(tmp_path)]
    plain_pipeline.main([*size, "--only", "naive_bayes", "ridge", "lasso"])
    evaluation = json.loads((tmp_path / "reports" / "plain" / "evaluation.json").read_bytes())
    assert set(evaluation["attack"]["models"]) == {"naive_bayes"}
    assert set(evaluation["severity"]["models"]) == {"ridge", "lasso"}
    assert len(list((tmp_path / "store" / "bundles").iterdir())) == 3
    printed = capsys.readouterr().out
    for stage in ("source", "validation", "preprocessing", "features", "folds", "attack/naive_bayes", "evaluation"):
        assert stage in printed


def test_it_trains_the_same_models_as_the_pipeline() -> None:
    assert [len(models) for models in plain_pipeline.MODELS.values()] == [8, 8]
