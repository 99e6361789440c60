"""The `migraine` command: assembles the commands and turns errors into messages and exit codes.

Not here: options and bodies of the commands (`cli.commands`). Other packages add commands through the entry point
`migraine.commands`; `serving` does so and is not imported here.

Exit codes: 0 success, 1 internal error or unusable store, 2 wrong usage or configuration, 3 data refused,
4 no model met the bar, 5 erased except from files that could not be read.
"""

import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import entry_points, version
from typing import Annotated, Any

import typer

from migraine_assets.cli.commands import (
    alerts,
    backup,
    data,
    doctor,
    erase,
    features,
    forecast,
    mapping,
    migrate,
    monitor,
    params,
    promotions,
    report,
    run,
    sheet,
    ui,
    weather,
)
from migraine_assets.cli.console import print_error, say
from migraine_assets.errors import MigraineError
from migraine_assets.settings import Settings
from migraine_assets.stores.file_modes import restrict

COMMANDS: tuple[Callable[..., None], ...] = (
    run.run,
    forecast.forecast,
    sheet.sheet,
    data.validate,
    data.sources,
    params.params,
    report.report,
    promotions.history,
    promotions.promote,
    promotions.rollback,
    monitor.monitor,
    erase.erase,
    doctor.doctor,
    migrate.migrate,
    backup.backup,
    backup.restore,
    ui.ui,
    weather.weather,
)
GROUPS = {"data": data.app, "mapping": mapping.app, "features": features.app, "alerts": alerts.app}
PACKAGE = "migraine-platform"
PLUGINS = "migraine.commands"
TRACEBACK = "--traceback"
# Typer bundles its own copy of click, so its errors are not those of the package of that name.
UsageError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def print_version(requested: bool) -> None:
    """Print the version of the installed package and exit."""
    if requested:
        say(f"{PACKAGE} {version(PACKAGE)}")
        raise typer.Exit


def options(
    traceback: Annotated[bool, typer.Option(TRACEBACK, help="Show the traceback of an error.")] = False,  # noqa: ARG001
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", help="Show the version and exit.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    """Prepare every command. The parameters are the options of all commands."""
    # Set before any file is written. The processes that a command starts inherit the file mode.
    restrict(group=Settings().group_access)


@cache
def build_app() -> typer.Typer:
    """Assemble the command from its own commands and those of installed packages."""
    app = typer.Typer(
        help="Forecast migraine from headache diaries: from the data to the promoted model.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(options)
    for command in COMMANDS:
        app.command()(command)
    for name, group in GROUPS.items():
        app.add_typer(group, name=name)
    for plugin in entry_points(group=PLUGINS):
        app.add_typer(plugin.load())
    return app


def main() -> None:
    """Run the command line and exit with its exit code."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: Sequence[str]) -> int:
    """Run the command with `arguments`, print its errors, and return its exit code."""
    trace = TRACEBACK in arguments
    try:
        code = build_app()(list(arguments), standalone_mode=False)
    except MigraineError as error:
        return _report(error, code=error.exit_code, trace=trace)
    except UsageError as error:
        error.show()
        return 2
    except (KeyboardInterrupt, typer.Abort):
        say("\nInterrupted. No partial results were left behind; the next run resumes from here.")
        return 130
    except Exception as error:  # noqa: BLE001 - catch-all error handler: an unexpected error is a bug in the platform
        return _report(error, code=1, trace=trace, bug=True)
    return code if isinstance(code, int) else 0


def _report(error: Exception, *, code: int, trace: bool, bug: bool = False) -> int:
    if trace:
        import traceback

        traceback.print_exception(error)
    text = f"This is a bug in the platform, not in your input: {type(error).__name__}: {error}" if bug else str(error)
    print_error(text, hint="Run `migraine --traceback ...` to see the traceback." if bug and not trace else "")
    return code
