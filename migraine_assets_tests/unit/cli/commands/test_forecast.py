"""`migraine forecast`: the newest delivery and a file, at the terminal, as JSON and as files."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.small_diary import diary, write_diary


def test_the_newest_delivery_is_forecast_at_the_terminal(trained_home: Home) -> None:
    done = trained_home.migraine("forecast", extra={"COLUMNS": "80"})
    assert done.code == 0, done.text
    assert all(len(line) <= 80 or "trained on" in line for line in done.out.splitlines())
    assert "15 of 15 participants have a forecast." in done.out
    assert "Model of attack: " in done.out
    ratios = [float(line.split()[6]) for line in done.out.splitlines() if line.startswith("p") and "%" in line]
    assert len(ratios) == 15
    assert ratios == sorted(ratios, reverse=True)


def test_the_json_document_has_all_participants(trained_home: Home) -> None:
    document = json.loads(trained_home.migraine("forecast", "--json").out)
    assert (document["participants"], document["forecasts"], document["without"]) == (15, 15, {})
    assert {model["task"] for model in document["models"]} == {"attack", "severity"}
    assert document["models"][0]["bundle"] == trained_home.pointer.tasks["attack"].champion
    assert {line["participant"] for line in document["lines"]} == {f"p{k:02d}" for k in range(15)}
    assert all(0 <= line["probability"] <= 1 for line in document["lines"])


def test_a_file_is_read_as_a_run_reads_it(trained_home: Home, tmp_path: Path) -> None:
    source = write_diary(tmp_path / "diary.csv")
    delivered, read = (
        json.loads(trained_home.migraine("forecast", *arguments, "--json").out) for arguments in ((), (str(source),))
    )
    assert delivered["lines"] == read["lines"]
    target = tmp_path / "out.parquet"
    done = trained_home.migraine("forecast", str(source), "--to", str(target))
    assert done.code == 0, done.text
    assert str(target) in done.out
    rows = {row["participant_id"]: row["probability"] for row in pq.read_table(target).to_pylist()}
    assert rows == {line["participant"]: line["probability"] for line in read["lines"]}


def test_on_a_day_the_reasons_are_counted(trained_home: Home) -> None:
    last = diary().groupby("participant_id")["date"].max()
    document = json.loads(trained_home.migraine("forecast", "--day", "2024-02-20", "--json").out)
    assert (last == "2024-02-19").sum() == 1
    assert document["forecasts"] == 1
    assert document["without"] == {"no entry": 10, "later entries": 4}
    [line] = [line for line in document["lines"] if line["probability"]]
    assert line["for_date"] == "2024-02-20"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--day", "tomorrow"), 2, "--day takes a day as YYYY-MM-DD"),
        (("--to", "out.xlsx"), 2, ".csv, .parquet, .json"),
        (("missing.csv",), 2, "There is no file"),
        (("--mapping", "m.yaml"), 2, "--mapping needs a source"),
    ],
)
def test_a_wrong_call_is_explained(trained_home: Home, arguments: tuple[str, ...], code: int, message: str) -> None:
    done = trained_home.migraine("forecast", *arguments)
    assert (done.code, message in done.err.replace("\n", " ")) == (code, True), done.text


def test_without_a_promoted_model_nothing_is_forecast(tmp_path: Path) -> None:
    done = Home.make(tmp_path / "home").migraine("forecast")
    assert done.code == 1
    assert "No model has been promoted yet" in done.err
