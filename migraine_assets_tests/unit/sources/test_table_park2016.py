"""The diary of Park et al. 2016, read through the mapping in this folder."""

from pathlib import Path

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.table import open_table

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "park2016_diary.csv"
MAPPING = str(Path(__file__).with_name("park2016.yaml"))

pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the published diary does not lie beside the checkout")


def test_the_diary_is_read_through_its_mapping() -> None:
    delivery = open_table(str(REAL), mapping=MAPPING)
    frame = delivery.frame
    assert delivery.horizon == 0
    assert len(frame) == 4579
    assert frame["participant_id"].nunique() == 63
    assert frame["migraine_occurrence"].sum() == 1098
    assert frame["migraine_severity"].dropna().between(1, 10).all()
    assert frame["duration_h"].max() == pytest.approx(1439 / 60)
    assert frame["physical_activity"].sum() == 129
    assert frame["unreadable"].isna().all()
    assert frame["date"].isna().all()


def test_without_the_mapping_its_two_exercise_columns_are_refused() -> None:
    with pytest.raises(DataRefused, match="2 columns called 'exercise'"):
        open_table(str(REAL))
