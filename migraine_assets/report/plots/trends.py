"""Trends of the monitoring page: one value per day, with the limit if there is one.

Not here: the choice of values (`report.monitoring_page`), rendering (`report.plots.canvas`).
"""

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import Any

from migraine_assets.report.plots import style
from migraine_assets.report.plots.canvas import Picture, render_svg

# Inches.
SIZE = (3.7, 1.4)
MOST_TICKS = 6


@dataclass(frozen=True)
class Trend:
    """`points` are (day, value), oldest first, at least one; `limit` is drawn as a dashed line."""

    title: str
    points: tuple[tuple[dt.date, float], ...]
    limit: float | None = None

    @property
    def alt(self) -> str:
        """The text alternative."""
        (first, start), (last, end) = self.points[0], self.points[-1]
        return f"{self.title}: {start:.3g} on {first}, {end:.3g} on {last}."


def trend_picture(trend: Trend) -> Picture:
    """Draw one trend."""
    return Picture(trend.title, render_svg(partial(_draw, trend=trend), SIZE), trend.alt)


def _draw(axes: Any, trend: Trend) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    days, values = zip(*trend.points, strict=True)
    axes.plot(days, values, color=style.CHAMPION, linewidth=1.6, marker="o", markersize=3)
    if trend.limit is not None:
        axes.axhline(trend.limit, color=style.CHALLENGER, linestyle="--", linewidth=1.2)
    axes.set_title(trend.title, loc="left", fontsize=9, color=style.INK)
    if len(days) == 1:
        # One day has no range: without this, the axis would span years around it.
        axes.set_xlim(days[0] - dt.timedelta(days=1), days[0] + dt.timedelta(days=1))
    locator = AutoDateLocator(minticks=1, maxticks=MOST_TICKS)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.margins(y=0.15)
