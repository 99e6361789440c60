"""Erasing a participant who withdraws after models were trained, predictions logged and reports written."""

import datetime as dt
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import dagster as dg
import msgspec
import pandas as pd
import pytest

from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.defs.metadata import table
from migraine_assets.settings import Settings
from migraine_assets.stores.assets import delivery_log
from migraine_assets.stores.monitoring.reported_outcomes import reported_outcomes
from migraine_assets.stores.prediction_log.segments import segments
from migraine_assets.stores.pseudonyms import pseudonym
from migraine_assets.stores.signing_secret import shared_secret
from migraine_assets_tests.support.homes import CopyHome, Home, Result, assert_sound
from migraine_assets_tests.unit.stores.prediction_log.log_records import prediction_record

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def used(trained_home: Home, copy_of: CopyHome) -> Home:
    """A home in which the participant has left every kind of trace."""
    return _used(copy_of(trained_home))


@pytest.fixture(scope="module")
def erased(used: Home, copy_of: CopyHome) -> tuple[Home, Result]:
    """The same home after the erasure, and the output of the command."""
    home = copy_of(used)
    return home, home.migraine("erase", _person(home), "--yes")


def _used(home: Home) -> Home:
    secret = shared_secret(home.store)
    answer = msgspec.structs.replace(prediction_record(), participant=pseudonym(secret, _person(home)))
    target = segments(home.store, "predictions", segment_bytes=1 << 20)
    target.write("2026-03-01", msgspec.json.encode(answer) + b"\n")
    target.close()
    _leak(home, _person(home))
    return home


def _person(home: Home) -> str:
    frame = pd.read_csv(home.landing / "diary.csv")
    return str(sorted(frame["participant_id"].unique())[3])


def _leak(home: Home, person: str) -> None:
    """Write a row into Dagster's records and a name into MLflow's and into a log, as earlier versions did."""
    row = {name: person if name == "participant_id" else "37.25" for name in ("participant_id", "sleep_hours")}
    with home.entered(), open_instance(Settings()) as instance:
        event = dg.AssetMaterialization("raw_diary", metadata={"first rows": table(tuple(row), [tuple(row.values())])})
        instance.report_runless_asset_event(event)
        run = instance.get_runs(limit=1)[0]
        instance.report_engine_event(f"note: for example '{person}'", dagster_run=run)
    notes = home.root / "mlartifacts" / "notes.txt"
    notes.parent.mkdir(exist_ok=True)
    notes.write_text(f"{person} twice\n")
    with closing(sqlite3.connect(home.root / "mlflow.db")) as connection, connection:
        connection.execute("INSERT INTO tags SELECT 'note', ?, run_uuid FROM runs LIMIT 1", (f"about {person}",))
    output = next((home.root / "dagster").rglob("*.out"), home.root / "dagster" / "captured.out")
    output.write_text(f"{person} looks like another\n")


def _records_with(home: Home, person: str) -> list[Path]:
    """Return the files under the home that contain the participant's name as a word.

    The store and the user's own files are left out.
    """
    name = re.compile(rb"(?<![\w-])" + re.escape(person.encode()) + rb"(?![\w-])")
    yours = (home.landing, home.root / "store", home.params)
    paths = [path for path in home.root.rglob("*") if path.is_file() and not any(path.is_relative_to(y) for y in yours)]
    return [path for path in paths if name.search(path.read_bytes())]


def _files_with(home: Home, person: str) -> list[Path]:
    """Return files of the store that contain the participant's id or pseudonym."""
    ids = (person.encode(), pseudonym(shared_secret(home.store), person).encode())
    paths = []
    for path in (home.root / "store").rglob("*"):
        if not path.is_file() or "erasures" in path.parts:
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content = pd.read_parquet(path).to_csv().encode()
        # The delimiter keeps p1 from matching p10.
        if any(id_ + end in content for id_ in ids for end in (b",", b'"', b"\n", b"\r")):
            paths.append(path)
    return paths


def test_a_dry_run_lists_every_trace_and_changes_nothing(used: Home) -> None:
    person = _person(used)
    before = _files_with(used, person)
    assert before
    done = used.migraine("erase", person)
    assert done.code == 0, done.text
    assert "Nothing was changed" in done.text
    assert "champion of attack" in done.text
    for kind in ("accepted diary", "frames/features", "log/predictions/2026-03-01", "landing"):
        assert kind in done.text.replace("\n", ""), kind
    assert _files_with(used, person) == before


