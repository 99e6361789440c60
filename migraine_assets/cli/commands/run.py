"""`migraine run`: run a job in this process, with progress, and print its results.

Not here: executing the job (`cli.dagster.execution`), the tables of results (`cli.model_tables`).
"""

import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migraine_assets.cli.commands.data import Mapping
from migraine_assets.cli.commands.report import report_document, show_decisions, show_paths
from migraine_assets.cli.console import AsJson, note, print_error, print_json, say
from migraine_assets.cli.dagster.execution import Failure, RunOutcome, error_classes, execute
from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.cli.dagster.progress import Progress, progress_console
from migraine_assets.cli.dagster.run_lock import fail_abandoned_runs, hold_state
from migraine_assets.cli.documents.evaluation import DecisionLine, RunDocument
from migraine_assets.cli.home import writable_settings
from migraine_assets.cli.home_files import sweep_leftovers
from migraine_assets.cli.model_tables import show_tables
from migraine_assets.errors import ConfigurationError, DataRefused, NoModelMetTheBar
from migraine_assets.settings import Settings

if TYPE_CHECKING:
    from migraine_assets.core.contract import Contract
    from migraine_assets.defs.refs import ChampionRef
    from migraine_assets.sources.files.limits import SourceLimits

JOBS = ("full_pipeline", "retrain")


def run(
    source: Annotated[
        str | None,
        typer.Option(
            help="synthetic, kostecki_dillon, or a file, folder, glob or URL of a diary.",
            autocompletion=lambda incomplete: complete_source(incomplete),
        ),
    ] = None,
    mapping: Mapping = None,
    option: Annotated[list[str] | None, typer.Option(help="Option of the source, as name=value.")] = None,
    data_version: Annotated[
        str | None, typer.Option(help="Train again on the accepted diary with this MD5 (see `migraine data log`).")
    ] = None,
    job: Annotated[
        str,
        typer.Option(help="full_pipeline, or retrain to use the current diary.", autocompletion=lambda: list(JOBS)),
    ] = "full_pipeline",
    *,
    as_json: AsJson = False,
) -> None:
    """Validate a diary, train and compare sixteen models, promote the best, and write the report."""
    from migraine_assets.params import load_params

    pairs = dict(_parse_option(item) for item in option or []) or None
    flags = {"source": source, "mapping": mapping, "options": pairs, "data_version": data_version}
    config = _check(job, flags)
    settings = writable_settings()
    params = load_params(settings.params)
    _check_source(settings, job, config, limits=params.sources, contract=params.diary_contract())
    run_id = str(uuid.uuid4())
    with hold_state(settings, run_id):
        sweep_leftovers(settings)
        settings.landing.mkdir(parents=True, exist_ok=True)
        outcome = _execute(settings, job, _run_config(config), run_id=run_id)
        raise_failure(outcome)
        document = _document(settings, outcome)
    if as_json:
        print_json(document)
    else:
        _show(document)
    if document.decisions["attack"].outcome == "none":
        raise NoModelMetTheBar(
            "No model met the bar for the task 'attack': none is clearly better than the base rate, or all are "
            "flagged. The report gives the reasons for each model. Nothing was promoted."
        )


def _show(document: RunDocument) -> None:
    say("")
    show_tables(document.tasks)
    say("")
    show_decisions(document.decisions)
    say("")
    show_paths(document)


def complete_source(incomplete: str) -> list[str]:
    """Return the named sources that begin with `incomplete`. If none does, the shell completes files."""
    from migraine_assets.sources.registry import SOURCES

    return [source.name for source in SOURCES if source.name.startswith(incomplete)]


def _parse_option(item: str) -> tuple[str, str]:
    name, equals, value = item.partition("=")
    if not equals or not name:
        raise ConfigurationError(f"--option {item}: write it as name=value, for example --option participants=500.")
    return name.strip(), value.strip()


