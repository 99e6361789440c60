"""`migraine run`: one run of a job in this process, with progress, and what came of it."""

import uuid
from typing import TYPE_CHECKING, Any

from migraine_assets.cli.commands.report import show_decisions, show_paths, show_tables
from migraine_assets.cli.console import complain, err
from migraine_assets.cli.dagster.execution import Failure, RunOutcome, execute, explained
from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.cli.dagster.progress import Progress, screen
from migraine_assets.cli.dagster.run_lock import alone, settle
from migraine_assets.errors import ConfigurationError, DataRefused, NoModelMetTheBar
from migraine_assets.params import load_params
from migraine_assets.settings import Settings

if TYPE_CHECKING:
    from migraine_assets.defs.refs import ChampionRef

JOBS = ("full_pipeline", "retrain")


def run(
    *, source: str | None, mapping: str | None, options: dict[str, str], data_version: str | None, job: str
) -> None:
    """Run `job` and show its results. Raises the error that the exit code belongs to."""
    wanted = {"source": source, "mapping": mapping, "options": options or None, "data_version": data_version}
    if empty := [_flag(name) for name, value in wanted.items() if value == ""]:
        raise ConfigurationError(f"{empty[0]} is empty (an unset variable?). Say what is meant, or leave it out.")
    given = {name: value for name, value in wanted.items() if value}
    _refuse_nonsense(job, given)
    settings = Settings()
    load_params(settings.params)
    with alone(settings.root):
        settings.landing.mkdir(parents=True, exist_ok=True)
        raise_for(_follow(settings, job, _config(given)))
        decisions = _decisions(settings)
    latest = settings.reports / "latest"
    show_tables(latest)
    show_decisions([(task, ref.outcome, " ".join(ref.reasons)) for task, ref in decisions.items()])
    show_paths(settings, latest)
    if decisions["attack"].outcome == "none":
        raise NoModelMetTheBar(
            "No model met the bar for the task 'attack': none is clearly better than the base rate, or all are "
            "flagged. The report says why for each. Nothing was promoted."
        )


def _refuse_nonsense(job: str, given: dict[str, Any]) -> None:
    if job not in JOBS:
        raise ConfigurationError(f"There is no job '{job}'. The jobs are {' and '.join(JOBS)}.")
    if job == "retrain" and given:
        raise ConfigurationError(
            "The job 'retrain' trains on the diary that is there: leave out "
            f"{', '.join(_flag(name) for name in given)}, or run full_pipeline."
        )
    if "data_version" in given and len(given) > 1:
        raise ConfigurationError(
            "--data-version repeats an accepted diary as it was read: leave --source, --mapping and --option out."
        )


def _flag(name: str) -> str:
    return "--option" if name == "options" else f"--{name.replace('_', '-')}"


def _config(given: dict[str, Any]) -> dict[str, Any]:
    # Dagster's own log would repeat every event on the screen; it is kept with the run.
    config: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return config | ({"ops": {"raw_diary": {"config": given}}} if given else {})


def _follow(settings: Settings, job: str, config: dict[str, Any]) -> RunOutcome:
    run_id = str(uuid.uuid4())
    with open_instance(settings) as instance:
        if at_work := settle(instance):
            raise ConfigurationError(
                f"The run {at_work[0]} is at work on the same state. Wait for it, or end it in the Dagster UI."
            )
        err().print(f"[dim]Run {run_id}, state under {settings.root}[/]", soft_wrap=True)
        with screen() as console, Progress(instance, run_id, console):
            return execute(instance, job, run_id=run_id, run_config=config, tags={"migraine/started_by": "cli"})


def raise_for(outcome: RunOutcome) -> None:
    """Raise what stopped the run: Ctrl-C, a refused check, an explained error, or a fault of ours."""
    if outcome.interrupted:
        raise KeyboardInterrupt
    refused = [c for c in outcome.checks if not c.passed and c.blocking and c.severity == "ERROR"]
    if refused:
        reasons = "\n".join(f"- {check.description}" for check in refused)
        raise DataRefused(f"The diary was refused; nothing was trained, and who served still serves.\n{reasons}")
    # A blocking check that failed makes a step fail too, which is told above.
    for failure in outcome.failures:
        raise _as_error(failure)
    if not outcome.success:
        raise RuntimeError("The run failed without a failed step; see it in the Dagster UI (`migraine ui`).")


def _as_error(failure: Failure) -> Exception:
    kind = explained().get(failure.error)
    error: Exception = kind(failure.message) if kind else RuntimeError(f"{failure.error}: {failure.message}")
    # Shown by --traceback.
    error.add_note(failure.trace)
    if kind is None and failure.step:
        complain(f"The step '{failure.step}' failed.")
    return error


def _decisions(settings: Settings) -> dict[str, "ChampionRef"]:
    """What became of the champion of each task."""
    from migraine_assets.defs.refs import from_json
    from migraine_assets.stores.assets.frames import read_pointer
    from migraine_assets.stores.store import Store

    store = Store(settings.store_location)
    found = {task: read_pointer(store, f"champions/{task}") for task in ("attack", "severity")}
    return {task: from_json(content) for task, content in found.items() if content}
