"""The Dagster instance of this home, and one in-process run of a job on it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import migraine_assets
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.filesystem import Store

if TYPE_CHECKING:
    import dagster as dg


@dataclass(frozen=True)
class StepFailure:
    """A step that failed: the class and the sentence of the innermost error, and the whole trace."""

    step: str
    error: str
    message: str
    trace: str


@dataclass(frozen=True)
class CheckResult:
    """One asset check as it was evaluated."""

    asset: str
    name: str
    passed: bool
    blocking: bool
    severity: str
    description: str


@dataclass(frozen=True)
class RunOutcome:
    """What a run left behind."""

    run_id: str
    success: bool
    failures: tuple[StepFailure, ...]
    checks: tuple[CheckResult, ...]


def project_root() -> Path:
    """The folder that holds dagster.yaml and workspace.yaml."""
    return Path(migraine_assets.__path__[0]).parent


# Runs, events and schedules in PostgreSQL, for more than one machine.
POSTGRES = """
storage:
  postgres:
    postgres_url:
      env: DAGSTER_POSTGRES_URL
"""


def dagster_home(settings: Settings) -> Path:
    """`DAGSTER_HOME` where it is set, otherwise `dagster` under home, with the project's dagster.yaml in it.

    Where `DAGSTER_POSTGRES_URL` is set, the instance keeps its state there instead of in SQLite.
    """
    if named := os.environ.get("DAGSTER_HOME"):
        return Path(named)
    home, source = settings.root / "dagster", project_root() / "dagster.yaml"
    if not source.exists():
        raise ConfigurationError(f"{source} is missing. Set DAGSTER_HOME to a folder that holds a dagster.yaml.")
    wanted = source.read_text(encoding="utf-8") + (POSTGRES if os.environ.get("DAGSTER_POSTGRES_URL") else "")
    # Written only when it differs: a webserver may be reading it.
    content = Store(str(home))
    if not content.exists(source.name) or content.read(source.name) != wanted.encode():
        content.write(source.name, wanted.encode())
    return home


def open_instance(settings: Settings) -> "dg.DagsterInstance":
    """The persistent instance. Sets `DAGSTER_HOME` for this process, since Dagster reads it from there."""
    import dagster as dg

    os.environ["DAGSTER_HOME"] = str(dagster_home(settings))
    return dg.DagsterInstance.get()


def execute(
    instance: "dg.DagsterInstance", job: str, *, run_id: str, run_config: dict[str, Any], tags: dict[str, str]
) -> RunOutcome:
    """Run `job` in this process. Steps that do not depend on a failed one still run."""
    from migraine_assets.definitions import build_defs

    result = (
        build_defs()
        .resolve_job_def(job)
        .execute_in_process(instance=instance, run_id=run_id, run_config=run_config, tags=tags, raise_on_error=False)
    )
    failures = tuple(_failure(event) for event in result.all_events if event.is_step_failure)
    return RunOutcome(run_id, result.success, failures, tuple(_checks(result)))


def _failure(event: "dg.DagsterEvent") -> StepFailure:
    error = event.step_failure_data.error
    innermost = error
    while innermost is not None and innermost.cause is not None:
        innermost = innermost.cause
    name = (innermost.cls_name or "Error") if innermost else "Error"
    message = innermost.message.strip().removeprefix(f"{innermost.cls_name}: ") if innermost else ""
    # Dagster prefixes the message with the qualified class name.
    _, _, tail = message.partition(f"{name}: ")
    return StepFailure(event.step_key or "", name, tail or message, error.to_string() if error else "")


def _checks(result: Any) -> list[CheckResult]:
    found = [
        event.asset_check_evaluation_data
        for event in result.all_events
        if event.event_type_value == "ASSET_CHECK_EVALUATION"
    ]
    return [
        CheckResult(
            "/".join(c.asset_key.path),
            c.check_name,
            c.passed,
            bool(c.blocking),
            c.severity.value,
            c.description or "",
        )
        for c in found
    ]
