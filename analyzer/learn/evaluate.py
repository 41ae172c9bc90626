"""Measures the shipped models on real talk, through the same path as a run, and writes the table of models/README.md.

Never trains, never tunes: what is read here serves measuring alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from analyzer.config import UnderstandSettings
from analyzer.errors import UsageError
from analyzer.learn.corpus import as_interaction, read_rows
from analyzer.learn.measures import (
    Measure,
    auc,
    bootstrap,
    calibration_error,
    kappa,
    macro_f1,
    micro_f1,
    spearman,
)
from analyzer.records import Understood
from analyzer.understand.understand import Understanding

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
LANGUAGES = {"en": "English", "de": "German"}


@dataclass(frozen=True)
class Line:
    """One row of the table; ``trivial`` is what the most frequent answer would reach."""

    language: str
    measure: str
    ours: Measure
    trivial: float


@dataclass(frozen=True)
class Read:
    """A dialogue as people read it and as we did."""

    row: dict[str, Any]
    understood: Understood


def evaluate(data: Path, settings: UnderstandSettings, draws: int = 400) -> list[Line]:
    """Every measure for each language on the adjudicated real talk of ``data``/eval/gold.jsonl.gz.

    ``draws`` of the bootstrap, which takes most of the time; the values themselves do not depend on them.
    """
    rows = read_rows(data / "eval" / "gold.jsonl.gz")
    understood = Understanding(settings).understand([as_interaction(row) for row in rows])
    reads = [Read(row, u) for row, u in zip(rows, understood, strict=True)]
    return [line for code in LANGUAGES for line in _lines(code, [r for r in reads if r.row["language"] == code], draws)]


def _lines(code: str, reads: Sequence[Read], draws: int) -> list[Line]:
    measured = partial(bootstrap, draws=draws)
    labels = measured([_label_sets(r) for r in reads], micro_f1)
    svc = [({(t, "svc.solution") for t in _agent_turns(r)}, _label_sets(r)[1]) for r in reads]
    resolved = [r for r in reads if r.understood.resolved_probability is not None]
    lines = [
        Line(code, "codebook labels, micro-F1", labels, micro_f1(svc)),
        Line(code, "feeling of a turn, 3-class macro-F1", measured(reads, _over_feelings(macro_f1)),
             _neutral_f1(reads)),
        Line(code, "feeling of a turn, kappa", measured(reads, _over_feelings(kappa)), 0.0),
        Line(code, "resolved, AUC", measured(resolved, lambda rs: auc(*_resolved(rs))), 0.5),
        Line(code, "resolved, kappa at .5", measured(resolved, _resolved_kappa), 0.0),
        Line(code, "resolved, calibration error", measured(resolved, lambda rs: calibration_error(*_resolved(rs))),
             _base_rate_error(resolved)),
    ]  # fmt: skip
    for name in ("satisfaction", "effort", "empathy"):
        graded = [r for r in reads if r.row.get(name) is not None and getattr(r.understood, name) is not None]
        lines.append(Line(code, f"{name} 1–5, Spearman", measured(graded, _grades(name)), 0.0))
    return lines


def _label_sets(read: Read) -> tuple[set[tuple[int, str]], set[tuple[int, str]]]:
    said = {(cue.turn, cue.label) for cue in read.understood.cues if cue.found}
    true = {(index, label) for index, turn in enumerate(read.row["turns"]) for label in turn["labels"]}
    return said, true


def _agent_turns(read: Read) -> list[int]:
    return [index for index, turn in enumerate(read.row["turns"]) if turn["speaker"] == "agent"]


def _feelings(reads: Sequence[Read]) -> tuple[list[int], list[int]]:
    true, said = [], []
    for read in reads:
        for index, turn in enumerate(read.row["turns"]):
            feeling = read.understood.feelings.get(index)
            if turn.get("sent") is not None and feeling is not None:
                true.append(int(np.sign(turn["sent"])) + 1)
                said.append(int(np.argmax([feeling.negative_probability, feeling.neutral_probability,
                                           feeling.positive_probability])))  # fmt: skip
    return true, said


def _over_feelings(measure: Callable[[Sequence[int], Sequence[int]], float]) -> Callable[[Sequence[Read]], float]:
    return lambda reads: measure(*_feelings(reads))


def _neutral_f1(reads: Sequence[Read]) -> float:
    true, _ = _feelings(reads)
    return macro_f1(true, [1] * len(true))


def _resolved(reads: Sequence[Read]) -> tuple[list[bool], list[float]]:
    return [r.row["resolution"] == "resolved" for r in reads], [r.understood.resolved_probability or 0.0 for r in reads]


def _resolved_kappa(reads: Sequence[Read]) -> float:
    true, said = _resolved(reads)
    return kappa([int(t) for t in true], [int(s >= 0.5) for s in said])


def _base_rate_error(reads: Sequence[Read]) -> float:
    """What saying 'half' every time would be off by."""
    return abs(float(np.mean(_resolved(reads)[0])) - 0.5)


def _grades(name: str) -> Callable[[Sequence[Read]], float]:
    return lambda reads: spearman([r.row[name] for r in reads], [getattr(r.understood, name) for r in reads])


def as_table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table, ours with its interval beside the trivial answer."""
    head = "| language | measure | ours (95 % interval) | trivial | dialogues |\n|---|---|---|---|---|"
    body = [
        f"| {LANGUAGES[line.language]} | {line.measure} | {line.ours} | {line.trivial:.2f} | {line.ours.n} |"
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
