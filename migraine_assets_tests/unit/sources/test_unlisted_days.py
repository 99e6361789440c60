from pathlib import Path

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.table import open_table

ATTACK_DAYS = "participant_id,date,age,sex,sleep_hours,migraine_occurrence\n" + "".join(
    f"p,2024-01-{day:02d},27,F,7,1\n" for day in range(2, 22, 2)
)


def test_a_diary_of_attack_days_alone_is_refused_with_a_remedy_that_works(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(ATTACK_DAYS)
    with pytest.raises(DataRefused, match="has attack days only: all 10 days") as refused:
        open_table(str(tmp_path / "d.csv"))
    lines = [part for part in str(refused.value).split("'") if part.startswith(("observation", "unlisted"))]
    (tmp_path / "m.yaml").write_text("\n".join(lines))
    delivery = open_table(str(tmp_path / "d.csv"), mapping=str(tmp_path / "m.yaml"))
    frame = delivery.frame
    assert (len(frame), frame["migraine_occurrence"].sum()) == (91, 10)
    assert frame["age"].unique().tolist() == [27]
    assert frame["sleep_hours"].notna().sum() == 10
    assert any("81 observed days that are not in the diary are quiet" in note for note in delivery.notes)


def test_unlisted_days_that_are_unknown_add_nothing(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(ATTACK_DAYS + "p,2024-01-05,27,F,6,0\n")
    (tmp_path / "m.yaml").write_text("observation: {first: 2024-01-01, last: 2024-01-31}\n")
    assert len(open_table(str(tmp_path / "d.csv"), mapping=str(tmp_path / "m.yaml")).frame) == 11
