"""Printing a page: without Chromium, and with one that fails."""

import os
from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.sheet.pdf import write_pdf


def test_without_chromium_the_error_says_how_to_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"Write FILE\.html and print it"):
        write_pdf(tmp_path / "a.pdf", b"<p>")


@pytest.mark.parametrize("script", ["echo no display >&2; exit 1", "kill -9 $$", "exit 0"])
def test_a_browser_that_prints_nothing_leaves_the_old_file(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs, target = tmp_path / "bin", tmp_path / "out" / "a.pdf"
    programs.mkdir()
    (programs / "chromium").write_text(f"#!/bin/sh\n{script}\n")
    (programs / "chromium").chmod(0o700)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    target.parent.mkdir()
    target.write_bytes(b"old")
    with pytest.raises(StoreError, match=r"chromium printed no PDF: (no display|no output)"):
        write_pdf(target, b"<p>")
    assert target.read_bytes() == b"old"
    assert [path.name for path in target.parent.iterdir()] == ["a.pdf"]
