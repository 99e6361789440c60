"""The recording in the README: fourteen simulated days as an animated picture, from real results.

python -m demo.recording [FILE]; `make recording` writes docs/images/demo.gif. Not here: the days (`demo.days`).
"""

import datetime as dt
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from demo.days import DAYS, SimulatedDay, simulate
from migraine_assets.cli.console import say

TARGET = Path("docs/images/demo.gif")
WIDTH, HEIGHT = 820, 470
PAPER, INK, SOFT, GRID = "#10181d", "#dfe8ed", "#8c9aa3", "#26333b"
COLORS = {"drift": "#f2995f", "suspected": "#e6c36a", "none": "#6cc0a0"}
LEFT, TOP, LINE, BAR = 18, 64, 25, 260
# Pixels of a drift ratio of 1, and of the longest bar.
RATIO, LONGEST = 50, 170
DAY_MS, LAST_MS = 700, 4000


def record(days: Sequence[SimulatedDay], target: Path) -> None:
    """Draw a frame for each day, with the days before it, and write them as an animated GIF."""
    frames = [_frame(days[: count + 1]) for count in range(len(days))]
    durations = [DAY_MS] * (len(frames) - 1) + [LAST_MS]
    target.parent.mkdir(parents=True, exist_ok=True)
    frames[0].save(target, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=True)


def _frame(days: Sequence[SimulatedDay]) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((LEFT, 14), "migraine monitor: one simulated day after the other", fill=INK, font=_font(17))
    heading = f"{'day':<11}{'verdict':<20}drift ratio (the line is 1: drift)"
    draw.text((LEFT, 40), heading, fill=SOFT, font=_font(13))
    # The limit.
    draw.line([(BAR + RATIO, TOP), (BAR + RATIO, TOP + LINE * DAYS)], fill=GRID, width=1)
    for number, day in enumerate(days):
        _line(draw, TOP + LINE * number, day)
    draw.text((LEFT, HEIGHT - 28), f"serving bundle {days[-1].champion[:12]}", fill=SOFT, font=_font(13))
    return image.quantize(colors=32)


def _line(draw: ImageDraw.ImageDraw, top: int, day: SimulatedDay) -> None:
    color = COLORS.get(day.status, SOFT)
    verdict = "no change" if day.status == "none" else day.status
    draw.text((LEFT, top), f"{day.day:%m-%d}", fill=INK, font=_font(14))
    draw.text((LEFT + 88, top), verdict, fill=color, font=_font(14))
    if day.ratio is not None:
        length = min(day.ratio * RATIO, LONGEST)
        draw.rectangle([(BAR, top + 4), (BAR + length, top + 14)], fill=color)
        draw.text((BAR + length + 6, top), f"{day.ratio:.1f}", fill=SOFT, font=_font(12))
    draw.text((BAR + LONGEST + 45, top), day.event, fill=INK, font=_font(12))


def _font(size: int) -> ImageFont.FreeTypeFont:
    # matplotlib includes this font, so every machine draws the same image.
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSansMono.ttf")), size)


def main() -> int:
    """Simulate the days in a temporary home and write the recording."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    with tempfile.TemporaryDirectory(prefix="migraine-recording-") as home:
        days = list(simulate(Path(home), last=dt.datetime.now(dt.UTC).date()))
    record(days, target)
    say(f"{target}: {len(days)} days, {target.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
