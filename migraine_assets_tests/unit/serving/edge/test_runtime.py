"""ONNX Runtime Web: the real package, and what is said without it."""

import tarfile
from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError
from migraine_assets_tests.support.browser_runtime import runtime_archive
from serving.edge.runtime import FILES, VERSION, runtime_files


@pytest.mark.slow
def test_the_package_has_the_files_and_is_what_npm_says() -> None:
    files = runtime_files(runtime_archive())
    assert tuple(files) == FILES
    assert files["ort-wasm-simd-threaded.wasm"].startswith(b"\0asm")
    assert VERSION.encode() in files["ort.wasm.min.mjs"][:200]


def test_another_archive_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "onnxruntime-web.tgz"
    with tarfile.open(archive, "w:gz") as made:
        made.add(__file__, "package/dist/ort.wasm.min.mjs")
    with pytest.raises(ConfigurationError, match=f"is not the package onnxruntime-web {VERSION}"):
        runtime_files(archive)
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        runtime_files(tmp_path / "none.tgz")


def test_without_npm_it_says_how_to_get_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match=f"npm pack onnxruntime-web@{VERSION}` and name"):
        runtime_files()


def test_a_download_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error code ENOTFOUND' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(ConfigurationError, match="npm error code ENOTFOUND Install npm, or"):
        runtime_files()
