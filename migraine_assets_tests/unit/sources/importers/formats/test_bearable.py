from pathlib import Path

from migraine_assets.sources.table import open_table

BEARABLE = """date,date formatted,weekday,time of day,category,rating/amount,detail,notes
"14th Mar 2024","2024-03-14","Thursday","am","Symptom","3 (Severe)","Migraine",""
"14th Mar 2024","2024-03-14","Thursday","pm","Symptom","1 (Mild)","Migraine",""
"13th Mar 2024","2024-03-13","Wednesday","pm","Mood","4","Good",""
"12th Mar 2024","2024-03-12","Tuesday","pm","Symptom","0","Migraine",""
"""


def test_a_rated_symptom_of_bearable_makes_an_attack_day(tmp_path: Path) -> None:
    (tmp_path / "bearable.csv").write_text(BEARABLE)
    frame = open_table(str(tmp_path / "bearable.csv")).frame
    assert frame["migraine_occurrence"].tolist() == [1, 0, 0]
    assert frame["migraine_severity"].tolist()[0] == 7.5
