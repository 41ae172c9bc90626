"""A picture of the report as a file of its own: SVG or PNG, on white, with its title, what it shows and where from."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import vl_convert

from analyzer.errors import RunAborted, UsageError
from analyzer.publish.charts import Absent, Picture
from analyzer.publish.contents import Report
from analyzer.publish.wording import Wording

Format = Literal["png", "svg"]

# What the page's variables are on paper.
PAPER: Final = {
    "ink": "#15181b", "muted": "#5d656d", "rule": "#dde1e5", "faint": "#8a929a", "accent": "#1d5c9e",
    "soft": "#c3d5e8", "card": "#ffffff", "concern": "#b5470b",
}  # fmt: skip
MARGIN: Final = 24
PNG_SCALE: Final = 2.0
SIZE: Final = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')
FONT: Final = "Arial, 'Liberation Sans', sans-serif"
# title, subtitle, source: size, height of a line, mean width of a character, colour, weight
STYLES: Final = ((18, 24, 9.4, "ink", 700), (13, 18, 6.4, "muted", 400), (11, 15, 5.5, "muted", 400))


def write_pictures(report: Report, to: Path, form: Format, name: str | None, w: Wording, level: str) -> list[Path]:
    """The files written: one for the picture of that ``name``, or one for every picture into the folder ``to``."""
    pictures = report.pictures
    source = source_line(report, w, level)
    try:
        if name is None:
            to.mkdir(parents=True, exist_ok=True)
            told = {key: one for key, one in pictures.items() if isinstance(one, Picture)}
            return [_write(one, to / f"{key}.{form}", form, source) for key, one in told.items()]
        to.parent.mkdir(parents=True, exist_ok=True)
        return [_write(_chosen(pictures.get(name), name, list(pictures)), to, form, source)]
    except OSError as error:
        raise RunAborted(f"Cannot write {to}: {error.strerror or type(error).__name__}.") from error


def source_line(report: Report, w: Wording, level: str) -> str:
    basis = w("picture_file.audit_corrected" if report.audit_corrected else "picture_file.model_only")
    first, last = w.day(report.glance.first), w.day(report.glance.last)
    return w("picture_file.source", first=first, last=last, level=level, basis=basis)


def _chosen(picture: Picture | Absent | None, name: str, names: Sequence[str]) -> Picture:
    if picture is None:
        raise UsageError(f"The report has no picture {name!r}.", hint=f"There are: {', '.join(names)}.")
    if isinstance(picture, Absent):
        raise UsageError(f"The picture {name!r} has nothing to show: {picture.why}")
    return picture


def _write(picture: Picture, to: Path, form: Format, source: str) -> Path:
    svg = standalone(picture, source)
    if form == "svg":
        to.write_text(svg, encoding="utf-8", newline="\n")
    else:
        to.write_bytes(vl_convert.svg_to_png(svg, scale=PNG_SCALE))
    return to


def standalone(picture: Picture, source: str) -> str:
    """The picture with its words around it, colours written out, fit for a slide or a document."""
    drawing = picture.wide or picture.narrow
    match = SIZE.search(drawing)
    if match is None:
        raise RunAborted(f"The picture {picture.name!r} has no size.")
    width, height = float(match[1]), float(match[2])
    for name, colour in PAPER.items():
        drawing = drawing.replace(f"var(--{name})", colour)
    # Where the one font named is not at hand, a converter leaves words out instead of taking another.
    drawing = re.sub(r'font-family="[^"]*"', f'font-family="{FONT}"', drawing)
    room = max(width, 420.0)
    above, top = _paragraphs((picture.title, picture.subtitle), room, MARGIN)
    below, bottom = _paragraphs(("", "", source), room, top + height + 14)
    inner = drawing.replace("<svg", f'<svg x="{MARGIN}" y="{top:.0f}" overflow="visible"', 1)
    whole, tall = room + 2 * MARGIN, bottom + MARGIN - 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{whole:.0f}" '
        f'height="{tall:.0f}" viewBox="0 0 {whole:.0f} {tall:.0f}"><rect width="100%" height="100%" fill="#ffffff"/>'
        f"{above}{inner}{below}</svg>\n"
    )


def _paragraphs(texts: Sequence[str], room: float, top: float) -> tuple[str, float]:
    """Lines of the texts in their STYLES from ``top`` on, and where they end."""
    found = []
    for text, (size, leading, per_char, colour, weight) in zip(texts, STYLES, strict=False):
        for line in textwrap.wrap(text, max(20, int(room / per_char))):
            top += leading
            found.append(
                f'<text x="{MARGIN}" y="{top - leading * 0.28:.1f}" font-family="{FONT}" font-size="{size}" '
                f'font-weight="{weight}" fill="{PAPER[colour]}">{html.escape(line)}</text>'
            )
        top += 4 if text else 0
    return "".join(found), top + 12
