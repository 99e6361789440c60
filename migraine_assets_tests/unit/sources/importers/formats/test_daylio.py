from pathlib import Path

from migraine_assets.sources.table import open_table

DAYLIO = """full_date,date,weekday,time,mood,activities,note_title,note
2024-03-14,March 14,Thursday,21:30,good,walk,,
2024-03-13,March 13,Wednesday,21:30,meh,walk | Migraine | neck pain,,
2024-03-13,March 13,Wednesday,09:00,good,walk,,
"""


def test_an_activity_of_daylio_makes_an_attack_day(tmp_path: Path) -> None:
    (tmp_path / "daylio.csv").write_text(DAYLIO)
    delivery = open_table(str(tmp_path / "daylio.csv"))
    assert delivery.frame["migraine_occurrence"].tolist() == [0, 1]
    assert delivery.frame["neck_pain"].tolist() == [0, 1]
    assert any("'Migraine' as migraine_occurrence" in note for note in delivery.notes)
