"""The whole loop as `make demo-drift` shows it: drift, alert, retraining, promotion, hot swap, recovery."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from migraine_assets.cli.dagster.instance import project_root

pytestmark = pytest.mark.slow

SCRIPT = """
import json, sys
from pathlib import Path
from demo.story import play
story = play(Path(sys.argv[1]))
Path(sys.argv[2]).write_text(json.dumps(story.facts, default=str))
"""


def test_the_platform_detects_alerts_retrains_and_swaps_on_its_own(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MIGRAINE_", "DAGSTER_"))}
    environment = kept | {"PYTHONPATH": str(project_root()), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "home"), str(tmp_path / "facts.json")]
    (tmp_path / "home").mkdir()
    done = subprocess.run(
        command, cwd=project_root(), env=environment, capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
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
