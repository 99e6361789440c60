import json
from pathlib import Path

from migraine_assets.sources.table import open_table

RECORDS = [
    {"id": "a", "migraine_level": 2.5, "stress_level": 4.0, "had_trigger_food": False, "had_medication": True,
     "sleep_duration": 516, "record_time": "2024-01-15T19:30:00+01:00"},
    {"id": "b", "migraine_level": 0.0, "stress_level": 0.5, "had_trigger_food": True, "had_medication": False,
     "sleep_duration": 390, "record_time": "2024-01-16T19:30:00+01:00"},
]  # fmt: skip


def test_levels_are_doubled_and_the_day_is_local(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(RECORDS))
    (tmp_path / "m.yaml").write_text("{timezone: Pacific/Auckland, columns: {date: record_time}, match_names: true}")
    frame = open_table(str(tmp_path / "r.json"), mapping=str(tmp_path / "m.yaml")).frame
    assert frame["date"].dt.day.tolist() == [16, 17]
    assert frame["migraine_occurrence"].tolist() == [1, 0]
    assert frame["migraine_severity"].dropna().tolist() == [5]
    assert frame["stress_level"].tolist() == [8, 1]
    assert frame["sleep_hours"].tolist() == [8.6, 6.5]
    assert frame["specific_foods"].tolist() == [0, 1]
