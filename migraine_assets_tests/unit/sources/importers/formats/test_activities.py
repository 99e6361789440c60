import pytest

from migraine_assets.sources.importers.formats.activities import flag_of


@pytest.mark.parametrize(
    ("activity", "field"),
    [("Migraine", "migraine_occurrence"), ("starke Migräne", "migraine_occurrence"), ("no migraine", None),
     ("migraine-free", None), ("kopfschmerzfrei, keine Migräne", None), ("migraine medication", "medication"),
     ("Sumatriptan", "medication"), ("walk", None)],
)  # fmt: skip
def test_an_activity_is_what_its_name_says(activity: str, field: str | None) -> None:
    assert flag_of(activity) == field
