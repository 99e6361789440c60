"""docs/monitoring.md agrees with the code."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from migraine_assets_tests.platform.rules.rule_files import FILES, ROOT, tool

DOCUMENT = ROOT / "docs/monitoring.md"


def test_its_tables_are_generated_from_the_code(tmp_path: Path) -> None:
    copy = tmp_path / "monitoring.md"
    shutil.copy(DOCUMENT, copy)
    subprocess.run([sys.executable, str(ROOT / "scripts/metrics.py"), str(copy)], check=True)
    assert copy.read_text() == DOCUMENT.read_text(), "metrics or alerts changed: make docs"


def test_prometheus_accepts_its_example_configuration(tmp_path: Path) -> None:
    [shown] = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    (tmp_path / "prometheus.yaml").write_text(shown)
    (tmp_path / "helm").symlink_to(ROOT / "helm")
    done = subprocess.run(
        [tool("promtool"), "check", "config", str(tmp_path / "prometheus.yaml")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(list((FILES / 'rules').glob('*.yaml')))} rule files found" in done.stdout


def test_named_files_exist() -> None:
    named = re.findall(r"`(helm/[\w./-]+)`", DOCUMENT.read_text())
    assert named
    assert all((ROOT / name).exists() for name in named)
