"""Whole contacts and single replies as raters judged them: helpdesk, assistants, counselling, peer support."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from analyzer import codebook
from analyzer.learn.evaluation.lines import Line
from analyzer.learn.evaluation.reading import Pair, Read, over_pairs, read_set
from analyzer.learn.measures import auc, spearman
from analyzer.records import Understood
from analyzer.understand.understand import Understanding

_FEELING_WITH: Final = tuple(label for label in codebook.LABELS if label.startswith("emp.") and label != "emp.explore")
_NAMING: Final = ("emp.acknowledge", "emp.validate")


def helpdesk(data: Path, ears: Understanding, draws: int) -> list[Line]:
    """STC-3: public helpdesk talk, translated, 19 raters. Effectiveness is the resolved probability too: the raters
    were asked whether the customer's turns led to a solution."""
    reads = read_set(data / "stc3_helpdesk_en.jsonl.gz", ears)
    asked: tuple[tuple[str, Callable[[Understood], float | None], str], ...] = (
        ("task_accomplished", lambda u: u.resolved_probability, "accomplished, Spearman"),
        ("satisfaction", lambda u: u.satisfaction, "satisfaction, Spearman"),
        ("effectiveness", lambda u: u.resolved_probability, "effectiveness, Spearman"),
    )
    halves = {"task_accomplished": ".88", "satisfaction": ".89", "effectiveness": ".83"}
    return [
        Line("STC-3 helpdesk", "en", measure, over_pairs(_pairs(reads, key, said), spearman, draws), 0.0, "social",
             "", f"raters' halves agree {halves[key]}")
        for key, said, measure in asked
    ]  # fmt: skip


def assistants(data: Path, ears: Understanding, draws: int) -> list[Line]:
    """USS: satisfaction with booking assistants."""
    reads = read_set(data / "uss_sgd_en.jsonl.gz", ears)
    pairs = [
        (float(np.mean(read.row["satisfaction_votes"])), said)
        for read in reads
        if (said := read.understood.satisfaction) is not None
    ]
    return [Line("USS assistants", "en", "satisfaction, Spearman", over_pairs(pairs, spearman, draws), 0.0, "chat")]


def counselling(data: Path, ears: Understanding, draws: int) -> list[Line]:
    """AnnoMI: spoken counselling sessions shown as good or bad examples."""
    reads = read_set(data / "annomi_en.jsonl.gz", ears)
    pairs = [(float(r.row["quality"] == "high"), e) for r in reads if (e := r.understood.empathy) is not None]
    return [Line("AnnoMI counselling", "en", "quality by empathy, AUC", over_pairs(pairs, auc, draws), 0.5, "voice")]


def peer_support(data: Path, ears: Understanding, draws: int) -> list[Line]:
    """EPITOME: one cry for help and one reply; whether the reply reacts, interprets, explores."""
    reads = read_set(data / "epitome_en.jsonl.gz", ears, _exchange)
    asked = (
        ("emotional_reactions", _FEELING_WITH, "emotional reaction, AUC"),
        ("interpretations", _NAMING, "interpretation, AUC"),
        ("explorations", ("emp.explore",), "exploration, AUC"),
    )
    lines = []
    for key, labels, measure in asked:
        pairs = [(float(read.row[key]["level"] > 0), _strongest(read.understood, labels)) for read in reads]
        lines.append(Line("EPITOME peer support", "en", measure, over_pairs(pairs, auc, draws), 0.5, "chat"))
    return lines


def _exchange(row: dict[str, Any]) -> dict[str, Any]:
    turns = [{"speaker": "customer", "text": row["seeker"]}, {"speaker": "agent", "text": row["response"]}]
    return {"interaction_id": row["id"], "channel": "chat", "language": "en", "turns": turns}


def _strongest(understood: Understood, labels: Collection[str]) -> float:
    return max((cue.probability for cue in understood.cues if cue.turn == 1 and cue.label in labels), default=0.0)


def _pairs(reads: Sequence[Read], key: str, said: Callable[[Understood], float | None]) -> list[Pair]:
    return [(float(r.row[key]), value) for r in reads if (value := said(r.understood)) is not None]
