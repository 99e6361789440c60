from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.table import open_table

EVENTS = "patient,attack_start,attack_end,severity,medication\nA,2024-01-22 21:00,2024-01-23 03:00,3/10,Sumatriptan\n"
PERIOD = "observation: {first: 2024-01-21, last: 2024-01-24}\nunlisted_days: quiet\n"


def write(folder: Path, content: str, mapping: str) -> tuple[str, str]:
    (folder / "events.csv").write_text(content)
    (folder / "m.yaml").write_text(mapping)
    return str(folder / "events.csv"), str(folder / "m.yaml")


@pytest.mark.parametrize(
    ("header", "mapping"),
    [
        ("patient,attack_start,attack_end,severity,medication", PERIOD),
        (
            "wer,von,bis,wie,was",
            PERIOD + "events: {participant: wer, start: von, end: bis, severity: wie, medication: was}",
        ),
    ],
)
def test_columns_are_found_by_name_or_by_the_mapping(tmp_path: Path, header: str, mapping: str) -> None:
    content = EVENTS.replace(EVENTS.splitlines()[0], header)
    path, m = write(tmp_path, content, mapping)
    delivery = open_table(path, mapping=m)
    frame = delivery.frame
    assert frame["participant_id"].unique().tolist() == ["A"]
    assert frame["migraine_occurrence"].tolist() == [0, 1, 1, 0]
    assert frame["migraine_severity"].tolist()[1:3] == [3, 3]
    assert frame["medication"].tolist()[1] == 1
    assert any("was read as a list of attacks" in note for note in delivery.notes)


def test_the_advice_of_the_refusal_works_when_followed(tmp_path: Path) -> None:
    path, _ = write(tmp_path, EVENTS, "")
    with pytest.raises(DataRefused, match="lists 1 attacks") as refused:
        open_table(path)
    lines = [part for part in str(refused.value).split("'") if part.startswith(("observation", "unlisted"))]
    _, mapping = write(tmp_path, EVENTS, "\n".join(lines))
    assert open_table(path, mapping=mapping).frame["migraine_occurrence"].sum() == 2


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path, mapping = write(tmp_path, EVENTS, PERIOD + "events: {start: beginn}")
    with pytest.raises(ConfigurationError, match=r"'beginn', which events\.csv does not have"):
        open_table(path, mapping=mapping)


def test_other_spans_of_time_are_no_attacks(tmp_path: Path) -> None:
    path, mapping = write(
        tmp_path, "Start Time,End Time,Minutes In Bed\n2024-01-22 23:12,2024-01-23 07:05,473\n", PERIOD
    )
    with pytest.raises(DataRefused, match="has no outcome"):
        open_table(path, mapping=mapping)
