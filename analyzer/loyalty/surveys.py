"""Survey answers of a company's file, one row an answer: on its own scale as given, and as ``good`` on 0–1.

An answer whose scale or direction nobody declared keeps ``good`` null: 4 of 5 and 4 of 10 are not the same, and a
customer effort of 7 is the best on one variant of the question and the worst on another.

An invitation that nobody answered is a row too (item ``invitation``): without those it cannot be told who answers.
Control items begin with ``control``; their ``good`` is 1 where the control is passed and 0 where it fails:

    control_3, control_3_expected    the answer must be the one expected ("please tick 2")
    control_csat                     asks ``csat`` again; fails where both differ by more than half their scales
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa

from analyzer.errors import UsageError
from analyzer.loyalty.rows import Problem, Rows, read_rows
from analyzer.loyalty.values import (
    column_decimal,
    is_missing,
    read_boolean,
    read_number,
    read_time,
    stands_for_no_time,
)  # fmt: skip
from analyzer.records import stable_id
from analyzer.tables import STORED

BOOKKEEPING: Final = frozenset({
    "customer_id", "interaction_id", "survey_id", "invited_at", "answered_at", "open_text", "scale_min", "scale_max",
    "mode", "channel", "language",
})  # fmt: skip
DIRECTIONS: Final = {"easy_high": True, "easy_low": False, "high_good": True, "low_good": False}
# Items whose high end everybody means as the good one, and those that bring their own scale.
HIGH_IS_GOOD: Final = frozenset({"csat", "nps", "recommend", "stated_intention", "resolved"})
OWN_SCALE: Final = {"nps": (0.0, 10.0)}
INVITATION: Final = "invitation"
CONTROL: Final = "control"
MOST_APART: Final = 0.5  # a question asked again may be answered otherwise by this much of its scale


class SurveyFile(NamedTuple):
    """Answers (STORED["surveys"]) and what could not be read, in line order."""

    table: pa.Table
    problems: list[Problem]


class _Line:
    """One row of the file, asked for cells by column name."""

    def __init__(self, rows: Rows, place: int) -> None:
        self.number = rows.lines[place]
        self._rows, self._place = rows, place

    def __call__(self, column: str) -> Any:
        cells = self._rows.columns.get(column)
        return None if cells is None or is_missing(cells[self._place]) else cells[self._place]


def read_surveys(
    path: Path, *, customer_key: Callable[[str], str], timezone: str, mask: Callable[[str], str]
) -> SurveyFile:
    """The answers of ``path`` and its problems. Raises UsageError if the file has no column ``customer_id``.

    Every column that is not bookkeeping is an item, if its cells are numbers or yes and no; ``<item>_scale_min``,
    ``<item>_scale_max`` (else ``scale_min``, ``scale_max``) and ``<item>_direction`` tell how to read it. Open text
    is a row of its own (item ``open_text``), after ``mask``.
    """
    rows, zone = read_rows(path), ZoneInfo(timezone)
    if "customer_id" not in rows.columns:
        raise UsageError(f"{path} has no column customer_id.", hint=f"It has: {', '.join(rows.columns)}.")
    items = [name for name in rows.columns if _is_item(name, rows)]
    problems, found = list(rows.problems), dict[str, dict[str, Any]]()
    for place in range(len(rows.lines)):
        line = _Line(rows, place)
        head = _head(line, zone, customer_key, str(path), problems)
        if head is None:
            continue
        answers = [*_answers(line, items, rows, problems), *_open_text(line, mask)]
        for row in answers or _unanswered(head):
            answer = head | row
            answer["survey_id"] = _survey_id(answer)
            if answer["survey_id"] in found and found[answer["survey_id"]] != answer:
                problems.append(
                    Problem(line.number, f"{row['item']} was answered before at the same time; this counts.")
                )
            found[answer["survey_id"]] = answer
    return SurveyFile(STORED["surveys"].from_rows(list(found.values())), sorted(problems, key=lambda p: p.line))


def _is_item(name: str, rows: Rows) -> bool:
    if not name or name in BOOKKEEPING or name.endswith(("_scale_min", "_scale_max", "_direction", "_expected")):
        return False
    said = {cell for cell in rows.columns[name] if not is_missing(cell)}
    readable = sum(read_number(cell) is not None or read_boolean(cell) is not None for cell in said)
    return name in ("csat", "nps", "ces") or (bool(said) and readable >= 0.5 * len(said))


def _head(
    line: _Line, zone: ZoneInfo, customer_key: Callable[[str], str], source_uri: str, problems: list[Problem]
) -> dict[str, Any] | None:
    customer, contact = line("customer_id"), line("interaction_id")
    if customer is None:
        problems.append(Problem(line.number, "customer_id is empty; row left out."))
        return None
    times: dict[str, datetime | None] = {}
    for name in ("invited_at", "answered_at"):
        times[name] = read_time(line(name), zone)
        if line(name) is not None and times[name] is None and not stands_for_no_time(line(name)):
            problems.append(Problem(line.number, f"{name} is no date; row left out."))
            return None
    key = customer_key(str(customer).strip())
    contact = None if contact is None else str(contact).strip()
    mode = None if line("mode") is None else str(line("mode")).strip().lower()
    return {"customer_key": key, "interaction_id": contact, "source_uri": source_uri, "mode": mode, **times}


def _unanswered(head: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"item": INVITATION}] if head["invited_at"] is not None and head["answered_at"] is None else []


def _answers(line: _Line, items: list[str], rows: Rows, problems: list[Problem]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for item in items:
        cell = line(item)
        if cell is None:
            continue
        answer = read_number(cell, column_decimal([cell]))
        boolean = answer is None
        answer = read_boolean(cell) if boolean else answer
        low, high = (0.0, 1.0) if boolean or isinstance(cell, bool) else _scale(line, item)
        if answer is None:
            problems.append(Problem(line.number, f"{item} is not a number; answer left out."))
        elif low is not None and high is not None and not (low < high and low <= answer <= high):
            problems.append(Problem(line.number, f"{item} lies outside its scale; answer left out."))
        else:
            good = _good(answer, low, high, _high_is_good(line, item))
            found.append({"item": item, "answer": answer, "scale_min": low, "scale_max": high, "good": good})
    return [_judged(row, found, line) if row["item"].startswith(CONTROL) else row for row in found]


def _judged(control: dict[str, Any], answers: list[dict[str, Any]], line: _Line) -> dict[str, Any]:
    """The control with ``good`` 1 where it is passed, 0 where it fails, None where there is nothing to hold it to."""
    expected = read_number(line(f"{control['item']}_expected"))
    if expected is not None:
        return control | {"good": float(control["answer"] == expected)}
    asked = control["item"].removeprefix(f"{CONTROL}_")
    again = next((row["good"] for row in answers if row["item"] == asked), None)
    if again is None or control["good"] is None:
        return control | {"good": None}
    return control | {"good": float(abs(again - control["good"]) <= MOST_APART)}


def _scale(line: _Line, item: str) -> tuple[float | None, float | None]:
    if item in OWN_SCALE:
        return OWN_SCALE[item]
    own = read_number(line(f"{item}_scale_min")), read_number(line(f"{item}_scale_max"))
    return own if None not in own else (read_number(line("scale_min")), read_number(line("scale_max")))


def _high_is_good(line: _Line, item: str) -> bool | None:
    """Whether the high end is the good one; None where neither the file nor the item's name says so."""
    stated = line(f"{item}_direction")
    if stated is None:
        return True if item.removeprefix(f"{CONTROL}_") in HIGH_IS_GOOD else None
    return DIRECTIONS.get(str(stated).strip().lower())


def _good(answer: float, low: float | None, high: float | None, high_is_good: bool | None) -> float | None:
    if low is None or high is None or high_is_good is None:
        return None
    place = (answer - low) / (high - low)
    return place if high_is_good else 1 - place


def _open_text(line: _Line, mask: Callable[[str], str]) -> list[dict[str, Any]]:
    text = line("open_text")
    return [] if text is None else [{"item": "open_text", "text": mask(str(text).strip())}]


def _survey_id(answer: dict[str, Any]) -> str:
    moment = answer["invited_at"] if answer["item"] == INVITATION else answer["answered_at"]
    answered = moment.isoformat() if moment else ""
    return stable_id(answer["customer_key"], answer["interaction_id"] or "", answered, answer["item"])
