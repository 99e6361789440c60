"""The whole loop as `make demo-drift` shows it: drift, alert, retraining, promotion, hot swap, recovery.

Nobody else can reach it meanwhile.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from migraine_assets.cli.dagster.instance import project_root
from migraine_assets_tests.support.sockets import reachable_from_elsewhere

pytestmark = pytest.mark.slow

SERVES = "A model was trained and serves"
SCRIPT = """
import json, sys
from pathlib import Path
from demo.story import play
story = play(Path(sys.argv[1]))
Path(sys.argv[2]).write_text(json.dumps(story.facts, default=str))
"""


def _reachable_sockets(demo: "subprocess.Popen[bytes]", output: Path) -> set[str]:
    """Wait for the end, and return the sockets of the service, the daemon and the receiver that others could reach."""
    sockets, looks, deadline = set[str](), 0, time.monotonic() + 1200
    while demo.poll() is None:
        assert time.monotonic() < deadline, output.read_text()[-3000:]
        if SERVES in output.read_text():
            # At the end its processes are gone, and none listens any more.
            with contextlib.suppress(AssertionError, psutil.NoSuchProcess):
                sockets.update(reachable_from_elsewhere(demo.pid))
                looks += 1
        time.sleep(3)
    assert looks
    return sockets


def test_the_platform_detects_alerts_retrains_and_swaps_on_its_own(tmp_path: Path) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MIGRAINE_", "DAGSTER_"))}
    environment = inherited | {"PYTHONPATH": str(project_root()), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "home"), str(tmp_path / "facts.json")]
    (tmp_path / "home").mkdir()
    output = tmp_path / "output"
    with output.open("wb") as file:
        demo = subprocess.Popen(command, cwd=project_root(), env=environment, stdout=file, stderr=file)
    try:
        reachable = _reachable_sockets(demo, output)
    finally:
        demo.kill()
    assert demo.returncode == 0, output.read_text()[-3000:]
    assert reachable == set()
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert facts["quiet"] == "none"
    assert facts["shifted"] == "drift"
    assert any(name.startswith(("sleep", "stress")) for name in facts["moved"])
    assert facts["drift_alert"]
    assert facts["drift_run"] == "SUCCESS"
    assert facts["drift_gate"] == "promote"
    assert facts["drift_swapped"]
    assert facts["recovered"] == "none"
    assert facts["turned"] == "degraded"
    assert facts["degradation_alert"]
    assert facts["degradation_run"] == "SUCCESS"
    assert facts["degradation_gate"] == "promote"
    assert facts["relearned"] != "degraded"
    for page in ("latest/attack.html", "latest/attack_model_card.html", "monitoring/latest.html"):
        assert "Simulated diaries." in (tmp_path / "home" / "reports" / page).read_text(encoding="utf-8")
