"""The folder of the page without a service: what is in it, when it is replaced, what is refused."""

import json
from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError, MigraineError, StoreError
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.browser_runtime import runtime_archive
from migraine_assets_tests.unit.serving.trained import fresh_store
from serving.edge.folder import FILE_LIST, build_folder


@pytest.mark.slow
def test_a_build_holds_all_that_the_page_needs_and_replaces_only_itself(tmp_path: Path) -> None:
    store, to = fresh_store(tmp_path), tmp_path / "site"
    built = build_folder(store, to, least_history_days=1, runtime=runtime_archive())
    names = json.loads((to / FILE_LIST).read_text().removeprefix("self.FOLDER = ").removesuffix(";\n"))
    on_disk = {str(path.relative_to(to)) for path in to.rglob("*") if path.is_file()}
    assert {*names["files"]} == (on_disk - {FILE_LIST}) | {"./"}
    assert (built.files, built.size) == (len(on_disk), sum((to / name).stat().st_size for name in on_disk))
    # ONNX Runtime Web takes most of it; a forest of 300 trees has 10 MB.
    assert built.size <= 5e6
    assert {path.stat().st_mode & 0o777 for path in to.rglob("*") if path.is_file()} == {0o644}
    page = (to / "index.html").read_text()
    assert "connect-src 'self'" in page
    assert 'href="docs"' not in page
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")
    models = json.loads((to / "models.json").read_text())["models"]
    assert {model["task"]: model["identity"]["bundle"] for model in models} == built.bundles

    (to / "stale").write_text("of an earlier build")
    again = build_folder(store, to, least_history_days=1, runtime=runtime_archive())
    assert again.bundles == built.bundles
    assert not (to / "stale").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".site")] == []
    assert json.loads((to / FILE_LIST).read_text()[len("self.FOLDER = ") : -2])["version"] == names["version"]


def test_a_folder_with_something_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"mine")
    with pytest.raises(ConfigurationError, match="holds files that this command did not write"):
        build_folder(Store(str(tmp_path / "store")), tmp_path, least_history_days=1)
    assert (tmp_path / "photo.jpg").read_bytes() == b"mine"
    with pytest.raises(ConfigurationError, match="is not a folder"):
        build_folder(Store(str(tmp_path / "store")), tmp_path / "photo.jpg", least_history_days=1)


def test_without_a_promoted_model_nothing_is_written(tmp_path: Path) -> None:
    to = tmp_path / "site"
    with pytest.raises(MigraineError, match="No model has been promoted yet"):
        build_folder(Store(str(tmp_path / "store")), to, least_history_days=1)
    assert not to.exists()


@pytest.mark.parametrize(
    ("champion", "why"), [("flat", "tables without history"), ("onset", "something else than an attack on one day")]
)
def test_a_model_that_the_page_cannot_show_is_refused(tmp_path: Path, champion: str, why: str) -> None:
    store = fresh_store(tmp_path, champions={"attack": champion})
    with pytest.raises(StoreError, match=why):
        build_folder(store, tmp_path / "site", least_history_days=1)
