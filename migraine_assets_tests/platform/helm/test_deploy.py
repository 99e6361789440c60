"""`make deploy`: its commands for Helm and kubectl, which are recorders here, and sufficient waiting times."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from migraine_assets_tests.platform.helm.rendering import CHART

ROOT = CHART.parents[1]
RECORDER = """#!/bin/sh
echo "${0##*/} $*" >>"$COMMANDS"
case "$*" in
version*) echo "$HELM_VERSION" ;;
list*) echo "$DEPLOYED" ;;
*manifest*) printf 'kind: Service\\nmetadata:\\n  name: other\\n---\\nkind: RayService\\nmetadata:\\n'
    echo '  name: p-serving' ;;
*generation*) echo 7 ;;
esac
"""


def _deploy(folder: Path, *, version: str = "v3.6.2", deployed: str = "p") -> list[str]:
    for name in ("helm", "kubectl"):
        (folder / name).write_text(RECORDER)
        (folder / name).chmod(0o755)
    log = folder / "commands"
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "COMMANDS": str(log), "RELEASE": "p"}
    environment |= {"HELM_VERSION": version, "DEPLOYED": deployed}
    subprocess.run([str(ROOT / "scripts" / "deploy.sh")], env=environment, check=True, capture_output=True)
    return log.read_text().splitlines()


def _place(commands: list[str], words: str) -> int:
    return next(place for place, command in enumerate(commands) if words in command)


def test_the_ray_service_is_waited_for_before_the_test(tmp_path: Path) -> None:
    """Helm does not know when a RayService is ready, so it would test the old cluster, or none."""
    commands = _deploy(tmp_path)
    upgrade, test = _place(commands, "helm upgrade"), _place(commands, "helm test")
    for awaited in ("observedGeneration}=7", "UpgradeInProgress=False", "condition=Ready"):
        assert upgrade < _place(commands, awaited) < test
        assert "wait rayservice/p-serving --timeout 20m" in commands[_place(commands, awaited)]
    assert "--atomic" in commands[upgrade]


def test_the_first_installation_neither_waits_nor_is_tested(tmp_path: Path) -> None:
    """Before the first training no pod of the service is ready, and a rollback would remove the release."""
    commands = _deploy(tmp_path, deployed="")
    install = commands[_place(commands, "helm upgrade --install")]
    assert "--atomic" not in install
    assert not [command for command in commands if "helm test" in command or " wait " in command]


def test_helm_4_takes_over_the_fields_of_the_operator(tmp_path: Path) -> None:
    commands = _deploy(tmp_path, version="v4.2.0")
    upgrade = commands[_place(commands, "helm upgrade")]
    for option in ("--rollback-on-failure", "--server-side=true", "--force-conflicts"):
        assert option in upgrade
    assert "--force-conflicts" not in "".join(_deploy(tmp_path, version="v3.19.0")[-9:])


@pytest.mark.parametrize("file", ["scripts/deploy.sh", "docs/kubernetes.md", "docs/operating.md"])
def test_helm_waits_longer_than_the_migration_may_take(file: str) -> None:
    """Helm's own five minutes would end a slow migration as "timed out waiting for the condition"."""
    longest = yaml.safe_load((CHART / "values.yaml").read_text())["migration"]["timeoutSeconds"]
    text = (ROOT / file).read_text()
    commands = re.findall(r"^helm [^\n]*?(?:install|upgrade) (?:[^\n]*\\\n)*[^\n]*", text, re.MULTILINE)
    minutes = [int(number) for number in re.findall(r"(?:--timeout |^timeout=)(\d+)m", text, re.MULTILINE)]
    assert minutes
    assert min(minutes) * 60 > longest
    if file.endswith(".md"):
        assert all("--timeout" in command for command in commands), commands
