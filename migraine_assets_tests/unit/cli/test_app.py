"""The command line: wrong use is exit code 2 and a sentence, and a trace is shown only when asked for."""

import pytest
import typer

from migraine_assets.cli import app as module
from migraine_assets_tests.support.homes import Home


@pytest.mark.parametrize(
    ("arguments", "said"),
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
def test_wrong_use_is_told_and_is_exit_code_2(home: Home, arguments: tuple[str, ...], said: str) -> None:
    ended = home.migraine(*arguments)
    assert ended.code == 2, ended.text
    assert said in ended.text
    assert "Traceback" not in ended.text


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("participant=5", "Did you mean 'participants'?"),
        ("participants=many", "participants='many' is not a whole number"),
        ("participants=0", "participants=0 is not between 1 and"),
    ],
)
def test_an_option_of_the_source_that_cannot_be_is_told(home: Home, option: str, said: str) -> None:
    ended = home.migraine("run", "--option", option)
    assert ended.code == 2, ended.text
    assert said in ended.err


def test_a_parameter_that_does_not_exist_is_told_before_anything_runs(home: Home) -> None:
    home.params.write_text("trainig: {seed: 1}\n")
    ended = home.migraine("run")
    assert ended.code == 2
    assert "there is no parameter 'trainig'. Did you mean 'training'?" in ended.err
    assert not (home.root / "store").exists()


def test_an_error_in_a_process_of_its_own_is_one_sentence(home: Home) -> None:
    ended = home.process("run", "--source", "nosuch.csv")
    assert ended.code == 2
    assert ended.err.splitlines()[-1].startswith("Error: There is no file or folder 'nosuch.csv'")
    assert "Traceback" not in ended.text
    assert ended.out == ""


def test_the_trace_is_shown_when_asked_for(home: Home) -> None:
    ended = home.migraine("--traceback", "run", "--source", "nosuch.csv")
    assert ended.code == 2
    assert "Traceback (most recent call last)" in ended.err
    assert "fetch(" in ended.err, "the trace of the step, where it happened"


def test_help_is_no_error(home: Home) -> None:
    ended = home.migraine("--help")
    assert ended.code == 0
    for command in ("run", "validate", "sources", "report", "history", "promote", "rollback", "data", "doctor", "ui"):
        assert command in ended.out


def test_a_fault_of_ours_is_told_as_one(home: Home) -> None:
    """A damaged store is explained; what nobody foresaw is exit code 1 and names the way to its trace."""
    (home.root / "store" / "registry").mkdir(parents=True)
    (home.root / "store" / "registry" / "pointer.json").mkdir()
    ended = home.migraine("doctor")
    assert ended.code in (1, 2)
    assert "Traceback" not in ended.text


def test_every_command_is_documented() -> None:
    command = typer.main.get_command(module.app)
    assert all(found.help for found in command.commands.values())


def test_sources_lists_sources_and_fields(home: Home) -> None:
    out = home.migraine("sources").out
    for word in ("synthetic", "kostecki_dillon", "stress_level", "migraine_occurrence", "hPa"):
        assert word in out


@pytest.mark.parametrize(
    ("command", "said"),
    [(("history",), "Nothing was promoted yet"), (("data", "log"), "No diary was accepted yet")],
)
def test_a_fresh_home_has_nothing_to_list(home: Home, command: tuple[str, ...], said: str) -> None:
    ended = home.migraine(*command)
    assert ended.code == 0
    assert said in ended.out
