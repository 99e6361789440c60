from pathlib import Path

from migraine_assets.sources.table import open_table

QUALTRICS = """StartDate,ResponseId,participant_id,Q1_date,migraine_occurrence
Start Date,Response ID,Your study ID?,Which day?,A migraine today?
"{""ImportId"":""startDate""}","{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}","{""ImportId"":""QID3""}"
2024-01-09 21:04:11,R_0,001,2024-01-09,No
2024-01-10 21:04:11,R_1,001,2024-01-10,Yes
"""


def test_the_header_rows_of_qualtrics_are_no_answers(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text(QUALTRICS)
    (tmp_path / "m.yaml").write_text("columns: {participant_id: participant_id, date: Q1_date}\nmatch_names: true\n")
    frame = open_table(str(tmp_path / "q.csv"), mapping=str(tmp_path / "m.yaml")).frame
    assert frame["migraine_occurrence"].tolist() == [0, 1]
    assert frame["source_row"].tolist() == [4, 5]


def test_previews_are_no_answers(tmp_path: Path) -> None:
    head, *lines = QUALTRICS.splitlines()
    status = ["Response Type", '"{""ImportId"":""status""}"', "Survey Preview", "IP Address"]
    table = [f"{head},Status", *(f"{line},{cell}" for line, cell in zip(lines, status, strict=True))]
    (tmp_path / "q.csv").write_text("\n".join(table) + "\n")
    (tmp_path / "m.yaml").write_text("columns: {participant_id: participant_id, date: Q1_date}\nmatch_names: true\n")
    delivery = open_table(str(tmp_path / "q.csv"), mapping=str(tmp_path / "m.yaml"))
    assert delivery.frame["migraine_occurrence"].tolist() == [1]
    assert any("1 previews, tests or spam" in note for note in delivery.notes)


def test_an_export_of_qualtrics_without_import_ids_has_two_header_rows(tmp_path: Path) -> None:
    lines = QUALTRICS.splitlines()
    (tmp_path / "q.csv").write_text("\n".join([*lines[:2], *lines[3:]]) + "\n")
    (tmp_path / "m.yaml").write_text("columns: {participant_id: participant_id, date: Q1_date}\nmatch_names: true\n")
    frame = open_table(str(tmp_path / "q.csv"), mapping=str(tmp_path / "m.yaml")).frame
    assert frame["migraine_occurrence"].tolist() == [0, 1]
    assert frame["source_row"].tolist() == [3, 4]
