"""A second diary: the promotion gate, its records, and manual promotion and rollback."""

from dataclasses import dataclass

import dagster as dg
import pytest

from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.defs.refs import ChampionRef
from migraine_assets.settings import Settings
from migraine_assets.stores.assets import delivery_log
from migraine_assets.stores.bundles.bundles import load_manifest
from migraine_assets.stores.registry.pointer import Pointer
from migraine_assets.stores.registry.promotion_history import history
from migraine_assets_tests.support.homes import TASKS, CopyHome, Home
from migraine_assets_tests.support.small_diary import write_diary


@dataclass(frozen=True)
class State:
    """The state after a run, and its output."""

    pointer: Pointer
    bundles: dict[str, str | None]
    outcomes: dict[str, str]
    refused: int
    printed: str


def _state(home: Home, printed: str = "") -> State:
    outcomes = {task: home.asset(f"champions/{task}").outcome for task in TASKS}
    refused = [entry for entry in history(home.store) if entry.record.what == "refuse"]
    return State(home.pointer, home.bundles(), outcomes, len(refused), printed)


@pytest.fixture(scope="module")
def first(noisy_home: Home) -> State:
    """The state after the run on a diary of mostly noise."""
    return _state(noisy_home)


@pytest.fixture(scope="module")
def clinic(noisy_home: Home, copy_of: CopyHome) -> Home:
    """A home that receives a second, better diary."""
    return copy_of(noisy_home)


@pytest.fixture(scope="module")
def second(clinic: Home) -> State:
    """The state after the run on the better diary, which replaces the first one."""
    write_diary(clinic.landing / "diary.csv", 1)
    result = clinic.migraine("run")
    assert result.code == 0, result.err
    return _state(clinic, result.out)


def test_the_first_champion_is_promoted_and_an_unfinished_file_ignored(first: State, noisy_home: Home) -> None:
    assert first.outcomes["attack"] == "promoted"
    assert [file.name for file in delivery_log.read_log(noisy_home.store)[0].acceptance.files] == ["diary.csv"]


def test_a_model_that_does_not_lose_becomes_champion(first: State, second: State, clinic: Home) -> None:
    assert second.outcomes["attack"] == "promoted", second.printed
    assert second.pointer.tasks["attack"].champion != first.pointer.tasks["attack"].champion
    record = [entry.record for entry in history(clinic.store) if entry.record.task == "attack"][1]
    assert record.from_champion == first.pointer.tasks["attack"].champion
    assert record.to_champion == second.pointer.tasks["attack"].champion
    assert "ROC-AUC" in record.why[0]
    assert record.figures


def test_a_model_that_loses_is_refused_on_record_without_a_failure(first: State, second: State) -> None:
    """Both diaries draw severities in the same way, so the second model is not better."""
    assert second.outcomes["severity"] == "refused"
    assert (first.refused, second.refused) == (0, 1)
    assert second.pointer.tasks["severity"] == first.pointer.tasks["severity"]
    assert "severity: refused. RMSE is not better than that of the champion" in second.printed
    severity = second.printed.partition("How bad will it be?")[2]
    roles = {line.split()[-1] for line in severity.splitlines() if line}
    assert "refused" in roles
    assert not {"champion", "challenger"} & roles
    assert "Refused model, test part: " in severity


def test_the_page_of_a_refused_task_describes_the_model_that_serves(second: State, clinic: Home) -> None:
    serving, refusal = second.pointer.tasks["severity"], [e.record for e in history(clinic.store)][-1]
    value: ChampionRef = clinic.asset("champions/severity")
    assert (value.bundle, value.algorithm) == (
        serving.champion,
        load_manifest(clinic.store, serving.champion).algorithm,
    )
    assert (refusal.what, value.record) == ("refuse", refusal.id)
    with clinic.entered(), open_instance(Settings()) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["champions", "severity"]))
    assert event is not None
    assert event.asset_materialization is not None
    page = {name: entry.value for name, entry in event.asset_materialization.metadata.items()}
    assert (page["champion bundle"], page["algorithm"]) == (value.bundle, value.algorithm)
    assert (page["candidate bundle"], page["promotion record"]) == (refusal.to_champion, refusal.id)


def test_different_data_give_different_bundles(first: State, second: State) -> None:
    assert not set(first.bundles.values()) & set(second.bundles.values())


def test_the_data_log_lists_each_diary(clinic: Home, second: State) -> None:
    assert second.printed
    entries = delivery_log.read_log(clinic.store)
    log = clinic.migraine("data", "log")
    assert log.code == 0
    assert len({entry.acceptance.md5 for entry in entries}) == 2
    assert all(entry.acceptance.md5 in log.out for entry in entries)


@pytest.mark.parametrize("version", ["0" * 32, "nonsense"])
def test_an_unknown_data_version_is_refused(noisy_home: Home, version: str) -> None:
    ended = noisy_home.migraine("run", "--data-version", version)
    assert ended.code == 3
    assert f"'{version}' is not the version of an accepted delivery" in ended.err


def test_manual_rollback_and_promotion(clinic: Home, first: State, second: State) -> None:
    old, new = (state.pointer.tasks["attack"].champion for state in (first, second))
    back = clinic.migraine("rollback", "attack", "--why", "too many alarms")
    assert back.code == 0, back.err
    assert clinic.pointer.tasks["attack"].champion == old
    again = clinic.migraine("promote", "attack", new[:10])
    assert again.code == 0, again.err
    assert clinic.pointer.tasks["attack"].champion == new
    assert "too many alarms" in clinic.migraine("history").out
    assert {"promote", "refuse", "rollback"} <= {entry.record.what for entry in history(clinic.store)}
    assert "aliases were not moved" not in back.err + again.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("promote", "attak", "ff"), 2, "There is no task 'attak'"),
        (("promote", "attack", "zz"), 2, "No bundle begins with 'zz'"),
        (("rollback", "severity", "--to", "0123456789"), 2, "0123456789"),
        (("run", "--job", "retrain", "--source", "x.csv"), 2, "leave out --source"),
        (("run", "--data-version", "ab", "--source", "x.csv"), 2, "leave out --source"),
    ],
)
def test_impossible_requests_are_explained(
    noisy_home: Home, arguments: tuple[str, ...], code: int, message: str
) -> None:
    before = noisy_home.pointer
    ended = noisy_home.migraine(*arguments)
    assert (ended.code, message in ended.err) == (code, True), ended.err
    assert noisy_home.pointer == before


def test_a_bundle_of_the_wrong_task_is_refused(noisy_home: Home, first: State) -> None:
    bundle = first.bundles["severity/ridge"]
    assert bundle
    ended = noisy_home.migraine("promote", "attack", bundle[:12])
    assert ended.code == 2
    assert "was trained for 'severity'" in ended.err


@pytest.mark.parametrize("command", [("report",), ("doctor",), ("sources",), ("history",)])
def test_read_only_commands(noisy_home: Home, command: tuple[str, ...]) -> None:
    ended = noisy_home.migraine(*command)
    assert ended.code == 0, ended.text
    assert ended.out
