"""The reference tables in the documentation are the ones that the code renders."""

from pathlib import Path

import pytest

from migraine_assets.core import contract
from migraine_assets.core.alerts import kinds
from scripts.reference_tables import TABLES, alert_table, contract_table, replace_section
from serving.contract import problems

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("document", "section", "render"), TABLES)
def test_documents_hold_the_current_tables(document: str, section: str, render) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert replace_section(text, section, render()) == text, "run `make docs`"


def test_every_row_of_the_code_has_its_line() -> None:
    names = [line.split("`")[1] for line in contract_table().splitlines()[2:]]
    assert names == list(contract.NAMES)
    assert [line.split("`")[1] for line in alert_table().splitlines()[2:]] == [kind.name for kind in kinds.KINDS]
    assert len({kind.name for kind in problems.KINDS}) == len(problems.KINDS)


@pytest.mark.parametrize("document", ["nothing here", "<!-- contract --> never closed", "<!-- /contract -->"])
def test_a_document_without_both_markers_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match="contract"):
        replace_section(document, "contract", "a table")
