import json
from pathlib import Path

import pandas as pd
import pytest

from migraine_assets.sources.columns.mapping import parse_mapping
from migraine_assets.sources.mapping_draft import draft_mapping
from migraine_assets.sources.table import open_table
from migraine_assets_tests.support.small_diary import diary
from migraine_assets_tests.unit.sources.diaries import read, write
from migraine_assets_tests.unit.sources.importers.formats.test_workbook import xlsx
from migraine_assets_tests.unit.sources.importers.test_archive import zipped


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


@pytest.mark.parametrize("form", ["xlsx", "zip", "json"])
def test_a_draft_is_written_for_every_format(tmp_path: Path, form: str) -> None:
    records = [{"patient": "ann", "date": f"2024-01-{day}", "Migraine": day % 2} for day in range(10, 30)]
    table = "\n".join([",".join(records[0]), *(",".join(map(str, record.values())) for record in records)])
    content = {
        "json": json.dumps(records).encode(),
        "zip": zipped(**{"diary.csv": table.encode()}),
        "xlsx": xlsx(tuple(records[0]), *(tuple(map(str, record.values())) for record in records)),
    }[form]
    path = tmp_path / f"diary.{form}"
    path.write_bytes(content)
    (tmp_path / "m.yaml").write_text(draft_mapping(str(path)))
    plain, drafted = (open_table(str(path), mapping=mapping).frame for mapping in (None, str(tmp_path / "m.yaml")))
    pd.testing.assert_frame_equal(plain, drafted)
    assert len(plain) == 20


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("start,end,severity\n2024-01-15 08:00,2024-01-15 10:00,5\n2024-01-20 08:00,2024-01-20 10:00,5\n",
         "observation: {first: 2024-01-15, last: 2024-01-20}"),
        ("full_date,weekday,mood,activities\n2024-01-15,Monday,good,migraine\n", "is read without a mapping: Daylio"),
        ("date,Total Sleep Duration\n2024-01-15,27000\n", "participants: all"),
    ],
)  # fmt: skip
def test_a_draft_of_what_is_no_table_of_days_says_what_is_needed(tmp_path: Path, content: str, expected: str) -> None:
    path = tmp_path / "export.csv"
    path.write_text(content)
    text = draft_mapping(str(path))
    assert expected in text
    assert parse_mapping(text, name="draft")
