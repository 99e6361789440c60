"""Runs that Dagster starts hold the lock of the store."""

import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from migraine_assets.defs.executors import executor_of
from migraine_assets.defs.run_owner import LOCK_TAG
from migraine_assets.settings import Settings
from migraine_assets.stores.locks import LockHeld
from migraine_assets.stores.store import Store
from migraine_assets.stores.store_lock import hold_store
from migraine_assets_tests.support.waiting import eventually


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("MIGRAINE_HOME", str(tmp_path))
    with dg.instance_for_test() as instance:
        yield instance


def _job(lock_states: list[bool], store: Store) -> dg.JobDefinition:
    @dg.op
    def step() -> None:
        try:
            with hold_store(store, "another run"):
                lock_states.append(False)
        except LockHeld:
            lock_states.append(True)

    @dg.job(executor_def=executor_of(Settings()))
    def a_job() -> None:
        step()

    return a_job


def _execute(job: dg.JobDefinition, instance: dg.DagsterInstance, tags: dict[str, str]) -> dg.DagsterRunStatus:
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run

    run = instance.create_run_for_job(job, tags=tags)
    execute_run(InMemoryJob(job), run, instance)
    finished = instance.get_run_by_id(run.run_id)
    assert finished is not None
    return finished.status


@pytest.mark.filterwarnings("ignore")
def test_a_run_holds_the_lock_and_releases_it(instance: dg.DagsterInstance) -> None:
    store, lock_states = Store(Settings().store_location), list[bool]()
    assert _execute(_job(lock_states, store), instance, {}) is dg.DagsterRunStatus.SUCCESS
    assert lock_states == [True]
    with hold_store(store, "next"):
        pass


@pytest.mark.filterwarnings("ignore")
def test_a_run_waits_for_another_home_and_enters_beside_its_own_command(instance: dg.DagsterInstance) -> None:
    store, lock_states = Store(Settings().store_location), list[bool]()
    with hold_store(store, "command"):
        assert _execute(_job(lock_states, store), instance, {LOCK_TAG: "command"}) is dg.DagsterRunStatus.SUCCESS
        thread = threading.Thread(target=_execute, args=(_job(lock_states, store), instance, {}))
        thread.start()
        waiting = "Waiting for another run on the store"
        assert eventually(lambda: any(waiting in log.user_message for log in _logs(instance)))
        assert lock_states == [True]
    thread.join(30)
    assert lock_states == [True, True]


def _logs(instance: dg.DagsterInstance) -> list[dg.EventLogEntry]:
    return [log for run in instance.get_runs() for log in instance.all_logs(run.run_id)]


@pytest.mark.parametrize("name", ["in_process", "multiprocess", "k8s_job"])
def test_every_executor_keeps_its_name_and_configuration(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRAINE_EXECUTOR", name)
    executor = executor_of(Settings())
    assert executor.name == {"in_process": "in_process", "multiprocess": "multiprocess", "k8s_job": "k8s"}[name]
    assert executor.config_schema is not None
