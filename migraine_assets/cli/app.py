"""The `migraine` command: what it offers, and how an error becomes a sentence and an exit code.

Here belong options and dispatch. Not here: what a command does (the other modules of `cli`).
Exit codes: 0 good, 2 wrong use or configuration, 3 data refused, 4 no model met the bar, 1 our own fault.
"""

import sys
from collections.abc import Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Annotated, Any

import typer
from typer import BadParameter

from migraine_assets.cli.console import complain, say
from migraine_assets.errors import ConfigurationError, MigraineError

app = typer.Typer(
    help="Migraine forecasts from headache diaries: from the data to the promoted model.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
data = typer.Typer(help="The diaries that were accepted.", no_args_is_help=True)
app.add_typer(data, name="data")
alerts = typer.Typer(help="Who is told when something is wrong.", no_args_is_help=True)
app.add_typer(alerts, name="alerts")

Mapping = Annotated[str | None, typer.Option(help="A YAML file that says what the columns of the source mean.")]
Task = Annotated[str, typer.Argument(help="attack or severity")]
Reason = Annotated[str, typer.Option("--why", help="Why, for the record.")]


TRACEBACK = "--traceback"
PLUGINS = "migraine.commands"
# Typer has a copy of click of its own: its errors are not those of the package of that name.
UsageError: Any = next(kind for kind in BadParameter.__mro__ if kind.__name__ == "ClickException")


@app.callback()
def options(
    traceback: Annotated[bool, typer.Option(TRACEBACK, help="Show the trace of an error.")] = False,
) -> None:
    """Options of every command."""


@app.command()
def run(
    source: Annotated[
        str | None, typer.Option(help="synthetic, kostecki_dillon, or a file, folder, glob or URL of a diary.")
    ] = None,
    mapping: Mapping = None,
    option: Annotated[list[str] | None, typer.Option(help="An option of the source: name=value.")] = None,
    data_version: Annotated[
        str | None, typer.Option(help="Repeat with the accepted diary of this MD5 (see `migraine data log`).")
    ] = None,
    job: Annotated[str, typer.Option(help="full_pipeline, or retrain on the diary that is there.")] = "full_pipeline",
) -> None:
    """Validate a diary, train and compare sixteen models, promote the best, write the report."""
    from migraine_assets.cli.commands.run import run as start

    pairs = dict(_pair(item) for item in option or [])
    start(source=source, mapping=mapping, options=pairs, data_version=data_version, job=job)


@app.command()
def validate(
    file: Annotated[str, typer.Argument(help="A file, folder, glob or URL of a diary, or the name of a source.")],
    mapping: Mapping = None,
) -> None:
    """Read and check a diary without training on it."""
    from migraine_assets.cli.commands.data import validate as start

    start(file, mapping=mapping)


@app.command()
def sources() -> None:
    """Where diaries can come from, and the fields of the contract."""
    from migraine_assets.cli.commands.data import sources as start

    start()


@data.command("log")
def data_log() -> None:
    """Every accepted diary with its data version."""
    from migraine_assets.cli.commands.data import log as start

    start()


@alerts.command("test")
def alerts_test() -> None:
    """Send a message to every channel of alerts, and say whether it arrived."""
    from migraine_assets.cli.commands.alerts import test as start

    start()


@alerts.command("list")
def alerts_list() -> None:
    """Alerts that are open, folded or lately over, and messages that did not arrive."""
    from migraine_assets.cli.commands.alerts import list_alerts as start

    start()


@alerts.command("close")
def alerts_close(
    kind: Annotated[str, typer.Argument(help="The alert, such as run_failed.")],
    key: Annotated[str, typer.Argument(help="What it is about, as the list shows it.")],
) -> None:
    """End the alert of a run or check that nobody will repeat."""
    from migraine_assets.cli.commands.alerts import close as start

    start(kind, key)


@app.command()
def report() -> None:
    """The results of the newest evaluation, and where its report is."""
    from migraine_assets.cli.commands.report import report as start

    start()


@app.command()
def history() -> None:
    """Every promotion, refusal and rollback."""
    from migraine_assets.cli.commands.models import history as start

    start()


@app.command()
def promote(
    task: Task,
    bundle: Annotated[str, typer.Argument(help="The hash of a bundle in the store, or its beginning.")],
    why: Reason = "by hand",
) -> None:
    """Let a bundle serve, whatever the gate says."""
    from migraine_assets.cli.commands.models import promote as start

    start(task, bundle, why=why)


@app.command()
def rollback(
    task: Task,
    to: Annotated[str | None, typer.Option(help="A former champion; without it the one before.")] = None,
    why: Reason = "by hand",
) -> None:
    """Let the champion before serve again."""
    from migraine_assets.cli.commands.models import rollback as start

    start(task, to=to, why=why)


@app.command()
def monitor(
    day: Annotated[str | None, typer.Option(help="The day (UTC) to look at; yesterday without it.")] = None,
    since: Annotated[str | None, typer.Option(help="Look at every day from this one on.")] = None,
) -> None:
    """What the service saw and what came true: drift, performance, quality, as a page."""
    from migraine_assets.cli.commands.monitor import monitor as start

    start(day=day, since=since)


@app.command()
def erase(
    participant: Annotated[str, typer.Argument(help="The participant_id, as diaries and callers write it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without it only what would be done is shown.")] = False,
) -> None:
    """Find every trace of a participant, take it out, and name the models that were trained on it."""
    from migraine_assets.cli.commands.erase import erase as start

    start(participant, yes=yes)


@app.command()
def doctor() -> None:
    """Check the environment, the store and everything in it."""
    from migraine_assets.cli.commands.doctor import doctor as start

    start()


@app.command()
def migrate(
    which: Annotated[str, typer.Argument(help="Whose tables: dagster, mlflow or all.")] = "all",
) -> None:
    """Make the tables of Dagster and MLflow, or bring them up to date; waits for PostgreSQL."""
    from migraine_assets.cli.commands.migrate import migrate as start

    start(which)


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
    mlflow_port: Annotated[int, typer.Option(help="Port of the MLflow UI.")] = 5000,
) -> None:
    """The Dagster UI with its daemon and the MLflow UI, until Ctrl-C."""
    from migraine_assets.cli.commands.ui import ui as start

    start(port=port, mlflow_port=mlflow_port)


