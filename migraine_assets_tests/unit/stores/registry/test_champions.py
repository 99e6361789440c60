"""Changes of the pointer: the serving model, the records, and the state after a process dies in between."""

import dataclasses
import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from migraine_assets.errors import BundleRefused, ConfigurationError
from migraine_assets.stores.bundles.bundles import write_bundle
from migraine_assets.stores.registry import champions, promotion_log
from migraine_assets.stores.registry import pointer as pointer_file
from migraine_assets.stores.registry.promotion_history import history
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_manifest, example_model
from migraine_assets_tests.unit.stores.registry.promotions import NOON, effects, promote, put, rollback, serving


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def test_before_the_first_promotion_the_pointer_is_empty(store: Store) -> None:
    assert pointer_file.read_pointer(store) == pointer_file.Pointer(0, {})
    assert history(store) == ()


def test_a_promotion_moves_the_pointer_and_records_who_when_what_and_why(store: Store) -> None:
    a, b, c = (put(store, text) for text in "abc")
    promote(store, "attack", champion=a)
    later = NOON.astimezone(dt.timezone(dt.timedelta(hours=2)))
    record = promote(
        store, "attack", champion=b, challenger=c, when=later, figures={"gain": 0.01, "bad": float("nan")},
        dagster_run="run-7",
    )  # fmt: skip
    now = pointer_file.read_pointer(store)
    assert now.tasks["attack"] == pointer_file.Serving(b, c, "2026-03-01T12:00:00+00:00", record.id)
    assert now.version == 2
    stored = promotion_log.read(store, record.id)
    assert stored == replace(record, figures={"gain": 0.01, "bad": None})
    assert (stored.who, stored.why, stored.from_champion, stored.to_champion) == ("ann", ("better",), a, b)
    assert (stored.dagster_run, stored.previous, stored.id) == ("run-7", "000001", "000002")


def test_tasks_are_independent(store: Store) -> None:
    a, b = put(store, "a"), put(store, "b")
    promote(store, "attack", champion=a)
    promote(store, "severity", champion=b)
    assert (serving(store, "attack"), serving(store, "severity")) == (a, b)
    assert effects(store) == ["in force", "in force"]


def test_promoting_the_present_champion_writes_nothing(store: Store) -> None:
    a = put(store, "a")
    first = promote(store, "attack", champion=a)
    assert promote(store, "attack", champion=a, who="eve") == first
    assert len(history(store)) == pointer_file.read_pointer(store).version == 1


def test_a_new_challenger_alone_is_a_move(store: Store) -> None:
    a, b = put(store, "a"), put(store, "b")
    promote(store, "attack", champion=a)
    promote(store, "attack", champion=a, challenger=b)
    assert pointer_file.read_pointer(store).tasks["attack"].challenger == b


@pytest.mark.parametrize("role", ["champion", "challenger"])
def test_a_bundle_that_does_not_verify_is_not_promoted_nor_recorded(store: Store, role: str) -> None:
    good, bad = put(store, "good"), put(store, "bad")
    store.write(f"bundles/{bad}/manifest.json", b"altered")
    champion, challenger = (bad, good) if role == "champion" else (good, bad)
    with pytest.raises(BundleRefused, match="altered"):
        promote(store, "attack", champion=champion, challenger=challenger)
    assert history(store) == ()


def test_by_default_a_bundle_is_loaded_before_it_is_promoted(store: Store) -> None:
    with pytest.raises(BundleRefused):
        champions.promote(store, "attack", champion="0" * 64, who="ann", when=NOON, why=())
    assert pointer_file.read_pointer(store).version == 0


def test_a_candidate_compared_with_an_earlier_champion_is_not_promoted(store: Store) -> None:
    a, b, c = (put(store, text) for text in "abc")
    promote(store, "attack", champion=a)
    promote(store, "attack", champion=b, replaces=a)
    with pytest.raises(champions.PromotionConflict, match="serves now"):
        promote(store, "attack", champion=c, replaces=a)
    assert serving(store) == b


