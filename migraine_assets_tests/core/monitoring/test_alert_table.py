"""The documentation's table of alerts is the code's own, and what it says of settings is true."""

from pathlib import Path

import pytest

from migraine_assets.core.monitoring.alert_table import markdown, replaced
from migraine_assets.core.monitoring.alerts import KINDS
from migraine_assets.core.monitoring.delivery import FIRST_WAIT_SECONDS, GIVEN_UP_AFTER_DAYS, LONGEST_WAIT_SECONDS
from migraine_assets.core.monitoring.folding import FoldingRules
from migraine_assets.core.monitoring.service_figures import ServiceLimits
from migraine_assets.settings import Settings

TEXT = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text(encoding="utf-8")


def test_the_document_holds_the_table_of_today() -> None:
    assert replaced(TEXT) == TEXT, "the alerts changed: make docs"


def test_every_kind_has_its_line() -> None:
    assert [line.split("`")[1] for line in markdown().splitlines()[2:]] == [kind.name for kind in KINDS]


def test_every_setting_that_the_document_names_exists() -> None:
    named = {line.split("`")[1] for line in TEXT.splitlines() if line.startswith("| `MIGRAINE_")}
    assert {name.removeprefix("MIGRAINE_").lower() for name in named} <= set(Settings.model_fields)
    assert len(named) == 4


def test_the_numbers_in_the_text_are_those_of_the_code() -> None:
    assert (FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, GIVEN_UP_AFTER_DAYS) == (30, 3600, 7)
    assert FoldingRules().remind_hours == 24
    by_name = {kind.name: kind.means for kind in KINDS}
    assert f"More than {ServiceLimits().error_rate * 100:.0f} %" in by_name["error_rate"]
    assert f"over {ServiceLimits().p95_seconds * 1000:.0f} ms" in by_name["latency"]


def test_a_document_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="alerts"):
        replaced("nothing here")