@cache
def whole() -> typer.Typer:
    """The command with what other packages add to it: the service does, and is not imported here."""
    for found in entry_points(group=PLUGINS):
        app.add_typer(found.load())
    return app


def main() -> None:
    """Run the command line, and end with the exit code of what went wrong."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` name, tell its errors, and return its exit code."""
    trace = TRACEBACK in arguments
    try:
        code = whole()(list(arguments), standalone_mode=False)
    except MigraineError as error:
        return _told(error, code=error.exit_code, trace=trace)
    except UsageError as error:
        error.show()
        return 2
    except (KeyboardInterrupt, typer.Abort):
        say("\nStopped. Nothing half-written is left; the next run goes on from here.")
        return 130
    except Exception as error:  # noqa: BLE001 - the last resort: a fault of ours, told as one
        return _told(error, code=1, trace=trace, ours=True)
    return code if isinstance(code, int) else 0


def _told(error: Exception, *, code: int, trace: bool, ours: bool = False) -> int:
    if trace:
        import traceback

        traceback.print_exception(error)
    fault = f"This is a fault of the platform, not yours: {type(error).__name__}: {error}" if ours else str(error)
    complain(fault, hint="`migraine --traceback ...` shows the trace." if ours and not trace else "")
    return code


def _pair(item: str) -> tuple[str, str]:
    name, equals, value = item.partition("=")
    if not equals or not name:
        raise ConfigurationError(f"--option {item}: write it as name=value, for example --option participants=500.")
    return name.strip(), value.strip()
