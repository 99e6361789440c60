"""Files of forecasts: the same content in each format, complete or not at all."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.prediction.answer_table import answer_schema, answer_table
from migraine_assets.prediction.forecast_files import forecast_file


def answers(*names: str) -> pa.Table:
    table = answer_table(names, dict.fromkeys(range(len(names)), 'No entry, "x".'), None)
    warnings = pa.array([["a", "b"], *[None] * (len(names) - 1)], pa.list_(pa.string()))
    return table.set_column(table.column_names.index("warnings"), "warnings", warnings)


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".JSON"])
def test_every_format_holds_all_parts(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    with forecast_file(path) as write:
        write(answers("p1", "p2"))
        write(answers("p3"))
    if ending == ".csv":
        rows = list(csv.DictReader(path.read_text().splitlines()))
        assert rows[0]["warnings"] == "a b"
    elif ending == ".parquet":
        rows = pq.read_table(path).to_pylist()
        assert rows[0]["warnings"] == ["a", "b"]
    else:
        rows = json.loads(path.read_text())
        assert rows[0]["warnings"] == ["a", "b"]
    assert [row["participant_id"] for row in rows] == ["p1", "p2", "p3"]
    assert {row["error"] for row in rows} == {'No entry, "x".'}
    assert list(rows[0]) == answer_schema().names


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".json"])
def test_an_interrupted_write_leaves_the_old_file_alone(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="stop"):
        _interrupted(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _interrupted(path: Path) -> None:
    with forecast_file(path) as write:
        write(answers("p1"))
        raise RuntimeError("stop")


def test_nobody_is_an_empty_list(tmp_path: Path) -> None:
    with forecast_file(tmp_path / "out.json"):
        pass
    assert json.loads((tmp_path / "out.json").read_text()) == []


def test_another_ending_and_another_place_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"\.csv, \.parquet, \.json"), forecast_file(tmp_path / "out.xlsx"):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"), forecast_file(tmp_path / "file" / "out.csv"):
        pass
