from pathlib import Path

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets_tests.unit.sources.diaries import read

HEADER = "participant_id,date,sleep_hours,caffeine_intake,migraine_occurrence,migraine_severity,duration_h\n"
DAY = "ann,2020-01-{day:02},{rest}\n"


def _diary(days: int = 15) -> str:
    rows = [
        DAY.format(day=day, rest=rest) for day in range(1, days + 1) for rest in ("7,1,0,,", ",3,1,4,2", ",2,1,6,3")
    ]
    return HEADER + "".join(rows) + "ann,2020-02-01,7,0,0,,\n"


def test_many_days_with_several_entries_are_refused_with_both_remedies(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=r"15 of 16 days .* entries: day.*participant_id: \[<site>, <patient>\]"):
        read(tmp_path, _diary())


def test_entries_become_one_day(tmp_path: Path) -> None:
    delivery = read(tmp_path, _diary(), mapping="{match_names: true, entries: day}")
    frame = delivery.frame
    assert len(frame) == 16
    columns = ["sleep_hours", "caffeine_intake", "migraine_occurrence", "migraine_severity", "duration_h"]
    assert frame.loc[0, columns].tolist() == [7, 2, 1, 6, 5]
    assert frame["source_row"].tolist()[:2] == [2, 5]
    assert any("46 entries became 16 days" in note for note in delivery.notes)


def test_a_column_states_how_its_entries_become_one(tmp_path: Path) -> None:
    mapping = "{match_names: true, entries: day, columns: {caffeine_intake: {column: caffeine_intake, entries: sum}}}"
    assert read(tmp_path, _diary(), mapping=mapping).frame["caffeine_intake"].tolist() == [6] * 15 + [0]


def test_a_few_conflicts_are_left_to_validation(tmp_path: Path) -> None:
    assert len(read(tmp_path, _diary(days=3)).frame) == 10


def test_two_sites_with_the_same_numbers_are_told_apart(tmp_path: Path) -> None:
    rows = "".join(
        f"{site},01,2020-01-{day:02},{int(site == 'Bern')}\n" for site in ("Bern", "Basel") for day in range(1, 20)
    )
    text = "site,patient,date,migraine\n" + rows
    with pytest.raises(DataRefused, match="several rows that differ"):
        read(tmp_path, text)
    frame = read(tmp_path, text, mapping="{columns: {participant_id: [site, patient]}, match_names: true}").frame
    assert sorted(set(frame["participant_id"])) == ["Basel/01", "Bern/01"]
