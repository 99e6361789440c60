"""Every command that prints a table: 80 columns are enough, and `--json` prints its document and nothing else."""

import inspect

import msgspec
import pytest
import typer

from migraine_assets.cli.app import build_app
from migraine_assets.cli.documents.registry import DOCUMENTS
from migraine_assets_tests.support.homes import Home

# Commands that only read. The others print their documents in tests that need what they do: `run`, `monitor`, `erase`
# (e2e), `alerts test` (commands), `replay` (serving).
READING = {
    "report": (),
    "validate": ("{home}/landing/diary.csv",),
    "sources": (),
    "params": (),
    "data log": (),
    "history": (),
    "alerts list": (),
    "erase": ("p00",),
    "doctor": (),
    "keys list": (),
    "rollout show": (),
}


def command(home: Home, name: str) -> tuple[str, ...]:
    return (*name.split(), *(argument.format(home=home.root) for argument in READING[name]))


@pytest.mark.parametrize("name", READING)
def test_80_columns_are_enough(trained_home: Home, name: str) -> None:
    """Only a word that is wider, such as a path, may be longer. It stays whole, so that it can be copied."""
    ended = trained_home.migraine(*command(trained_home, name), extra={"COLUMNS": "80"})
    assert ended.code == 0, ended.text
    for line in ended.text.splitlines():
        assert len(line) <= 80 or len(max(line.split(), key=len)) > 40, line
    assert "│" not in ended.text


@pytest.mark.parametrize("name", READING)
def test_json_is_one_document_and_nothing_else(trained_home: Home, name: str) -> None:
    ended = trained_home.migraine(*command(trained_home, name), "--json")
    assert ended.code == 0, ended.text
    document = msgspec.json.decode(ended.out, type=DOCUMENTS[name])
    assert document.format == 1
    assert ended.err == ""


def test_a_command_with_a_document_has_the_option_and_no_other_has_it() -> None:
    assert {name for name, options in _options().items() if "--json" in options} == set(DOCUMENTS)


def test_every_document_says_what_it_is() -> None:
    for name, kind in DOCUMENTS.items():
        assert (inspect.getdoc(kind) or "").startswith(f"`migraine {name}`")


def test_a_failed_check_is_in_the_document_too(home: Home) -> None:
    ended = home.migraine("doctor", "--json", extra={"MIGRAINE_STORE_URI": "nosuch://bucket/x"})
    assert ended.code == 2
    document = msgspec.json.decode(ended.out, type=DOCUMENTS["doctor"])
    assert "failed" in {check.result for check in document.checks}


def test_an_error_leaves_standard_output_empty(home: Home) -> None:
    ended = home.migraine("report", "--json")
    assert (ended.code, ended.out) == (2, "")


def _options() -> dict[str, set[str]]:
    """Return the options of every command by its words."""
    root = typer.main.get_command(build_app())
    by_command = {}
    for name, top in root.commands.items():
        for leaf, inner in getattr(top, "commands", {"": top}).items():
            by_command[f"{name} {leaf}".strip()] = {option for param in inner.params for option in param.opts}
    return by_command
