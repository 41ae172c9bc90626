"""One line of the table of models/README.md, and how it is written there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analyzer.errors import UsageError
from analyzer.learn.measures import Measure, short

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
LANGUAGES: Final = {"en": "English", "de": "German"}


@dataclass(frozen=True)
class Line:
    """``trivial`` is what the most frequent answer reaches; ``rival`` names what a user would pick and what it reaches;
    ``published`` is a figure from the literature, with what it was trained on."""

    data: str
    language: str
    measure: str
    ours: Measure
    trivial: float
    channel: str = "all"
    rival: str = ""
    published: str = ""


def as_table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table, ours with its interval beside the answers of others."""
    head = (
        "| data | language | channel | measure | ours (95 % interval) | trivial | rival | published | n |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    body = [
        f"| {line.data} | {LANGUAGES[line.language]} | {line.channel} | {line.measure} | {line.ours}"
        f" | {short(line.trivial)} | {line.rival or '–'} | {line.published or '–'} | {line.ours.n:,} |"
        for line in lines
    ]
    return "\n".join([head, *body])


def write_into(card: Path, table: str) -> None:
    """Replaces what stands between the markers of the card, so that figures are never typed by hand."""
    text = card.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UsageError(f"{card.name} has no place for the table.", hint=f"Put {BEGIN} and {END} where it belongs.")
    card.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