def test_an_unknown_task_and_a_time_without_zone_are_refused(store: Store) -> None:
    a = put(store, "a")
    with pytest.raises(ConfigurationError, match="attack, severity"):
        promote(store, "aura", champion=a)
    with pytest.raises(ValueError, match="time zone"):
        promote(store, "attack", champion=a, when=dt.datetime(2026, 1, 1))


def test_a_refusal_is_recorded_and_changes_nothing(store: Store) -> None:
    a = put(store, "a")
    promote(store, "attack", champion=a)
    before = pointer_file.read_pointer(store)
    record = champions.refuse(store, "attack", candidate="f" * 64, who="ann", when=NOON, why=("loses 0.02 of ROC-AUC",))
    assert pointer_file.read_pointer(store) == before
    assert (record.from_champion, record.to_champion, record.previous) == (a, "f" * 64, "000001")
    assert effects(store) == ["in force", "refused"]


def test_each_rollback_goes_one_champion_further_back(store: Store) -> None:
    a, b, c = (put(store, text) for text in "abc")
    for bundle in (a, b, c):
        promote(store, "attack", champion=bundle)
    assert rollback(store, "attack").restores == "000002"
    assert serving(store) == b
    rollback(store, "attack")
    assert serving(store) == a
    with pytest.raises(ConfigurationError, match="No previous champion"):
        rollback(store, "attack")
    assert effects(store) == ["superseded"] * 4 + ["in force"]


def test_a_promotion_after_a_rollback_goes_back_to_what_served_before_it(store: Store) -> None:
    a, b, c = (put(store, text) for text in "abc")
    promote(store, "attack", champion=a)
    promote(store, "attack", champion=b)
    rollback(store, "attack")
    promote(store, "attack", champion=c)
    rollback(store, "attack")
    assert serving(store) == a


def test_a_rollback_restores_the_challenger_only_if_it_is_usable(store: Store) -> None:
    a, b, c = (put(store, text) for text in "abc")
    promote(store, "attack", champion=a, challenger=b)
    promote(store, "attack", champion=c)
    store.delete(f"bundles/{b}")
    rollback(store, "attack")
    assert pointer_file.read_pointer(store).tasks["attack"].challenger is None


def test_rollback_skips_missing_champions_and_records_it(store: Store) -> None:
    a, b, c = (put(store, text) for text in "abc")
    for bundle in (a, b, c):
        promote(store, "attack", champion=bundle)
    store.delete(f"bundles/{b}")
    record = rollback(store, "attack")
    assert serving(store) == a
    assert record.why[0] == "alarms"
    assert b[:12] in record.why[1]


def test_rollback_to_a_named_champion(store: Store) -> None:
    a, b, c = (put(store, text) for text in "abc")
    for bundle in (a, b, c):
        promote(store, "attack", champion=bundle)
    rollback(store, "attack", to=a[:10])
    assert serving(store) == a


def test_rollback_to_a_bundle_that_never_served_is_refused(store: Store) -> None:
    a, b, stranger = (put(store, text) for text in "abs")
    for bundle in (a, b):
        promote(store, "attack", champion=bundle)
    with pytest.raises(ConfigurationError, match="No former champion"):
        rollback(store, "attack", to=stranger)
    with pytest.raises(ConfigurationError, match="nothing can be rolled back"):
        rollback(store, "severity")
    assert serving(store) == b


KILLED = """
import datetime as dt, os, signal, sys
from migraine_assets.stores.registry import champions
from migraine_assets.stores.store import Store

steps = int(sys.argv[3])
def counted(call):
    def run(*args, **kwargs):
        global steps
        if steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        steps -= 1
        return call(*args, **kwargs)
    return run
for name in ("fsync", "link", "replace", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
champions.promote(
    Store(sys.argv[1]), "attack", champion=sys.argv[2], who="killed", when=dt.datetime.now(dt.UTC), why=(),
    verify=lambda store, bundle: None,
)
"""


