"""The npm package of ONNX Runtime Web, downloaded once for all tests that build the page without a service."""

import shutil
import subprocess
from pathlib import Path

import pytest

from migraine_assets_tests.support.shared import shared
from serving.edge.runtime import PACKAGE, VERSION


def runtime_archive() -> Path:
    """The archive. Skips the test if there is no npm or no registry."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed. On Debian: apt-get install npm")
    folder = shared("onnxruntime-web", _download)
    archives = list(folder.glob("*.tgz"))
    if not archives:
        pytest.skip(f"npm cannot download {PACKAGE} here: {(folder / 'error').read_text().strip()[:200]}")
    return archives[0]


def _download(folder: Path) -> None:
    command = ("npm", "pack", f"{PACKAGE}@{VERSION}", "--pack-destination", str(folder), "--silent")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    (folder / "error").write_text(done.stderr)