def _check(job: str, flags: dict[str, Any]) -> dict[str, Any]:
    """Return the flags that were set. Raises `ConfigurationError` for values that do not go together."""
    if empty := [_flag(name) for name, value in flags.items() if value == ""]:
        raise ConfigurationError(f"{empty[0]} is empty (an unset variable?). Give it a value or leave it out.")
    present = {name: value for name, value in flags.items() if value}
    if job not in JOBS:
        raise ConfigurationError(f"There is no job '{job}'. The jobs are {' and '.join(JOBS)}.")
    if job == "retrain" and present:
        raise ConfigurationError(
            "The job 'retrain' trains on the current diary: leave out "
            f"{', '.join(_flag(name) for name in present)}, or run full_pipeline."
        )
    if "data_version" in present and len(present) > 1:
        raise ConfigurationError(
            "--data-version reads an accepted diary exactly as before: leave out --source, --mapping and --option."
        )
    return present


def _check_source(
    settings: Settings, job: str, present: dict[str, Any], *, limits: "SourceLimits", contract: "Contract"
) -> None:
    """Check the source before anything runs. Raises `ConfigurationError` or `DataRefused`."""
    from migraine_assets.sources.files.fetch import landing_source
    from migraine_assets.sources.registry import check_source
    from migraine_assets.stores.assets import delivery_log
    from migraine_assets.stores.store import Store

    if job == "retrain":
        return
    if version := present.get("data_version"):
        delivery_log.find(Store(settings.store_location), version)
        return
    # The same order as in the asset `raw_diary`.
    source = present.get("source") or settings.source or landing_source(settings.landing) or "synthetic"
    mapping = present.get("mapping") or settings.mapping
    options = present.get("options") or {}
    check_source(source, mapping=mapping, options=options, landing=settings.landing, limits=limits, contract=contract)


def _flag(name: str) -> str:
    return "--option" if name == "options" else f"--{name.replace('_', '-')}"


def _run_config(source: dict[str, Any]) -> dict[str, Any]:
    # Dagster's console logger would print every event; the log of the run keeps them anyway.
    config: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return config | ({"ops": {"raw_diary": {"config": source}}} if source else {})


def _execute(settings: Settings, job: str, config: dict[str, Any], *, run_id: str) -> RunOutcome:
    with open_instance(settings) as instance:
        if active := fail_abandoned_runs(instance):
            raise ConfigurationError(
                f"Run {active[0]} is using the same state. Wait for it, or terminate it in the Dagster UI."
            )
        note(f"Run {run_id}, state under {settings.root}")
        with progress_console() as console, Progress(instance, run_id, console):
            return execute(instance, job, run_id=run_id, run_config=config, tags={"migraine/started_by": "cli"})


def raise_failure(outcome: RunOutcome) -> None:
    """Raise the error that stopped the run: an interrupt, a blocking check, a user error or a bug."""
    if outcome.interrupted:
        raise KeyboardInterrupt
    refused = [c for c in outcome.checks if not c.passed and c.blocking and c.severity == "ERROR"]
    if refused:
        reasons = "\n".join(f"- {check.description}" for check in refused)
        raise DataRefused(f"The diary was refused. Nothing was trained; the champion is unchanged.\n{reasons}")
    # A failed blocking check also fails its step, and was raised above.
    for failure in outcome.failures:
        raise _as_error(failure)
    if not outcome.success:
        raise RuntimeError("The run failed without a failed step; see it in the Dagster UI (`migraine ui`).")


def _as_error(failure: Failure) -> Exception:
    kind = error_classes().get(failure.error)
    error: Exception = kind(failure.message) if kind else RuntimeError(f"{failure.error}: {failure.message}")
    # Shown by --traceback.
    error.add_note(failure.trace)
    if kind is None and failure.step:
        print_error(f"The step '{failure.step}' failed.")
    return error


def _document(settings: Settings, outcome: RunOutcome) -> RunDocument:
    report = report_document(settings, settings.reports / "latest")
    return RunDocument(
        tasks=report.tasks,
        report=report.report,
        evaluation=report.evaluation,
        state=report.state,
        run=outcome.run_id,
        decisions={
            task: DecisionLine(outcome=ref.outcome, reasons=tuple(ref.reasons))
            for task, ref in _decisions(settings).items()
        },
    )


def _decisions(settings: Settings) -> dict[str, "ChampionRef"]:
    """Return the promotion decision of each task."""
    from migraine_assets.defs.refs import current
    from migraine_assets.stores.store import Store

    store = Store(settings.store_location)
    values = {task: current(store, f"champions/{task}") for task in ("attack", "severity")}
    return {task: value for task, value in values.items() if value is not None}
