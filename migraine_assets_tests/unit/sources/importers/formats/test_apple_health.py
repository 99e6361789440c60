import tracemalloc
import zipfile
from pathlib import Path

import pytest

from migraine_assets.core.contract import CONTRACT, Field
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
    folder.mkdir(exist_ok=True)
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


def test_an_export_is_read_as_a_stream_from_a_file_and_from_an_archive(tmp_path: Path) -> None:
    workouts = '<Workout><WorkoutEvent type="x"/></Workout>' * 20_000
    location = export(tmp_path, HEAD.format(more="") + RECORDS + " " * (65 << 20) + workouts + "</HealthData>")
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(location, "apple_health_export/export.xml")
    tracemalloc.start()
    paths = (location, str(tmp_path / "export.zip"))
    frames = [open_table(path, mapping=str(tmp_path / "mapping.yaml")).frame for path in paths]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20
    for frame in frames:
        assert frame["migraine_occurrence"].tolist() == [0, 1, 1, 0]


def test_an_element_without_an_end_is_refused(tmp_path: Path) -> None:
    location = export(tmp_path, HEAD.format(more="") + RECORDS + '<Record value="' + "x" * (18 << 20))
    with pytest.raises(DataRefused, match="has an element that is too long; the limit is"):
        open_table(location, mapping=str(tmp_path / "mapping.yaml"))


def test_an_export_without_headaches_is_joined_to_a_diary(tmp_path: Path) -> None:
    quiet = (
        RECORDS[RECORDS.index('<Record type="HKCategoryTypeIdentifierSleep') :]
        + '<Record type="HKQuantityTypeIdentifierRestingHeartRate" startDate="2024-01-16 08:00:00 +0100" value="58"/>'
        + record("MindfulSession", "2024-01-16 20:00:00", "2024-01-16 20:10:00", "0")
    )
    export(tmp_path / "in", HEAD.format(more="") + quiet + "</HealthData>")
    diary = "date,migraine_occurrence\n2024-01-15,0\n2024-01-16,1\n2024-01-17,0\n"
    (tmp_path / "in" / "diary.csv").write_text(diary)
    own = [Field(name, "number", "exposure", "Own.", "x", 0, 200) for name in ("resting_heart_rate", "mindful_minutes")]
    frame = open_table(str(tmp_path / "in"), contract=CONTRACT.updated(tuple(own))).frame
    assert frame["sleep_hours"].dropna().tolist() == [7.5]
    assert frame["menstrual_cycle"].dropna().tolist() == [1]
    assert frame["resting_heart_rate"].dropna().tolist() == [58]
    assert frame["mindful_minutes"].dropna().tolist() == [10]
    assert frame["migraine_occurrence"].tolist() == [0, 1, 0]


def test_the_other_documents_in_an_archive_are_left_out(tmp_path: Path) -> None:
    location = export(tmp_path, HEAD.format(more="") + RECORDS + "</HealthData>")
    folder = "apple_health_export"
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.write(location, f"{folder}/export.xml")
        archive.writestr(f"{folder}/export_cda.xml", "<?xml version='1.0'?><ClinicalDocument a='say \"hi\"'/>")
        archive.writestr(f"{folder}/workout-routes/route.gpx", "<?xml version='1.0'?><gpx/>")
        archive.writestr(f"{folder}/clinical-records/Condition-1.json", '{"resourceType": "Condition"}')
        archive.writestr(
            f"{folder}/electrocardiograms/ecg.csv", "Name,Ann\nSample Rate,511\n\nLead,I\n" + "-12,3\n" * 90
        )
    delivery = open_table(str(tmp_path / "export.zip"), mapping=str(tmp_path / "mapping.yaml"))
    assert delivery.frame["migraine_occurrence"].tolist() == [0, 1, 1, 0]
    text = "\n".join(delivery.notes)
    for left_out in (
        "export_cda.xml is an XML document",
        "route.gpx",
        "Condition-1.json is FHIR",
        "ecg.csv has no column",
    ):
        assert left_out in text


def test_an_xml_document_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.xml").write_text("<?xml version='1.0'?><diary/>")
    with pytest.raises(DataRefused, match="is an XML document, but not an export of Apple Health"):
        open_table(str(tmp_path / "d.xml"))
