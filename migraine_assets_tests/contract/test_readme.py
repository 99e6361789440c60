"""The README: short before the reference, a picture on the first screen, commands that exist."""

import re
from pathlib import Path

import pytest
from PIL import Image

from demo.days import DAYS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
MOST_WORDS, FIRST_SCREEN, MOST_BYTES = 900, 25, 1_000_000


def test_it_is_short_before_the_reference() -> None:
    assert len(README[: README.index("## Reference")].split()) <= MOST_WORDS


def test_the_first_screen_has_a_picture() -> None:
    first = "\n".join(README.splitlines()[:FIRST_SCREEN])
    assert "docs/images/report.png" in first


def test_the_recording_is_small_and_shows_fourteen_days() -> None:
    recording = ROOT / "docs" / "images" / "demo.gif"
    assert recording.stat().st_size < MOST_BYTES
    with Image.open(recording) as image:
        assert getattr(image, "n_frames", 1) == DAYS == 14


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z][a-z-]*)", README)) - {"and"}))
def test_a_make_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
