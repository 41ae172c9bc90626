"""Strangers' words on a terminal: never parsed as markup, control characters made visible.

No transcript can move the cursor, colour the screen or make text read backwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.style import Style
from rich.table import Table
from rich.text import Text

from analyzer.publish.wording import Wording

Row = dict[str, Any]

HALF_BAR = 6
HEARD = {"emp": "black on bright_cyan", "svc": "underline", "anti": "black on bright_yellow"}
HEARD_CUSTOMER = "black on bright_yellow"
# Directional marks can make text read backwards; they say nothing that a transcript needs.
BIDI = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd")
CONTROLS = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"} | {0x7F: "\u2421", 0x09: " "}
HARMLESS = CONTROLS | dict.fromkeys(range(0x80, 0xA0), "\ufffd") | BIDI


def visible(text: str) -> str:
    """``text`` with control and direction characters made visible, one for one, so that offsets still hold."""
    return text.translate(HARMLESS)


def place(turn: int | None) -> str:
    """The number of a turn as people and the review app count, from 1; empty where there is none."""
    return "" if turn is None else str(turn + 1)


def words(turn: Row, cues: Sequence[Row], w: Wording) -> Text:
    """The turn's words with each cue marked in them, and beneath them a line a cue: its name, probability, words."""
    text = Text(visible(turn["text"]))
    ordered = sorted(cues, key=lambda cue: (cue["start_char"], cue["end_char"], cue["label"]))
    for cue in ordered:
        text.stylize(heard_style(cue["label"]), cue["start_char"], cue["end_char"])
    for cue in ordered:
        heard = visible(turn["text"][cue["start_char"] : cue["end_char"]]).replace("\n", " ")
        line = f"\n  {w.name('label', cue['label'])} {w.value(cue['probability'], 'share')}"
        text.append(line, style="magenta").append(f"  {heard}", style="dim italic")
    return text


def heard_style(label: str) -> str:
    """Empathy and friendliness in cyan, what hurts or complains in yellow, service acts underlined."""
    return HEARD.get(label.partition(".")[0], HEARD_CUSTOMER)


def feeling_bar(sentiment: float | None, w: Wording) -> Text:
    """−1…1 as a bar left or right of the middle, with the number; empty where nothing was felt or measured."""
    if sentiment is None:
        return Text()
    filled = min(HALF_BAR, round(abs(sentiment) * HALF_BAR))
    left = ("█" * filled).rjust(HALF_BAR) if sentiment < 0 else " " * HALF_BAR
    right = ("█" * filled).ljust(HALF_BAR) if sentiment > 0 else " " * HALF_BAR
    bar = Text.assemble((left, "dark_orange3"), ("│", "dim"), (right, "dodger_blue2"))
    return bar.append(f" {w.value(sentiment, 'feeling'):>5}", style="dim")


def columns(w: Wording, *names: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style=Style(dim=True))
    right = {"turn", "interval", "certainty", "observed", "reference", "weight", "points"}
    for name in names:
        table.add_column(w(f"show.{name}"), justify="right" if name in right else "left")
    return table


def add_row(table: Table, *cells: str | Text) -> None:
    """A row whose cells are text and never markup."""
    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))
