from pathlib import Path

from migraine_assets.sources.table import open_table

PERIOD = "observation: {first: 2024-01-21, last: 2024-01-24}\nunlisted_days: quiet\n"


def test_other_headaches_are_no_attacks(tmp_path: Path) -> None:
    rows = 'date,strength,medsTaken\n2024-01-22,migraine,"[""Triptan""]"\n2024-01-23,headache,[]\n'
    (tmp_path / "log.csv").write_text(rows)
    (tmp_path / "m.yaml").write_text(PERIOD)
    frame = open_table(str(tmp_path / "log.csv"), mapping=str(tmp_path / "m.yaml")).frame
    assert frame["migraine_occurrence"].tolist() == [0, 1, 0, 0]
