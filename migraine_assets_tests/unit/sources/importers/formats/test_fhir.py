import json
from pathlib import Path
from typing import Any

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.table import open_table


def observation(code: str = "37796009", **parts: Any) -> dict[str, Any]:
    coding = [{"system": "http://snomed.info/sct", "code": code}]
    subject = {"reference": "Patient/p4"}
    return {
        "resource": {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": coding},
            "subject": subject,
            **parts,
        }
    }


def read(folder: Path, *entries: Any) -> Any:
    path = folder / "bundle.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": list(entries)}))
    (folder / "m.yaml").write_text("observation: {first: 2024-01-15, last: 2024-01-17}\nunlisted_days: quiet\n")
    return open_table(str(path), mapping=str(folder / "m.yaml")).frame


def test_observations_of_migraine_are_attacks(tmp_path: Path) -> None:
    frame = read(
        tmp_path,
        observation(effectiveDateTime="2024-01-15T23:30:00+01:00", valueInteger=5),
        observation(effectivePeriod={"start": "2024-01-17T08:00:00+01:00", "end": "2024-01-17T12:00:00+01:00"}),
        observation("386661006", effectiveDateTime="2024-01-16T08:00:00+01:00"),  # fever
        observation(effectiveDateTime="2024-01-16T08:00:00+01:00", valueBoolean=False),
        {"resource": {"resourceType": "Patient", "id": "p4"}},
        "no resource",
    )
    assert frame["participant_id"].unique().tolist() == ["p4"]
    assert frame["migraine_occurrence"].tolist() == [1, 0, 1]
    assert frame["migraine_severity"].tolist()[0] == 5
    assert frame["duration_h"].tolist()[2] == 4


def test_a_bundle_without_attacks_or_dates_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="without an Observation or Condition of migraine"):
        read(tmp_path, {"resource": {"resourceType": "Patient"}})
    with pytest.raises(DataRefused, match="1 entries about migraine have no effective date"):
        read(tmp_path, observation())


MIGRAINE = {"coding": [{"system": "http://snomed.info/sct", "code": "37796009"}]}


PAIN = {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]}
ICD = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G43.909"}]}


def of_day(day: int, **parts: object) -> dict[str, object]:
    return {
        "resourceType": "Observation", "status": "final", "code": MIGRAINE, "subject": {"reference": "Patient/p4"},
        "effectiveDateTime": f"2024-01-{day}T08:00:00+01:00", **parts,
    }  # fmt: skip


def snomed(code: str, **parts: str) -> dict[str, object]:
    return {"coding": [{"system": "http://snomed.info/sct", "code": code, **parts}]}


VARIANTS = [
    of_day(15, valueQuantity={"value": 7, "unit": "{score}"}),
    of_day(16, valueCodeableConcept=snomed("24484000")),
    of_day(17, valueCodeableConcept={"text": "Moderate pain"}),
    of_day(18, component=[{"code": {"text": "Duration"}, "valueInteger": 9}, {"code": PAIN, "valueInteger": 4}]),
    of_day(19, valueBoolean=False),
    of_day(20, valueCodeableConcept=snomed("2667000")),
    of_day(21, valueInteger=0),
    {"resourceType": "Condition", "code": ICD, "subject": {"reference": "Patient/p4"}, "severity": snomed("255604002"),
     "onsetDateTime": "2024-01-22T20:00:00+01:00", "abatementDateTime": "2024-01-23T02:00:00+01:00"},
    of_day(24, status="entered-in-error", valueInteger=9),
    of_day(25, code=snomed("38341003"), valueInteger=9),
]  # fmt: skip
SEVERITIES = {15: 7, 16: 8, 17: 5, 18: 4, 22: 2, 23: 2}


@pytest.mark.parametrize("form", ["bundle", "lines", "list"])
def test_values_of_every_kind_are_read(tmp_path: Path, form: str) -> None:
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in VARIANTS]}
    content = {
        "bundle": json.dumps(bundle),
        "lines": "\n".join(map(json.dumps, VARIANTS)),
        "list": json.dumps(VARIANTS),
    }
    (tmp_path / "b.json").write_text(content[form])
    (tmp_path / "m.yaml").write_text("observation: {first: 2024-01-15, last: 2024-01-25}")
    delivery = open_table(str(tmp_path / "b.json"), mapping=str(tmp_path / "m.yaml"))
    frame = delivery.frame.set_index(delivery.frame["date"].dt.day)
    assert frame["migraine_occurrence"].to_dict() == {day: int(day in SEVERITIES) for day in range(15, 24)}
    assert frame["migraine_severity"].dropna().to_dict() == SEVERITIES
    assert frame["duration_h"].dropna().to_dict() == {22: 4, 23: 2}
    assert any("grades (mild, moderate, severe) were read as 2, 5 and 8" in note for note in delivery.notes)


def test_times_in_utc_need_the_zone_of_the_participants(tmp_path: Path) -> None:
    evening = [of_day(15, effectiveDateTime="2024-01-15T23:30:00Z", valueInteger=4)] * 2
    (tmp_path / "b.json").write_text(json.dumps(evening))
    mapping = "observation: {first: 2024-01-15, last: 2024-01-16}\nunlisted_days: quiet\n"
    (tmp_path / "m.yaml").write_text(mapping)
    with pytest.raises(DataRefused, match="contains times in UTC") as refusal:
        open_table(str(tmp_path / "b.json"), mapping=str(tmp_path / "m.yaml"))
    (tmp_path / "m.yaml").write_text(mapping + str(refusal.value).rpartition("Add to the mapping: ")[2])
    frame = open_table(str(tmp_path / "b.json"), mapping=str(tmp_path / "m.yaml")).frame
    assert frame["migraine_occurrence"].tolist() == [0, 1]
