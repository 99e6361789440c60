"""`migraine monitor`: several days in one command, and days that cannot be monitored."""

from pathlib import Path

import msgspec
import pytest

from migraine_assets.cli.documents.operation import MonitorDocument
from migraine_assets.stores.monitoring.results import DRIFT, result_days
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.unit.defs.monitoring.monitored_home import LAST, MonitoredHome, cohort


def test_several_days_are_monitored_and_the_last_is_shown(tmp_path: Path) -> None:
    home = MonitoredHome.make(tmp_path)
    home.serve(cohort(17, sleep_change=-2.5, stress_change=3.0))
    ended = Home(tmp_path).migraine("monitor", "--since", "2026-03-09", "--day", str(LAST), "--json")
    assert ended.code == 0, ended.text
    document = msgspec.json.decode(ended.out, type=MonitorDocument)
    assert [str(day) for day in result_days(home.store, DRIFT)] == ["2026-03-09", "2026-03-10"]
    assert ended.err.splitlines() == ["Monitoring 2026-03-09", "Monitoring 2026-03-10"]
    assert ("drift", "attack", "drift") in {(line.check, line.task, line.verdict) for line in document.verdicts}
    assert document.page == str(tmp_path / "reports" / "monitoring" / f"{LAST}.html")
    assert Path(document.page).exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--day", "10.3.2026"), "write a day as"),
        (("--day", "2999-01-01"), "cannot be monitored"),
        (("--since", "2026-03-02", "--day", "2026-03-01"), "must not be after the last"),
    ],
)
def test_an_invalid_day_is_refused(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    MonitoredHome.make(tmp_path)
    ended = Home(tmp_path).migraine("monitor", *options)
    assert ended.code == 2
    assert message in " ".join(ended.text.split())