def test_killed_at_any_step_the_old_or_the_new_champion_serves_and_the_next_move_works(tmp_path: Path) -> None:
    """Kill before each system call with a visible or durable effect, until the promotion survives."""
    outcomes = set()
    for steps in range(20):
        store = Store(str(tmp_path / str(steps)))
        a, b, c = (put(store, text) for text in "abc")
        promote(store, "attack", champion=a)
        died = subprocess.run([sys.executable, "-c", KILLED, store.uri, b, str(steps)], check=False).returncode
        outcome = (serving(store), tuple(effects(store)))
        outcomes.add(outcome)
        assert outcome in {
            (a, ("in force",)),
            (a, ("in force", "without effect")),
            (b, ("superseded", "in force")),
        }
        promote(store, "attack", champion=c)
        rollback(store, "attack")
        assert serving(store) == outcome[0]
        if died == 0:
            break
    assert died == 0
    assert len(outcomes) == 3


PROMOTING = """
import datetime as dt, sys
from migraine_assets.stores.registry import champions
from migraine_assets.stores.store import Store

for bundle in sys.argv[2:]:
    champions.promote(
        Store(sys.argv[1]), "attack", champion=bundle, who="two", when=dt.datetime.now(dt.UTC), why=(),
        verify=lambda store, bundle: None,
    )
"""


def test_two_concurrent_promoters_lose_no_record(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    bundles = [[put(store, f"{who}{n}") for n in range(15)] for who in "xy"]
    running = [subprocess.Popen([sys.executable, "-c", PROMOTING, store.uri, *names]) for names in bundles]
    assert [process.wait() for process in running] == [0, 0]
    entries = history(store)
    assert sorted(entry.record.to_champion for entry in entries) == sorted(bundles[0] + bundles[1])
    assert [entry.effect for entry in entries] == ["superseded"] * 29 + ["in force"]
    assert pointer_file.read_pointer(store).version == 30


def test_on_an_object_store_a_writer_starts_over_when_the_pointer_moved() -> None:
    class Overtaken(Store):
        """Another process changes the pointer directly after the first record is written."""

        overtaken = False

        def create(self, name: str, content: bytes) -> bool:
            created = super().create(name, content)
            if not self.overtaken and name.startswith(promotion_log.FOLDER):
                self.overtaken = True
                promote(Store(self.uri), "attack", champion=b)
            return created

    store = Overtaken(f"memory://overtaken-{id(object())}")
    a, b = put(store, "a"), put(store, "b")
    promote(store, "attack", champion=a)
    assert serving(store) == a
    assert [(e.record.to_champion, e.effect) for e in history(store)] == [
        (a, "without effect"),
        (b, "superseded"),
        (a, "in force"),
    ]


@settings(max_examples=25, deadline=None)
@given(moves=st.lists(st.sampled_from(["a", "b", "c", "back"]), max_size=8))
def test_rollback_is_an_undo_of_promotions(moves: list[str]) -> None:
    store = Store(f"memory://undo-{id(object())}-{hash(tuple(moves))}")
    if store.fs.exists(store.root):
        store.fs.rm(store.root, recursive=True)
    names = {text: put(store, text) for text in "abc"}
    undo: list[str] = []
    for move in moves:
        if move != "back":
            promote(store, "attack", champion=names[move])
            undo += [] if undo and undo[-1] == names[move] else [names[move]]
        elif len(set(undo)) > 1:
            rollback(store, "attack")
            present = undo[-1]
            while undo[-1] == present:
                undo.pop()
        assert not undo or serving(store) == undo[-1]


def test_the_pointer_is_read_without_heavy_imports() -> None:
    script = (
        "import sys, migraine_assets.stores.registry.champions\n"
        "heavy = {'numpy', 'pandas', 'mlflow', 'dagster', 'onnxruntime', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_bundle_that_the_service_could_not_compute_is_not_promoted(store: Store) -> None:
    model = example_model()
    manifest = example_manifest(model)
    unknown = dataclasses.replace(manifest.features[0], operation="median", version=3)
    known = write_bundle(store, manifest, model, provenance={})
    other = write_bundle(store, replace(manifest, features=(unknown, *manifest.features[1:])), model, provenance={})
    promote(store, "attack", champion=known, verify=champions.verify_bundle)
    with pytest.raises(BundleRefused, match="operation 'median'"):
        promote(store, "attack", champion=other, verify=champions.verify_bundle)
    assert serving(store) == known
