"""The scale benchmark: stages read the files of earlier stages, and missed bars are reported."""

from pathlib import Path

import pytest

from benchmarks import scale
from benchmarks.scale import Measured, apart, measure, misses
from benchmarks.scale_stages import FIRST, MODELS, STAGES


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scale")
    for name in FIRST:
        measure(name, path, 3_000)
    return path


@pytest.mark.parametrize("name", ["csv", "feature_checks", "attack/naive_bayes", "severity/ridge"])
def test_a_stage_reads_the_files_of_earlier_stages(folder: Path, name: str) -> None:
    measured = measure(name, folder, 3_000)
    assert measured.rows > 100
    assert measured.peak > 0


def test_a_stage_runs_in_a_separate_process(tmp_path: Path) -> None:
    measured = apart("synthetic", tmp_path, 1_000)
    assert measured.rows == 1_000
    assert (tmp_path / "raw.parquet").exists()


def test_there_are_sixteen_models_beside_the_stages() -> None:
    assert len(MODELS) == 16
    assert set(FIRST) <= set(STAGES)


def test_a_target_is_met_at_its_value_and_missed_beyond_it() -> None:
    million = 1_000_000
    assert misses("features", Measured(million, 9, 2.0, 8192)) == ""
    assert "target 2" in misses("features", Measured(million, 9, 2.1, 100))
    assert "target 5" in misses("validation", Measured(million, 9, 5.1, 100))
    assert "8192 MB" in misses("csv", Measured(million, 9, 1, 8193))
    assert "target 300" in misses("attack/knn", Measured(million, 9, 301, 100))


def test_targets_per_million_rows_do_not_apply_to_few_rows() -> None:
    assert misses("features", Measured(10_000, 1, 1.0, 100)) == ""


def test_the_table_shows_the_cost_of_each_stage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in FIRST:
        (folder / f"{name}.done").touch()
    assert scale.size(folder, 3_000, ["feature_checks"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[0] == "feature_checks"
    assert lines[2].startswith("total")
