from pathlib import Path

from migraine_assets.sources.table import open_table

QUALTRICS = """StartDate,ResponseId,participant_id,Q1_date,migraine_occurrence
Start Date,Response ID,Your study ID?,Which day?,A migraine today?
"{""ImportId"":""startDate""}","{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}","{""ImportId"":""QID3""}"
2024-01-09 21:04:11,R_0,001,2024-01-09,No
2024-01-10 21:04:11,R_1,001,2024-01-10,Yes
"""
REDCAP = """\
record_id,redcap_event_name,redcap_repeat_instrument,age,sex,diary_date,trigger___1,migraine,diary_complete
001,baseline_arm_1,,27,F,,0,,
001,diary_arm_1,daily_diary,,,2024-01-09,1,0,2
001,diary_arm_1,daily_diary,,,2024-01-10,0,1,2
002,baseline_arm_1,,41,M,,0,,
002,diary_arm_1,daily_diary,,,2024-01-09,0,0,2
"""


def test_the_header_rows_of_qualtrics_are_no_answers(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text(QUALTRICS)
    (tmp_path / "m.yaml").write_text("columns: {participant_id: participant_id, date: Q1_date}\nmatch_names: true\n")
    frame = open_table(str(tmp_path / "q.csv"), mapping=str(tmp_path / "m.yaml")).frame
    assert frame["migraine_occurrence"].tolist() == [0, 1]
    assert frame["source_row"].tolist() == [4, 5]


def test_the_baseline_rows_of_redcap_are_spread_over_the_days(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(REDCAP)
    mapping = "columns: {participant_id: record_id, date: diary_date, bright_light: trigger___1}\nmatch_names: true\n"
    (tmp_path / "m.yaml").write_text(mapping)
    delivery = open_table(str(tmp_path / "r.csv"), mapping=str(tmp_path / "m.yaml"))
    frame = delivery.frame
    assert frame["age"].tolist() == [27, 27, 41]
    assert frame["sex"].tolist() == ["F", "F", "M"]
    assert frame["bright_light"].tolist() == [1, 0, 0]
    assert frame["migraine_occurrence"].tolist() == [0, 1, 0]
    assert any("2 baseline rows" in note for note in delivery.notes)
