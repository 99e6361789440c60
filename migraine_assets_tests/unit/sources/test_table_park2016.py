"""The diary of Park et al. 2016, read through the shipped mapping."""

from pathlib import Path

import pytest

from migraine_assets.sources.table import open_table

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "park2016_diary.csv"

pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the published diary does not lie beside the checkout")


@pytest.mark.parametrize("mapping", [None, "park2016"])
def test_the_diary_is_read_through_its_mapping(mapping: str | None) -> None:
    delivery = open_table(str(REAL), mapping=mapping)
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
