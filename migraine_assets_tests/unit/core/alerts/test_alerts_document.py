"""Settings and limits in docs/alerts.md agree with the code."""

from pathlib import Path

from migraine_assets.core.alerts.kinds import KINDS
from migraine_assets.core.alerts.lifecycle import FoldingRules
from migraine_assets.core.alerts.retry import FIRST_WAIT_SECONDS, GIVEN_UP_AFTER_DAYS, LONGEST_WAIT_SECONDS
from migraine_assets.core.alerts.service_metrics import ServiceLimits
from migraine_assets.settings import Settings

TEXT = (Path(__file__).parents[4] / "docs" / "alerts.md").read_text(encoding="utf-8")


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
