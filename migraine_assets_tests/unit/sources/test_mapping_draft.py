from pathlib import Path

import pandas as pd

from migraine_assets.sources.columns.mapping import parse_mapping
from migraine_assets.sources.mapping_draft import draft_mapping
from migraine_assets_tests.support.small_diary import diary
from migraine_assets_tests.unit.sources.diaries import read, write


def test_a_draft_reads_what_is_read_without_it_guesses_written_out(tmp_path: Path) -> None:
    frame = diary().assign(sleep_hours=lambda f: f["sleep_hours"] * 60).rename(columns={"participant_id": "Patient"})
    path = write(tmp_path, "diary.csv", frame.assign(mood="good").to_csv(index=False))
    text = draft_mapping(path)
    assert '# <field>: "mood"     # Cells: good' in text
    assert 'sleep_hours: {column: "sleep_hours", unit: "min"}' in text
    before = read(tmp_path, Path(path).read_text())
    after = read(tmp_path, Path(path).read_text(), mapping=text)
    pd.testing.assert_frame_equal(after.frame, before.frame)
    assert not any("no stated unit" in note for note in after.notes)


def test_a_draft_says_what_is_missing_and_why_the_diary_is_refused(tmp_path: Path) -> None:
    text = draft_mapping(write(tmp_path, "d.csv", "patient,day,weather: today\nann,1,#x\n"))
    assert "# With this draft, the diary is refused: d.csv has no outcome" in text
    assert "# migraine_occurrence: <column>" in text
    assert parse_mapping(text, name="draft").columns[0].column == "patient"
