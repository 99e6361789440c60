"""ONNX Runtime Web: the files of its npm package that run a graph in a browser.

Not here: the folder that they are written to (`serving.edge.folder`).
"""

import base64
import hashlib
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from shutil import which

from migraine_assets.errors import ConfigurationError

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
# Of the package's archive, as npm states it.
INTEGRITY = "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
# The build for the processor alone: the others are twice as large and bring graphics cards, which need no trees.
FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
PATIENCE_SECONDS = 300


def runtime_files(archive: Path | None = None) -> Mapping[str, bytes]:
    """The content of `FILES` from `archive`, the npm package as a .tgz; without one, npm downloads it.

    Raises `ConfigurationError` if there is no npm, no connection, or another archive than that of `VERSION`.
    """
    if archive is not None:
        try:
            return _verified(archive.read_bytes(), str(archive))
        except OSError as error:
            raise ConfigurationError(f"The package {archive} cannot be read: {error.strerror}.") from error
    with tempfile.TemporaryDirectory() as folder:
        return _verified(_download(Path(folder)).read_bytes(), f"what npm downloaded as {PACKAGE}@{VERSION}")


def _download(folder: Path) -> Path:
    npm = which("npm")
    instead = (
        f"Install npm, or download {PACKAGE} {VERSION} on another machine with `npm pack {PACKAGE}@{VERSION}` and name "
        "the file with --runtime."
    )
    if npm is None:
        raise ConfigurationError(f"npm is not installed; it downloads {PACKAGE}. {instead}")
    command = (npm, "pack", f"{PACKAGE}@{VERSION}", "--pack-destination", str(folder), "--silent")
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ConfigurationError(
            f"npm did not download {PACKAGE} within {PATIENCE_SECONDS / 60:g} minutes. {instead}"
        ) from error
    archives = list(folder.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise ConfigurationError(f"npm could not download {PACKAGE} {VERSION}: {reason} {instead}")
    return archives[0]


def _verified(content: bytes, name: str) -> Mapping[str, bytes]:
    digest = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if digest != INTEGRITY:
        raise ConfigurationError(f"{name} is not the package {PACKAGE} {VERSION}: its SHA-512 differs.")
    files = {}
    with tarfile.open(fileobj=BytesIO(content)) as archive:
        for file in FILES:
            member = archive.extractfile(f"package/dist/{file}")
            if member is None:  # A folder of that name; the digest rules it out.
                raise ConfigurationError(f"{name} has no {file}.")
            files[file] = member.read()
    return files
