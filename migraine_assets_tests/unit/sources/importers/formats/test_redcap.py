from pathlib import Path

import pytest

from migraine_assets.sources.table import open_table

REDCAP = """\
record_id,redcap_event_name,redcap_repeat_instrument,age,sex,diary_date,trigger___1,migraine,diary_complete
001,baseline_arm_1,,27,F,,0,,
001,diary_arm_1,daily_diary,,,2024-01-09,1,0,2
001,diary_arm_1,daily_diary,,,2024-01-10,0,1,2
002,baseline_arm_1,,41,M,,0,,
002,diary_arm_1,daily_diary,,,2024-01-09,0,0,2
"""


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


EVENTS = """\
record_id,redcap_event_name,age,diary_date,migraine,diary_complete
001,enrolment_arm_1,27,,,
001,day_1_arm_1,,2024-01-09,0,2
001,day_2_arm_1,,2024-01-10,1,2
002,enrolment_arm_1,41,,,
002,day_1_arm_1,,2024-01-09,0,2
"""


@pytest.mark.parametrize(
    "content",
    [
        EVENTS,
        EVENTS.replace("redcap_event_name", "Event Name"),
        # Repeating instruments are switched on, and none was used.
        EVENTS.replace("event_name,", "event_name,redcap_repeat_instrument,redcap_repeat_instance,").replace(
            "_1,", "_1,,,"
        ),
    ],
)
def test_baseline_events_of_redcap_are_spread_without_repeating_instruments(tmp_path: Path, content: str) -> None:
    (tmp_path / "r.csv").write_text(content)
    mapping = "columns: {participant_id: record_id, date: diary_date}\nmatch_names: true\n"
    (tmp_path / "m.yaml").write_text(mapping)
    frame = open_table(str(tmp_path / "r.csv"), mapping=str(tmp_path / "m.yaml")).frame
    assert frame["participant_id"].tolist() == ["001", "001", "002"]
    assert frame["age"].tolist() == [27, 27, 41]
    assert frame["migraine_occurrence"].tolist() == [0, 1, 0]


SEVERAL = """\
record_id,redcap_repeat_instrument,redcap_repeat_instance,diary_date,migraine,med_date,medication,note
001,diary,1,2024-01-09,0,,,
001,diary,2,2024-01-10,1,,,
001,diary,3,2024-01-11,0,,,
001,drugs,1,,,2024-01-10,1,
001,drugs,2,,,2024-01-10,0,
001,drugs,3,,,2024-01-12,1,
001,visit,1,,,,,seen
"""


def test_the_rows_of_several_instruments_are_joined_by_their_dates(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(SEVERAL)
    (tmp_path / "m.yaml").write_text("columns: {participant_id: record_id, date: diary_date}\nmatch_names: true\n")
    delivery = open_table(str(tmp_path / "r.csv"), mapping=str(tmp_path / "m.yaml"))
    frame = delivery.frame
    assert frame["date"].dt.day.tolist() == [9, 10, 11, 12]
    assert frame["migraine_occurrence"].tolist()[:3] == [0, 1, 0]
    assert frame["medication"].fillna(-1).tolist() == [-1, 1, -1, 1]
    text = "\n".join(delivery.notes)
    assert "2 rows of 'drugs' were joined to 'diary' by 'med_date' and 'diary_date'; 1 rows without a date" in text
    assert "0 rows of 'visit' were joined" in text
