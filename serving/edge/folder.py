"""`migraine edge build`: the page with the promoted models, as a folder of files for any web server.

The folder is written whole or not at all, and replaces only a folder that was built before. Not here: the models as
data (`serving.edge.documents`), ONNX Runtime Web (`serving.edge.runtime`), the page (`serving/page`).
"""

import gzip
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import msgspec

from migraine_assets.errors import ConfigurationError
from migraine_assets.prediction.model_set import ModelSet, promoted_models
from migraine_assets.stores.bundles.manifest import MODEL_FILE
from migraine_assets.stores.store import Store
from serving.api.contract import describe
from serving.edge.documents import model_document
from serving.edge.runtime import runtime_files

PAGE = Path(str(files("serving") / "page"))
# Its file names the others. A folder without it was not built here, and is not replaced.
FILE_LIST = "folder.js"
# The pages that need a service.
WITHOUT = frozenset(("staff", "people", "docs", "service", "sw", "index"))
SUFFIXES = frozenset((".js", ".css", ".svg", ".webmanifest"))
# WebAssembly needs a permission of its own; nothing else is loaded or called.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class BuiltFolder:
    """What was written: the number of files, their size, and the bundle of each task."""

    path: Path
    files: int
    size: int
    bundles: Mapping[str, str]
    simulated: bool


def build_folder(store: Store, to: Path, *, least_history_days: int, runtime: Path | None = None) -> BuiltFolder:
    """Write the folder `to` from the champions of `store`. `runtime`: the npm package of ONNX Runtime Web as a file.

    Raises `ConfigurationError` if `to` holds something else or the package cannot be had, and `StoreError` if no model
    was promoted or one cannot be computed in a browser.
    """
    _check_target(to)
    models = promoted_models(store)
    content = {**_page(), **_models(store, models, least_history_days), **_runtime(runtime)}
    content[FILE_LIST] = _file_list(content)
    try:
        _write(content, to)
    except OSError as error:
        raise ConfigurationError(f"The folder {to} cannot be written: {error.strerror or error}.") from error
    return BuiltFolder(
        path=to,
        files=len(content),
        size=sum(map(len, content.values())),
        bundles={task: model.champion.bundle.hash for task, model in models.tasks.items()},
        simulated=any(model.champion.simulated for model in models.tasks.values()),
    )


def _check_target(to: Path) -> None:
    if to.is_symlink() or (to.exists() and not to.is_dir()):
        raise ConfigurationError(f"{to} is not a folder. Name a new folder.")
    if to.is_dir() and any(to.iterdir()) and not (to / FILE_LIST).is_file():
        raise ConfigurationError(f"{to} holds files that this command did not write. Name a new or an empty folder.")


def _page() -> dict[str, bytes]:
    scripts = {
        f"page/{path.name}": path.read_bytes()
        for path in PAGE.iterdir()
        if path.suffix in SUFFIXES and path.stem.split("_")[0] not in WITHOUT
    }
    edge = PAGE / "edge"
    modules = {f"page/edge/{path.name}": path.read_bytes() for path in edge.iterdir() if path.suffix == ".js"}
    del modules["page/edge/service.js"], modules["page/edge/sw.js"]
    return {
        "index.html": _start_page((PAGE / "index.html").read_text("utf-8")).encode(),
        "sw.js": (edge / "sw.js").read_bytes(),
        **scripts,
        "page/service.js": (edge / "service.js").read_bytes(),
        **modules,
    }


def _start_page(page: str) -> str:
    """Add the policy, which a service sends as a header, and remove the links to the documents of a service."""
    for old, new in (
        (r'<meta charset="utf-8">', rf'\g<0>\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        (r"<footer>.*?</footer>\n", ""),
        (r" Programs find .*?</a>\.", ""),
    ):
        page, count = re.subn(old, new, page, flags=re.DOTALL)
        if count != 1:
            raise ValueError(f"index.html has {count} times what is replaced: {old}")
    return page


def _models(store: Store, models: ModelSet, least_history_days: int) -> dict[str, bytes]:
    attack = models.tasks["attack"].champion
    # A severity of another day would be shown beside the risk.
    champions = [
        model.champion
        for task in ("attack", "severity")
        if (model := models.tasks.get(task)) and model.champion.manifest.horizon == attack.manifest.horizon
    ]
    graphs = {
        f"models/{model.manifest.task}.onnx": store.read(f"bundles/{model.bundle.hash}/{MODEL_FILE}")
        for model in champions
    }
    documents = [
        model_document(model, file=file, least_history_days=least_history_days)
        for model, file in zip(champions, graphs, strict=True)
    ]
    contract = msgspec.json.encode(describe(models, least_days=least_history_days))
    return {"contract.json": contract, "models.json": json.dumps({"models": documents}).encode(), **graphs}


def _runtime(archive: Path | None) -> dict[str, bytes]:
    """Return the files of ONNX Runtime Web, with its WebAssembly compressed to a quarter.

    The page decompresses it. The suffix is not .gz, because some web servers decode such files themselves.
    """
    content = {f"runtime/{name}": content for name, content in runtime_files(archive).items()}
    for name in [name for name in content if name.endswith(".wasm")]:
        content[f"{name}.gzip"] = gzip.compress(content.pop(name), compresslevel=9, mtime=0)
    return content


def _file_list(content: Mapping[str, bytes]) -> bytes:
    digest = hashlib.sha256()
    for name in sorted(content):
        digest.update(name.encode() + b"\0" + hashlib.sha256(content[name]).digest())
    names = ["./", *sorted(content)]
    return f"self.FOLDER = {json.dumps({'version': digest.hexdigest()[:16], 'files': names})};\n".encode()


def _write(content: Mapping[str, bytes], to: Path) -> None:
    """Write the files beside `to`, and then put the new folder in its place. All may read it: it is served."""
    to.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{to.name}-", dir=to.parent))
    try:
        for name, data in content.items():
            path = new / name
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            path.write_bytes(data)
            path.chmod(0o644)
        for folder in (new, *(path for path in new.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        if to.exists():
            old = new.with_name(f"{new.name}-old")
            to.rename(old)
            new.rename(to)
            shutil.rmtree(old)
        else:
            new.rename(to)
    finally:
        shutil.rmtree(new, ignore_errors=True)
