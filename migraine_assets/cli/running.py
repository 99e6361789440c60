"""`migraine run`: one run of a job in this process, with progress, and what came of it."""

import uuid
from typing import TYPE_CHECKING, Any

from migraine_assets import errors
from migraine_assets.cli.console import complain, err
from migraine_assets.cli.instance import RunOutcome, StepFailure, execute, open_instance
from migraine_assets.cli.progress import Progress
from migraine_assets.cli.results import show_decisions, show_paths, show_tables
from migraine_assets.errors import ConfigurationError, DataRefused, MigraineError, NoModelMetTheBar
from migraine_assets.params import load_params
from migraine_assets.settings import Settings

if TYPE_CHECKING:
    from migraine_assets.defs.values import ChampionRef

JOBS = ("full_pipeline", "retrain")


def run(
    *, source: str | None, mapping: str | None, options: dict[str, str], data_version: str | None, job: str
) -> None:
    """Run `job` and show its results. Raises the error that the exit code belongs to."""
    settings = Settings()
    if job not in JOBS:
        raise ConfigurationError(f"There is no job '{job}'. The jobs are {' and '.join(JOBS)}.")
    if data_version and (source or mapping or options):
        raise ConfigurationError(
            "--data-version repeats an accepted diary as it was read: leave --source, --mapping and --option out."
        )
    load_params(settings.params)
    settings.landing.mkdir(parents=True, exist_ok=True)
    wanted = {"source": source, "mapping": mapping, "options": options or None, "data_version": data_version}
    given = {name: value for name, value in wanted.items() if value}
    config: dict[str, Any] = {"ops": {"raw_diary": {"config": given}}} if given and job == "full_pipeline" else {}
    # Dagster's own log would repeat every event on the screen; it is kept with the run.
    config["loggers"] = {"console": {"config": {"log_level": "CRITICAL"}}}
    outcome = _follow(settings, job, config)
    _raise_for(outcome)
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


def _follow(settings: Settings, job: str, config: dict[str, Any]) -> RunOutcome:
    instance, run_id = open_instance(settings), str(uuid.uuid4())
    err().print(f"[dim]Run {run_id}, state under {settings.root}[/]", soft_wrap=True)
    with Progress(instance, run_id, err()):
        return execute(instance, job, run_id=run_id, run_config=config, tags={"migraine/started_by": "cli"})


def _raise_for(outcome: RunOutcome) -> None:
    """Raise what stopped the run: a refused check, an explained error, or a fault of ours."""
    refused = [c for c in outcome.checks if not c.passed and c.blocking and c.severity == "ERROR"]
    if refused:
        reasons = "\n".join(f"- {check.description}" for check in refused)
        raise DataRefused(f"The diary was refused; nothing was trained, and who served still serves.\n{reasons}")
    # A blocking check that failed makes a step fail too, which is told above.
    for failure in outcome.failures:
        raise _as_error(failure)
    if not outcome.success:
        raise RuntimeError("The run failed without a failed step; see it in the Dagster UI (`migraine ui`).")


def _as_error(failure: StepFailure) -> Exception:
    kind = getattr(errors, failure.error, None)
    if isinstance(kind, type) and issubclass(kind, MigraineError):
        return kind(failure.message)
    complain(f"The step '{failure.step}' failed.")
    return RuntimeError(f"{failure.error}: {failure.message}")


def _decisions(settings: Settings) -> dict[str, "ChampionRef"]:
    """What became of the champion of each task."""
    from migraine_assets.defs.values import from_json
    from migraine_assets.stores.filesystem import Store
    from migraine_assets.stores.references import read_pointer

    store = Store(settings.store_location)
    found = {task: read_pointer(store, f"champions/{task}") for task in ("attack", "severity")}
    return {task: from_json(content) for task, content in found.items() if content}
