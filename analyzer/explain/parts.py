"""What the pages of ``analyzer explain`` are put together from: steps, tables, bars, an interval on its scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.style import Style
from rich.table import Table
from rich.text import Text

from analyzer.publish.terminal import visible
from analyzer.publish.wording import Wording

Cell = str | Text
WIDE: Final = 46  # characters of a scale
GAP: Final = 2  # between columns
LEADING: Final = 2  # cells of a row that stand first where it is a list
BAR: Final = 8  # characters of a full bar to one side


@dataclass(frozen=True, slots=True)
class Page:
    """``sections``: title and content; one that is None is not shown."""

    head: RenderableType
    sections: tuple[tuple[str, RenderableType | None], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to a number: what it is called, the number after it, why."""

    name: str
    number: str
    why: str


def steps_table(steps: Sequence[Step]) -> Table:
    """The steps one under the other, the last number bold."""
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(style="dim")
    table.add_column(no_wrap=True, justify="right")
    table.add_column(ratio=1)
    for step in steps:
        table.add_row(Text(step.name), Text(step.number, style="bold"), Text(step.why))
    return table


def facts_grid(facts: Sequence[tuple[str, Cell]]) -> Table:
    """Names dim on the left, values on the right."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column()
    for name, value in facts:
        table.add_row(Text(name), Text(visible(value)) if isinstance(value, str) else value)
    return table


def listing(heads: Sequence[tuple[str, str]], rows: Sequence[Sequence[Cell]]) -> Listing | None:
    """A table without lines; None where there is no row. ``heads``: text, left or right. Cells are never markup."""
    shown = [[Text(visible(cell)) if isinstance(cell, str) else cell for cell in row] for row in rows]
    return Listing(tuple(heads), shown) if rows else None


@dataclass(frozen=True, slots=True)
class Listing:
    """A table that breaks lines between words alone; where even that is too wide, a row is a list of its cells."""

    heads: tuple[tuple[str, str], ...]
    rows: Sequence[Sequence[Text]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = _fitted(*self._needs(), options.max_width - GAP * len(self.heads))
        if widths is None:
            yield from self._stacked()
            return
        table = Table(box=None, padding=(0, GAP, 0, 0), header_style=Style(dim=True))
        for (head, side), width in zip(self.heads, widths, strict=True):
            table.add_column(Text(head), justify="right" if side == "right" else "left", width=width)
        for row in self.rows:
            table.add_row(*row)
        yield table

    def _needs(self) -> tuple[list[int], list[int]]:
        """By column, the cells of its longest word, and of its longest text."""
        columns = [[Text(head), *cells] for (head, _), *cells in zip(self.heads, *self.rows, strict=True)]
        least = [max(_longest_word(text) for text in column) for column in columns]
        return least, [max(text.cell_len for text in column) for column in columns]

    def _stacked(self) -> Iterator[RenderableType]:
        yield Text(" · ".join(head for head, _ in self.heads[:LEADING]), style="dim")
        for row in self.rows:
            yield Text(" · ").join(cell for cell in row[:LEADING] if cell.plain.strip())
            for (head, _), cell in zip(self.heads[LEADING:], row[LEADING:], strict=True):
                if cell.plain.strip():
                    yield Padding(Text.assemble((f"{head}: ", "dim"), cell), (0, 0, 0, 2))


def _longest_word(text: Text) -> int:
    """Of drawn cells, which have spans of their own, all."""
    return text.cell_len if text.spans else max((cell_len(word) for word in text.plain.split()), default=0)


def _fitted(least: Sequence[int], most: Sequence[int], room: int) -> list[int] | None:
    """Widths that fill no more than ``room``, the widest giving way first; None where words would be cut."""
    widths = list(most)
    while sum(widths) > room:
        spare = [place for place, width in enumerate(widths) if width > least[place]]
        if not spare:
            return None
        widths[max(spare, key=lambda place: widths[place])] -= 1
    return widths


def points_bar(points: float, most: float) -> Text:
    """Points as a bar left or right of the middle, ``most`` filling a side."""
    filled = 0 if most <= 0 else min(BAR, round(abs(points) / most * BAR))
    left = ("█" * filled).rjust(BAR) if points < 0 else " " * BAR
    right = ("█" * filled).ljust(BAR) if points > 0 else " " * BAR
    return Text.assemble((left, "dark_orange3"), ("│", "dim"), (right, "dodger_blue2"))


def scale(value: float, low: float, high: float, average: float | None, ends: tuple[str, str]) -> Text:
    """The interval as a line, its value as a dot, the average of all as a bar, between the two ends written out."""
    shown = [low, high, value, *([] if average is None else [average])]
    first, last = min(shown), max(shown)
    margin = (last - first) * 0.15 or 1.0
    first, last = first - margin, last + margin

    def place(at: float) -> int:
        return round((at - first) / (last - first) * (WIDE - 1))

    cells: list[tuple[str, str]] = [("·", "dim")] * WIDE
    for at in range(place(low), place(high) + 1):
        cells[at] = ("━", "dodger_blue2")
    cells[place(low)], cells[place(high)] = ("┝", "dodger_blue2"), ("┥", "dodger_blue2")
    if average is not None:
        cells[place(average)] = ("┃", "dark_orange3")
    cells[place(value)] = ("●", "bold dodger_blue2")
    return Text.assemble((f"{ends[0]} ", ""), *cells, (f" {ends[1]}", ""))


def signed(w: Wording, value: float, digits: int = 1) -> str:
    return w.decimal(value, digits, signed=True)
