"""The command line: wrong usage exits with 2 and a message; a traceback is shown only with --traceback."""

import os
import subprocess
import sys
from importlib.metadata import version

import pytest
import typer

from migraine_assets.cli.app import COMMANDS, GROUPS, build_app
from migraine_assets_tests.support.homes import Home


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nosuchcommand",), "No such command 'nosuchcommand'"),
        (("run", "--bogus"), "No such option: --bogus"),
        (("run", "--option"), "requires an argument"),
        (("run", "--option", "participants"), "--option participants: write it as name=value"),
        (("run", "--option", "=5"), "write it as name=value"),
        (("run", "--job", "everything"), "The jobs are full_pipeline and retrain"),
        (("promote", "attack"), "Missing argument"),
        (("rollback", "headache"), "There is no task 'headache'. The tasks are attack and severity."),
        (("report",), "There is no report in"),
        (("rollback", "attack"), "Nothing was promoted for 'attack' yet"),
        (("ui", "--port", "http"), "Invalid value for '--port'"),
    ],
)
def test_wrong_usage_is_explained_and_exits_with_2(home: Home, arguments: tuple[str, ...], message: str) -> None:
    ended = home.migraine(*arguments)
    assert ended.code == 2, ended.text
    assert message in ended.text
    assert "Traceback" not in ended.text


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("participant=5", "Did you mean 'participants'?"),
        ("participants=many", "participants='many' is not a whole number"),
        ("participants=0", "participants=0 is not between 1 and"),
    ],
)
def test_an_invalid_option_of_the_source_is_explained(home: Home, option: str, message: str) -> None:
    ended = home.migraine("run", "--option", option)
    assert ended.code == 2, ended.text
    assert message in ended.err


def test_an_unknown_parameter_is_refused_before_anything_runs(home: Home) -> None:
    home.params.write_text("trainig: {seed: 1}\n")
    ended = home.migraine("run")
    assert ended.code == 2
    assert "there is no parameter 'trainig'. Did you mean 'training'?" in ended.err
    assert not (home.root / "store").exists()


def test_an_error_in_a_separate_process_is_one_message(home: Home) -> None:
    ended = home.process("run", "--source", "nosuch.csv")
    assert ended.code == 2
    assert ended.err.splitlines()[-1].startswith("Error: There is no file or folder 'nosuch.csv'")
    assert "Traceback" not in ended.text
    assert ended.out == ""


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--source", "nosuch.csv"), 2, "There is no file or folder 'nosuch.csv'"),
        (("--source", "sythetic"), 2, "Did you mean 'synthetic'?"),
        (("--source", "nosuchscheme://bucket/diary.csv"), 2, "nosuchscheme"),
        (("--source", "synthetic", "--mapping", "map.yaml"), 2, "takes no mapping"),
        (("--source", "{home}/params.yaml", "--option", "participants=5"), 2, "takes no options"),
        (("--source", "{home}/landing"), 2, "contains no diary file"),
        (("--source", "{home}/*.csv"), 2, "contains no diary file"),
        (("--source", "{home}/params.yaml", "--mapping", "gone.yaml"), 2, "gone.yaml"),
        (("--source", "landing"), 3, "contains no diary"),
        (("--data-version", "abc"), 3, "Known versions: none"),
    ],
)
def test_a_wrong_source_is_found_before_a_run_starts(
    home: Home, options: tuple[str, ...], code: int, message: str
) -> None:
    ended = home.migraine("run", *(option.format(home=home.root) for option in options))
    assert ended.code == code, ended.text
    assert message in ended.err
    assert not (home.root / "dagster").exists()


def test_a_wrong_source_in_the_environment_is_found_before_a_run_starts(home: Home) -> None:
    ended = home.migraine("run", extra={"MIGRAINE_SOURCE": "nosuch.csv"})
    assert ended.code == 2
    assert not (home.root / "dagster").exists()


def test_the_traceback_of_a_failed_step_is_shown_on_request(home: Home) -> None:
    (home.root / "empty.csv").touch()
    ended = home.migraine("--traceback", "run", "--source", str(home.root / "empty.csv"))
    assert ended.code == 3
    assert "Traceback (most recent call last)" in ended.err
    assert "open_table(" in ended.err, "the traceback of the failed step"


def test_help_is_no_error(home: Home) -> None:
    ended = home.migraine("--help")
    assert ended.code == 0
    for command in ("run", "validate", "sources", "report", "history", "promote", "rollback", "data", "doctor", "ui"):
        assert command in ended.out


def test_the_version_is_that_of_the_package(home: Home) -> None:
    ended = home.migraine("--version")
    assert (ended.code, ended.out) == (0, f"migraine-platform {version('migraine-platform')}\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("migraine ro", ["rollback", "rollout"]),
        ("migraine promote a", ["attack"]),
        ("migraine run --source syn", ["synthetic"]),
        ("migraine run --job ", ["full_pipeline", "retrain"]),
        ("migraine rollout start attack c", ["canary"]),
        ("migraine migrate m", ["mlflow"]),
    ],
)
def test_a_shell_completes_commands_and_values(words: str, expected: list[str]) -> None:
    request = {"_MIGRAINE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    code = "import sys; sys.argv = ['migraine']; from migraine_assets.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | request, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == expected, done.stderr


def test_a_damaged_store_is_no_traceback(home: Home) -> None:
    """Known damage is explained. Unexpected errors exit with 1 and say how to see the traceback."""
    (home.root / "store" / "registry").mkdir(parents=True)
    (home.root / "store" / "registry" / "pointer.json").mkdir()
    ended = home.migraine("doctor")
    assert ended.code in (1, 2)
    assert "Traceback" not in ended.text


def test_every_command_has_a_help_text() -> None:
    commands = typer.main.get_command(build_app()).commands
    assert all(command.help for command in commands.values())
    assert {command.__name__ for command in COMMANDS} | set(GROUPS) <= set(commands)


def test_installed_packages_add_commands() -> None:
    assert {"serve", "replay", "keys", "rollout"} <= set(typer.main.get_command(build_app()).commands)


def test_sources_lists_sources_and_fields(home: Home) -> None:
    out = home.migraine("sources").out
    for word in ("synthetic", "kostecki_dillon", "stress_level", "migraine_occurrence", "hPa"):
        assert word in out


@pytest.mark.parametrize(
    ("command", "message"),
    [(("history",), "Nothing has been promoted yet"), (("data", "log"), "No diary has been accepted yet")],
)
def test_a_fresh_home_has_nothing_to_list(home: Home, command: tuple[str, ...], message: str) -> None:
    ended = home.migraine(*command)
    assert ended.code == 0
    assert message in ended.out
