"""`migraine erase` on a store with damaged files, leftovers, sources elsewhere and an active run."""

import json
from pathlib import Path

import pytest

from migraine_assets.core.dvc_hash import md5
from migraine_assets.sources.registry import read_source
from migraine_assets.stores.assets import delivery_files, delivery_log
from migraine_assets.stores.assets.frames import write_frame
from migraine_assets.stores.signing_secret import shared_secret
from migraine_assets.stores.store_lock import hold_store
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.kept_diaries import no_check, open_diaries
from migraine_assets_tests.support.small_diary import write_diary

PERSON = "P-withdrawn"


@pytest.fixture
def used(home: Home, tmp_path: Path) -> Home:
    """A home that accepted a diary with the participant from a folder elsewhere, without a run."""
    source = tmp_path / "elsewhere" / "diary.csv"
    source.parent.mkdir()
    write_diary(source)
    lines = source.read_text().splitlines()
    first = lines[1].split(",")[lines[0].split(",").index("participant_id")]
    source.write_text(source.read_text().replace(f"{first},", f"{PERSON},"))
    _accept(home, source)
    return home


def _accept(home: Home, source: Path) -> None:
    content = source.read_bytes()
    files = delivery_files.keep(home.store, [(source.name, content)], identity=md5(content))
    delivery_log.record(
        home.store, files, time="2026-03-01T12:00:00+00:00", source="table", description=str(source),
        identity=md5(content), accepted=1, quarantined=0, mapping=None, profile={}, data_version=md5(content),
    )  # fmt: skip


def test_a_kept_diary_and_what_was_delivered_of_it_are_erased(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries have the keyed hash of the participant instead of the name."""
    monkeypatch.setenv("MIGRAINE_HOME", str(home.root))
    secret = shared_secret(home.store)
    with open_diaries(home=home.root, secret=secret) as diaries:
        for owner, participant in (("", PERSON), ("north", PERSON), ("north", "P-other")):
            diaries.put(owner, participant, 20_000, {"stress_level": 4}, check=no_check)
    delivery = read_source("service", mapping=None, options={}, landing=None)
    frame = write_frame(home.store, "raw_diary", delivery.frame)
    files = delivery_files.keep(home.store, [(f.name, f.content) for f in delivery.files], identity=delivery.md5)
    delivery_log.record(
        home.store, files, time="2026-03-01T12:00:00+00:00", source="service", description=delivery.description,
        identity=delivery.md5, accepted=3, quarantined=0, mapping=None, profile={}, data_version=delivery.md5,
    )  # fmt: skip
    listed = json.loads(home.migraine("erase", PERSON, "--json").out)["traces"]
    counts = {(line["what"], line["count"]) for line in listed}
    assert counts == {("kept diary", 2), ("rows", 2)}
    assert any(frame.version in line["where"] for line in listed)
    done = home.migraine("erase", PERSON, "--yes")
    assert done.code == 0, done.text
    assert json.loads(home.migraine("erase", PERSON, "--json").out)["traces"] == []
    with open_diaries(home=home.root, secret=secret) as diaries:
        assert diaries.days("north", "P-other", first=0, last=30_000)


def test_a_source_elsewhere_is_named_as_not_erased(used: Home, tmp_path: Path) -> None:
    source = str(tmp_path / "elsewhere" / "diary.csv")
    for extra in ({}, {"MIGRAINE_SOURCE": source}):
        listed = used.migraine("erase", PERSON, "--json", extra=extra)
        assert listed.code == 0, listed.text
        [line] = [line for line in json.loads(listed.out)["traces"] if line["where"] == source]
        assert line["effect"].startswith("left")
    done = used.migraine("erase", PERSON, "--yes")
    assert done.code == 0, done.text
    assert "from the source" in " ".join(done.text.split())


def test_a_leftover_of_a_killed_writer_is_listed_and_deleted(used: Home) -> None:
    leftover = used.root / "store" / "frames" / f".x.parquet.{'0' * 32}"
    leftover.parent.mkdir(parents=True)
    leftover.write_text(PERSON)
    listed = used.migraine("erase", PERSON, "--json")
    assert json.loads(listed.out)["traces"][0]["what"] == "unfinished file"
    assert leftover.exists()
    assert used.migraine("erase", PERSON, "--yes").code == 0
    assert not leftover.exists()


def _alter_a_diary(home: Home) -> str:
    other = home.root / "other.csv"
    write_diary(other)
    _accept(home, other)
    digest = md5(other.read_bytes())
    home.store.write(f"deliveries/files/md5/{digest[:2]}/{digest[2:]}", b"altered")
    return digest


def _damage_the_log(home: Home) -> str:
    home.store.write("deliveries/log/000009-x.json", b"\xff")
    return "000009-x.json"


def _damage_the_pointer(home: Home) -> str:
    home.store.write("registry/pointer.json", b"{")
    return "registry/pointer.json"


def _damage_a_marker(home: Home) -> str:
    entry = delivery_log.read_log(home.store)[0]
    other = home.root / "other.csv"
    write_diary(other)
    _accept(home, other)
    home.store.write(f"deliveries/erased/{md5(other.read_bytes())}.json", b"{")
    return md5(other.read_bytes()) if entry else ""


@pytest.mark.parametrize("damage", [_alter_a_diary, _damage_the_log, _damage_the_pointer, _damage_a_marker])
def test_erasing_goes_on_past_damaged_files_and_ends_with_a_list(used: Home, damage: object) -> None:
    named = damage(used)  # type: ignore[operator]
    done = used.migraine("erase", PERSON, "--yes", "--json")
    assert done.code == 5, done.text
    document = json.loads(done.out)
    assert [named in line for line in document["unreadable"]] == [True]
    assert document["erased"]
    assert "1 files could not be searched" in done.err
    assert PERSON.encode() not in b"".join(p.read_bytes() for p in (used.root / "store").rglob("*") if p.is_file())


def test_erasing_waits_for_an_active_run(used: Home) -> None:
    with hold_store(used.store, "run"):
        process = used.start("erase", PERSON, "--yes")
        assert process.stdout is not None
        assert "Waiting for another run" in process.stdout.readline()
        assert not used.store.list("erasures")
    text = process.communicate()[0]
    assert process.returncode == 0, text
    assert used.store.list("erasures")
