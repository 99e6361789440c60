import json
from pathlib import Path

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.table import open_table

ROWS = [
    {"participant_id": "001", "date": "2024-01-09", "sleep_hours": 6.5, "migraine_occurrence": 0},
    {"participant_id": "001", "date": "2024-01-10", "migraine_occurrence": True, "migraine_severity": 4},
]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps({"version": 2, "data": {"entries": ROWS}}, indent=1),
        "\n".join(map(json.dumps, ROWS)),
        "\ufeff" + json.dumps(ROWS),
        json.dumps({row["date"]: {key: value for key, value in row.items() if key != "date"} for row in ROWS}),
        f'<!DOCTYPE html><html><script type="application/json">{json.dumps(ROWS)}</script></html>',
    ],
)
def test_records_are_rows(tmp_path: Path, text: str) -> None:
    path = tmp_path / "diary.json"
    path.write_text(text)
    frame = open_table(str(path)).frame
    assert frame["migraine_occurrence"].tolist() == [0, 1]
    assert frame["sleep_hours"].tolist()[0] == 6.5
    assert frame["participant_id"].tolist() == ["001", "001"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1}', "without a list of diary days"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('[{"a": 1},]', "not valid JSON"),
        ('{"a": 1}\n{"b": ', "line 2 is not valid JSON"),
        ('[{"a": 1}, 2]', "without a list of diary days"),
    ],
)
def test_others_are_refused_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "diary.json"
    path.write_text(text)
    with pytest.raises(DataRefused, match=reason):
        open_table(str(path))


def test_a_list_for_each_participant_is_read_as_a_whole(tmp_path: Path) -> None:
    days = {who: [{"date": f"2024-01-{day}", "migraine": day % 2} for day in range(10, 10 + count)]
            for who, count in (("ann", 3), ("bea", 2))}  # fmt: skip
    (tmp_path / "d.json").write_text(json.dumps({"diaries": days}))
    frame = open_table(str(tmp_path / "d.json")).frame
    assert frame["participant_id"].tolist() == ["ann"] * 3 + ["bea"] * 2
    assert frame["migraine_occurrence"].tolist() == [0, 1, 0, 0, 1]
