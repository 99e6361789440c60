from pathlib import Path

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.table import open_table

LONG = """participant,date,variable,value
001,2024-01-09,sleep_hours,6.3
001,2024-01-09,migraine_occurrence,0
001,2024-01-10,migraine_occurrence,1
"""


def test_variables_become_columns(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text(LONG)
    frame = open_table(str(tmp_path / "long.csv")).frame
    assert frame["migraine_occurrence"].tolist() == [0, 1]
    assert frame["sleep_hours"].tolist()[0] == 6.3
    assert frame["source_row"].tolist() == [2, 4]


def test_two_values_of_one_variable_on_a_day_are_refused(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text(LONG + "001,2024-01-10,migraine_occurrence,0\n")
    with pytest.raises(DataRefused, match="line 5: 'migraine_occurrence' has a second value"):
        open_table(str(tmp_path / "long.csv"))
