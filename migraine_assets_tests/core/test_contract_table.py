"""The README's table of fields is the contract's own."""

from pathlib import Path

import pytest

from migraine_assets.core.contract import NAMES
from migraine_assets.core.contract_table import markdown, replaced

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_holds_the_table_of_today() -> None:
    text = README.read_text(encoding="utf-8")
    assert replaced(text) == text, "the contract changed: make docs"


def test_every_field_has_its_line() -> None:
    lines = markdown().splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == list(NAMES)


def test_a_document_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="contract"):
        replaced("nothing here")
