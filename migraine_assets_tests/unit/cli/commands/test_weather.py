from pathlib import Path

import pytest

from migraine_assets.cli.app import run_command
from migraine_assets.sources.table import open_table
from migraine_assets_tests.unit.sources.diaries import SMALL, write
from migraine_assets_tests.unit.sources.test_weather import open_meteo


def test_the_weather_of_a_diary_is_fetched_and_joined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    diary = write(tmp_path, "diary.csv", SMALL)
    with open_meteo() as service:
        arguments = ["weather", "--place", "-33.87,151.21", "--diary", diary, "--url", service.url]
        assert run_command(arguments) == 0
        output = " ".join(capsys.readouterr().out.split())
        assert "latitude=-33.9, longitude=151.2, start_date=2019-12-31, end_date=2020-01-02" in output
        assert "Nothing else leaves this machine" in output
        # An existing file is not overwritten, and nothing is requested.
        assert run_command(arguments) == 2
        assert len(service.queries) == 1
    frame = open_table(str(tmp_path)).frame
    assert frame["weather_pressure"].tolist() == [1001, 1002]
    assert frame["humidity"].tolist() == [51, 52]
    assert frame["temperature_change"].tolist() == [1, 1]


def test_nothing_is_written_where_nothing_was_fetched(tmp_path: Path) -> None:
    days = ["--first", "2024-01-01", "--last", "2024-01-02", "--output", str(tmp_path / "w.json")]
    with open_meteo() as service:
        service.status = 500
        assert run_command(["weather", "--place", "1,2", *days, "--url", service.url]) == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [["--place", "here"], ["--place", "1,2"], ["--place", "1,2", "--first", "soon", "--last", "2024-01-01"]],
)
def test_wrong_arguments_are_refused_before_anything_is_sent(arguments: list[str]) -> None:
    assert run_command(["weather", *arguments, "--url", "http://127.0.0.1:9"]) == 2
