"""Figures as SVG whose colours are the page's own, light or dark."""

import io
import re

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

TEXT, FAINT, BAND = "#010101", "#020202", "#030303"
SERIES = ("#0a0101", "#0a0202", "#0a0303", "#0a0404")
"""Stand-ins, found again in the SVG and replaced by the page's variables."""

_VARIABLES = {TEXT: "--ink", FAINT: "--line", BAND: "--band"} | {
    colour: f"--series-{number}" for number, colour in enumerate(SERIES, 1)
}
_STYLE = """
svg { --ink: #1d2433; --line: #cfd6e0; --band: #eef1f6; --paper: #ffffff;
      --series-1: #1f5fbf; --series-2: #c2410c; --series-3: #0f7b5f; --series-4: #7c3aed; }
@media (prefers-color-scheme: dark) {
  svg { --ink: #e6eaf2; --line: #3a4454; --band: #1d2530; --paper: #12171f;
        --series-1: #7fb0ff; --series-2: #ff9d66; --series-3: #5fd6ae; --series-4: #c4a6ff; }
}
"""


def figure(panels: int, *, height: float = 3.1, width: float = 4.6) -> tuple[Figure, list[Axes]]:
    """Make a figure of panels side by side, sizes in inches."""
    with mpl.rc_context({"font.family": ["DejaVu Sans"], "font.size": 9.5}):
        made = Figure(figsize=(width * panels, height), layout="constrained")
        made.patch.set_alpha(0)
        axes = list(made.subplots(1, panels, squeeze=False)[0])
    for ax in axes:
        _bare(ax)
    return made, axes


def _bare(ax: Axes) -> None:
    ax.patch.set_alpha(0)
    ax.grid(axis="y", color=FAINT, linewidth=0.8)
    ax.set_axisbelow(True)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(FAINT)
    ax.tick_params(colors=TEXT, length=0, labelcolor=TEXT)


def titled(ax: Axes, title: str, below: str) -> None:
    """Say what a panel shows, and what runs along it."""
    ax.set_title(title, loc="left", color=TEXT, fontsize=10.5, fontweight="bold")
    ax.set_xlabel(below, color=TEXT)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, labelcolor=TEXT, fontsize=9)


def inline(made: Figure, name: str, says: str) -> str:
    """SVG to stand in a page that defines the colours; ``says`` tells who cannot see it.

    ``name`` tells the ids in this figure from those of others in the page.
    """
    content = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        made.savefig(content, format="svg", metadata={"Date": None})
    drawn = content.getvalue()
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn[drawn.index("<svg") :], flags=re.DOTALL)
    for colour, variable in _VARIABLES.items():
        drawn = drawn.replace(colour, f"var({variable})")
    drawn = drawn.replace("'DejaVu Sans'", "system-ui, sans-serif")
    # Sizes come from the page: only the view box stays.
    opening, rest = drawn.split(">", 1)
    opening = re.sub(r' (width|height)="[^"]*"', "", opening)
    return f'{opening} role="img" aria-label="{says}">{rest}'.replace("\n\n", "\n")


def alone(drawn: str) -> str:
    """SVG of its own, with colours and paper, for a file."""
    opening, rest = drawn.split(">", 1)
    paper = '<rect width="100%" height="100%" fill="var(--paper)"/>'
    return f"{opening}><style>{_STYLE}</style>{paper}{rest}"
