from pathlib import Path

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.table import open_table

HEAD = '<?xml version="1.0"?><!DOCTYPE HealthData [<!ELEMENT HealthData (Record*)>{more}]><HealthData locale="de_DE">'
OBSERVED = "observation: {first: 2024-01-14, last: 2024-01-17}\nunlisted_days: quiet\n"


def record(kind: str, start: str, end: str, value: str) -> str:
    times = f'startDate="{start} +0100" endDate="{end} +0100"'
    return f'<Record type="HKCategoryTypeIdentifier{kind}" {times} value="{value}"/>'


RECORDS = (
    record("Headache", "2024-01-15 22:00:00", "2024-01-16 02:00:00", "HKCategoryValueSeveritySevere")
    + record("Headache", "2024-01-14 08:00:00", "2024-01-14 08:00:00", "HKCategoryValueSeverityNotPresent")
    + record("SleepAnalysis", "2024-01-15 23:00:00", "2024-01-16 06:30:00", "HKCategoryValueSleepAnalysisAsleepCore")
    # The phone records the same night.
    + record("SleepAnalysis", "2024-01-15 23:30:00", "2024-01-16 06:00:00", "HKCategoryValueSleepAnalysisAsleepREM")
    + record("SleepAnalysis", "2024-01-15 22:00:00", "2024-01-16 07:00:00", "HKCategoryValueSleepAnalysisInBed")
    + record("MenstrualFlow", "2024-01-17 08:00:00", "2024-01-17 08:00:00", "HKCategoryValueMenstrualFlowLight")
)


def export(folder: Path, content: str) -> str:
    path = folder / "export.xml"
    path.write_text(content)
    (folder / "mapping.yaml").write_text(OBSERVED)
    return str(path)


def test_headaches_sleep_and_menstruation_become_days(tmp_path: Path) -> None:
    location = export(tmp_path, HEAD.format(more="") + RECORDS + "</HealthData>")
    delivery = open_table(location, mapping=str(tmp_path / "mapping.yaml"))
    days = delivery.frame.set_index(delivery.frame["date"].dt.day)
    assert days["migraine_occurrence"].to_dict() == {14: 0, 15: 1, 16: 1, 17: 0}
    assert days["migraine_severity"].dropna().to_dict() == {15: 8, 16: 8}
    assert days["duration_h"].dropna().to_dict() == {15: 2, 16: 2}
    assert days["sleep_hours"].dropna().to_dict() == {16: 7.5}
    assert days["menstrual_cycle"].dropna().to_dict() == {17: 1}
    assert any("read as 2, 5 and 8 of 10" in note for note in delivery.notes)


@pytest.mark.parametrize("entity", ['<!ENTITY a "aaaa">', '<!ENTITY a SYSTEM "file:///etc/passwd">'])
def test_entities_are_refused(tmp_path: Path, entity: str) -> None:
    location = export(tmp_path, HEAD.format(more=entity) + RECORDS.replace("Severe", "&a;", 1) + "</HealthData>")
    with pytest.raises(DataRefused, match="declares XML entities"):
        open_table(location, mapping=str(tmp_path / "mapping.yaml"))


def test_a_torn_export_is_refused(tmp_path: Path) -> None:
    location = export(tmp_path, (HEAD.format(more="") + RECORDS)[:-30])
    with pytest.raises(DataRefused, match="damaged Apple Health export"):
        open_table(location, mapping=str(tmp_path / "mapping.yaml"))
