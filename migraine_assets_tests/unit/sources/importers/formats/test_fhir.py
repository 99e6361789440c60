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
    with pytest.raises(DataRefused, match="without an Observation of migraine"):
        read(tmp_path, {"resource": {"resourceType": "Patient"}})
    with pytest.raises(DataRefused, match="entry 1: the Observation has no effective date"):
        read(tmp_path, observation())
