"""The alert log has only complete lines and a maximum size, and logging never raises."""

import json
from pathlib import Path

from migraine_assets.stores.alerts.log import GENERATIONS, append


def test_each_entry_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "home" / "alerts.log"
    assert append(path, [{"event": "new", "what": "two\nlines – é"}, {"event": "over"}])
    assert [json.loads(line)["event"] for line in path.read_text(encoding="utf-8").splitlines()] == ["new", "over"]


def test_it_is_rotated_and_bounded(tmp_path: Path) -> None:
    path = tmp_path / "alerts.log"
    for number in range(200):
        append(path, [{"number": number}], most_bytes=100)
    files = sorted(tmp_path.iterdir())
    assert len(files) == GENERATIONS + 1
    assert all(file.stat().st_size <= 100 for file in files)
    assert json.loads(path.read_text().splitlines()[-1]) == {"number": 199}


def test_an_entry_after_an_incomplete_line_begins_a_new_line(tmp_path: Path) -> None:
    path = tmp_path / "alerts.log"
    path.write_bytes(b'{"event": "ne')
    append(path, [{"event": "over"}])
    assert path.read_text().splitlines()[-1] == '{"event": "over"}'


def test_a_log_that_cannot_be_written_is_reported_and_not_raised(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not append(tmp_path / "file" / "alerts.log", [{"event": "new"}])
