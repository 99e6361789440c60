"""`migraine validate` on files that are broken in every common way: each is explained, and none causes a traceback."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.small_diary import diary


def _text(frame: pd.DataFrame, **options: object) -> bytes:
    return frame.to_csv(None, index=False, **options).encode()


def _good() -> bytes:
    return _text(diary())


def _one_person() -> bytes:
    frame = diary(participants=1, days=100)
    return _text(frame.assign(migraine_severity=frame["migraine_severity"] + 4))


def _changed(**columns: object) -> bytes:
    return _text(diary().assign(**columns))


def _conflicting() -> bytes:
    frame = diary()
    again = frame.assign(migraine_occurrence=1 - frame["migraine_occurrence"], migraine_severity=np.nan)
    return _text(pd.concat([frame, again]))


def _shifted(year: int) -> bytes:
    frame = diary()
    return _text(frame.assign(date=frame["date"].map(lambda day: day.replace(year=year))))


@dataclass(frozen=True)
class Broken:
    """A file that must be refused, and words that the message must contain."""

    name: str
    content: Callable[[], bytes]
    words: tuple[str, ...]


BROKEN = (
    Broken("empty", lambda: b"", ("empty",)),
    Broken("only white space", lambda: b"\n\n  \n", ()),
    Broken("header only", lambda: _good().splitlines(keepends=True)[0], ("row",)),
    Broken("one row", lambda: b"".join(_good().splitlines(keepends=True)[:2]), ("needed",)),
    Broken("a short diary of one person", _one_person, ("at least 120 are needed",)),
    Broken("one class", lambda: _changed(migraine_occurrence=0, migraine_severity=np.nan), ("only days without",)),
    Broken(
        "no outcome",
        lambda: _text(diary().drop(columns=["migraine_occurrence"])),
        ("has no outcome: a column 'migraine_occurrence'",),
    ),
    Broken("conflicting duplicates", _conflicting, ("several rows that differ", "entries: day")),
    Broken("dates from 1900", lambda: _shifted(1900), ("quarantine",)),
    Broken("dates from 2100", lambda: _shifted(2100), ("quarantine",)),
    Broken("words for numbers", lambda: _changed(migraine_occurrence="perhaps"), ("migraine_occurrence", "0 or 1")),
    Broken("a binary file", lambda: b"\x89PNG\r\n\x1a\n\x00\x00" + bytes(range(256)) * 8, ()),
    Broken("Parquet named CSV", lambda: b"PAR1" + bytes(200) + b"PAR1", ()),
    Broken(
        "duplicate column names",
        lambda: _good().replace(b"age,sex", b"age,age", 1),
        ("age",),
    ),
)


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_a_broken_file_is_refused_by_name(home: Home, tmp_path: Path, case: Broken) -> None:
    file = tmp_path / "broken_diary.csv"
    file.write_bytes(case.content())
    ended = home.migraine("validate", str(file))
    assert ended.code == 3, ended.text
    assert "broken_diary.csv" in ended.text
    assert len(ended.err.split()) > 5
    for word in case.words:
        assert word in ended.text
    assert "Traceback" not in ended.text
    assert "bug in the platform" not in ended.text


ODD_AND_GOOD = {
    "plain": _good,
    "semicolons": lambda: _text(diary(), sep=";"),
    "semicolons and decimal commas": lambda: _text(diary(), sep=";", decimal=","),
    "a byte order mark": lambda: b"\xef\xbb\xbf" + _good(),
    "CRLF": lambda: _good().replace(b"\n", b"\r\n"),
    "tabs": lambda: _text(diary(), sep="\t"),
    "an unknown column": lambda: _changed(favorite_color="blue"),
}


@pytest.mark.parametrize("name", ODD_AND_GOOD)
def test_an_odd_file_is_accepted(home: Home, tmp_path: Path, name: str) -> None:
    file = tmp_path / "odd.csv"
    file.write_bytes(ODD_AND_GOOD[name]())
    ended = home.migraine("validate", str(file))
    assert ended.code == 0, ended.text
    assert "600 rows accepted, 0 quarantined" in ended.out


def test_an_unknown_column_is_named(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "diary.csv"
    file.write_bytes(_changed(favorite_color="blue"))
    assert "favorite_color" in home.migraine("validate", str(file)).out


def test_quarantined_rows_are_counted_by_reason(home: Home, tmp_path: Path) -> None:
    frame = diary()
    frame.loc[:4, "participant_id"] = None
    file = tmp_path / "diary.csv"
    file.write_bytes(_text(frame))
    ended = home.migraine("validate", str(file))
    assert ended.code == 0, ended.text
    assert "595 rows accepted, 5 quarantined" in ended.out
    assert "participant_id is missing" in ended.out


def test_a_bad_cell_costs_the_cell_and_is_counted(home: Home, tmp_path: Path) -> None:
    frame = diary()
    frame.loc[:4, "sleep_hours"] = 25.0
    file = tmp_path / "diary.csv"
    file.write_bytes(_text(frame))
    ended = home.migraine("validate", str(file))
    assert ended.code == 0, ended.text
    assert "600 rows accepted, 0 quarantined" in ended.out
    assert "A number outside the contract's bounds." in " ".join(ended.out.split())


def test_validating_writes_nothing(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "diary.csv"
    file.write_bytes(_good())
    before = sorted(home.root.rglob("*"))
    assert home.migraine("validate", str(file)).code == 0
    assert sorted(home.root.rglob("*")) == before


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("sythetic", "Did you mean 'synthetic'?"),
        ("/nowhere/diary.csv", "There is no file or folder '/nowhere/diary.csv'"),
        ("nosuchscheme://bucket/diary.csv", "nosuchscheme"),
    ],
)
def test_an_unknown_source_is_wrong_usage(home: Home, file: str, message: str) -> None:
    ended = home.migraine("validate", file)
    assert ended.code == 2, ended.text
    assert message in ended.err


def test_a_missing_mapping_is_wrong_usage(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "diary.csv"
    file.write_bytes(_good())
    ended = home.migraine("validate", str(file), "--mapping", str(tmp_path / "gone.yaml"))
    assert ended.code == 2
    assert "gone.yaml" in ended.err


def test_it_ends_in_a_read_back(home: Home, tmp_path: Path) -> None:
    frame = diary().assign(sleep_hours=lambda days: days["sleep_hours"] * 60)
    file = tmp_path / "diary.csv"
    file.write_bytes(_text(frame))
    ended = home.migraine("validate", str(file))
    assert ended.code == 0, ended.text
    assert "was read as min" in ended.out
    last = ended.out.strip().splitlines()[-3:]
    assert last[0].startswith("15 participants, 600 days, ")
    assert "days with an attack (" in last[1]
    assert last[2] == "100.0 % of the days between first and last entry are in the diary."


def test_programs_get_one_json_document(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "diary.csv"
    file.write_bytes(_good())
    document = json.loads(home.migraine("validate", str(file), "--json").out)
    assert (document["accepted"], document["quarantined"]) == (600, 0)
    assert document["read_back"]["participants"] == 15
    assert {column["field"] for column in document["columns"]} >= {"participant_id", "date", "sleep_hours"}
    file.write_bytes(_changed(sleep_hours=[99.0, 7.0, 7.0, 7.0] * 150))
    ended = home.migraine("validate", str(file), "--json")
    assert ended.code == 3
    refused = json.loads(ended.out)
    assert [(r["effect"], r["field"], r["share"]) for r in refused["reasons"]] == [("nulled", "sleep_hours", 0.25)]
    assert "refused" in {check["result"] for check in refused["checks"]}


def test_it_compares_with_the_last_accepted_delivery_as_a_run_does(trained_home: Home, tmp_path: Path) -> None:
    file = tmp_path / "diary.csv"
    file.write_bytes(_good())
    document = json.loads(trained_home.migraine("validate", str(file), "--json").out)
    drift = next(line for line in document["checks"] if line["check"] == "drift_from_previous")
    assert "There is no earlier delivery" not in drift["detail"]


def test_a_draft_mapping_is_written_once_and_works(home: Home, tmp_path: Path) -> None:
    file, mapping = tmp_path / "diary.csv", tmp_path / "mapping.yaml"
    file.write_bytes(_text(diary().rename(columns={"migraine_occurrence": "Migraine"})))
    assert home.migraine("mapping", "init", str(file), "--output", str(mapping)).code == 0
    assert home.migraine("validate", str(file), "--mapping", str(mapping)).code == 0
    again = home.migraine("mapping", "init", str(file), "--output", str(mapping))
    assert again.code == 2
    assert "exists" in again.err
    assert "columns:" in home.migraine("mapping", "init", str(file)).out
