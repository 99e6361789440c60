"""The canvas of all figures: size, style, and rendering to SVG.

Only this module imports the plotting library, and only when a figure is drawn. Equal figures give equal bytes: there
are no dates and no random ids. Letters are outlines, so a figure looks the same everywhere. Not here: the content of
figures (`report.plots.figures`, `report.plots.trends`).
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from migraine_assets.report.plots import style

Draw = Callable[[Any], None]

STYLE: dict[Any, Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "migraine",
    # A dollar sign in a name does not start a formula.
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": style.SOFT,
    "axes.labelcolor": style.INK,
    "text.color": style.INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": style.GRID,
    "grid.linewidth": 0.7,
    "xtick.color": style.SOFT,
    "ytick.color": style.INK,
    "legend.frameon": True,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.fontsize": 8,
}


def _dark_style() -> bytes:
    """Return the style of figures on dark pages: every color is replaced by its dark counterpart."""
    rules = (
        f'[style*="{kind}: {light}"]{{{kind}:{dark}!important}}'
        for light, dark in style.DARK.items()
        for kind in ("fill", "stroke")
    )
    return f"<style>@media screen and (prefers-color-scheme:dark){{{''.join(rules)}}}</style>".encode()


DARK_STYLE = _dark_style()


@dataclass(frozen=True)
class Picture:
    """A figure: its name, its SVG, and a text alternative."""

    name: str
    svg: bytes
    alt: str


def render_svg(draw: Draw, size: tuple[float, float]) -> bytes:
    """Draw on new axes of `size` (inches) and return the figure as SVG."""
    with _figure(size) as (figure, axes):
        draw(axes)
        content = io.BytesIO()
        figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    return content.getvalue().replace(b"<defs>", DARK_STYLE + b"<defs>", 1)


@contextmanager
def _figure(size: tuple[float, float]) -> Iterator[tuple[Any, Any]]:
    # Not pyplot, which keeps figures alive, selects a GUI toolkit and takes a second to import.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        yield figure, figure.add_subplot()