def test_a_run_writes_no_participant_into_records_logs_and_reports(trained_home: Home) -> None:
    names = pd.read_csv(trained_home.landing / "diary.csv")["participant_id"].astype(str).unique()
    written = {path: name for name in names for path in _records_with(trained_home, name)}
    assert written == {}


def test_erasing_leaves_no_byte_in_records_logs_and_reports(erased: tuple[Home, Result], used: Home) -> None:
    person = _person(used)
    assert {path.suffix for path in _records_with(used, person)} >= {".db", ".out", ".txt"}
    home, done = erased
    assert _records_with(home, person) == []
    assert "asset_keys" in done.text
    with home.entered(), open_instance(Settings()) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("raw_diary"))
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.metadata["first rows"].value.records == [], "the row, not only the name"  # type: ignore[union-attr]
        assert instance.all_logs(instance.get_runs(limit=1)[0].run_id)


def test_an_unknown_participant_leaves_no_trace(used: Home) -> None:
    done = used.migraine("erase", "unknown-participant", "--yes")
    assert done.code == 0
    assert "no trace" in done.text
    assert not used.store.list("erasures")
    assert used.migraine("erase", "  ").code == 2


def test_erasing_leaves_nothing_in_the_store_and_keeps_the_champions(erased: tuple[Home, Result], used: Home) -> None:
    home, done = erased
    assert done.code == 0, done.text
    assert "remove the participant from your files" in done.text
    assert _files_with(home, _person(used)) == []
    assert home.pointer == used.pointer
    assert_sound(home)
    checked = home.migraine("doctor")
    assert checked.code == 0, checked.text
    assert "1 erased" in checked.text


@pytest.mark.parametrize("pause", [0, 0.02, 0.1])
def test_an_interrupted_erasure_can_be_repeated(pause: float, trained_home: Home, copy_of: CopyHome) -> None:
    """The next attempt finds what was not erased before the kill."""
    home = _used(copy_of(trained_home))
    person, serving = _person(home), home.pointer
    process = home.start("erase", person, "--yes")
    deadline = time.monotonic() + 120
    while not home.store.list("erasures") and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(pause)
    process.kill()
    process.communicate()
    assert home.pointer == serving
    done = home.migraine("erase", person, "--yes")
    assert done.code == 0, done.text
    assert _files_with(home, person) == []
    assert home.migraine("doctor").code == 0


def test_the_next_run_without_the_participant_rebuilds_everything(
    erased: tuple[Home, Result], copy_of: CopyHome
) -> None:
    home, person = copy_of(erased[0]), _person(erased[0])
    frame = pd.read_csv(home.landing / "diary.csv")
    frame[frame["participant_id"] != person].to_csv(home.landing / "diary.csv", index=False)
    done = home.migraine("run")
    assert done.code in (0, 4), done.text
    assert _files_with(home, person) == []
    assert home.migraine("erase", person).text.count("no trace") == 1


def test_outcomes_and_predictions_share_pseudonyms_with_a_configured_secret(
    trained_home: Home, copy_of: CopyHome
) -> None:
    """Otherwise outcomes would not match their predictions, and a participant would have two pseudonyms."""
    home = copy_of(trained_home)
    with home.params.open("a") as file:
        file.write("monitoring: {outcome_days: 36500}\n")
    extra = {"SERVING_SECRET": "a configured secret"}
    assert home.migraine("run", extra=extra).code == 0
    accepted = delivery_log.latest(home.store)
    assert accepted is not None
    day = dt.datetime.fromisoformat(accepted.acceptance.time).astimezone(dt.UTC).date()
    done = home.migraine("monitor", "--day", day.isoformat(), extra=extra)
    assert done.code == 0, done.text
    participants = pd.read_csv(home.landing / "diary.csv")["participant_id"].unique()
    known = {pseudonym(extra["SERVING_SECRET"].encode(), str(name)) for name in participants}
    recorded = set(reported_outcomes(home.store, day)["participant"])
    assert recorded
    assert recorded <= known
    # So the command finds them too.
    assert "monitoring/outcomes" in home.migraine("erase", str(participants[0]), extra=extra).text


def test_a_dry_run_in_an_empty_home_creates_nothing(home: Home) -> None:
    assert home.migraine("erase", "unknown-participant").code == 0
    assert not (home.root / "store").exists()
