"""How often the program errs when it may leave the least certain contacts or turns open: a coverage–risk curve.

Certainty is the probability of the answer given. Risk is the share of wrong answers among those given (El-Yaniv and
Wiener 2010); intervals by bootstrap over dialogues. Real support talk only, which no model was trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analyzer.learn.evaluation.lines import LANGUAGES
from analyzer.learn.evaluation.reading import Read, felt, read_set
from analyzer.understand.understand import Understanding

SHARES: Final = tuple(round(share / 20, 2) for share in range(4, 21))  # of what may be answered: 20 % to all
_RESOLVED, _FEELING = "Was it solved? (a contact)", "How did the customer feel? (a turn)"
_SEED: Final = 11

Answer = tuple[int, float, bool]  # the dialogue, how sure we were, whether we were wrong


@dataclass(frozen=True)
class Point:
    """The share of wrong answers where ``share`` of them are given, and what the most frequent answer errs by."""

    question: str
    language: str
    share: float
    risk: float
    low: float
    high: float
    trivial: float
    n: int


def curves(data: Path, ears: Understanding, draws: int) -> list[Point]:
    """Every point of the curves of both questions in both languages, for ``data`` = the folder of the sets."""
    reads = read_set(data / "gold.jsonl.gz", ears)
    found: list[Point] = []
    for code in LANGUAGES:
        own = [read for read in reads if read.row["language"] == code]
        found += _curve(_RESOLVED, code, *_resolved(own), draws)
        found += _curve(_FEELING, code, *_felt(own), draws)
    return found


def _resolved(reads: Sequence[Read]) -> tuple[list[Answer], list[int]]:
    told = [(i, read, read.understood.resolved_probability) for i, read in enumerate(reads)]
    known = [(i, read.row["resolution"] == "resolved", p) for i, read, p in told if p is not None]
    return [(i, max(p, 1 - p), (p >= 0.5) != true) for i, true, p in known], [int(true) for _, true, _ in known]


def _felt(reads: Sequence[Read]) -> tuple[list[Answer], list[int]]:
    answers: list[Answer] = []
    truth: list[int] = []
    for i, read in enumerate(reads):
        for turn, told in enumerate(read.row["turns"]):
            feeling = read.understood.feelings.get(turn)
            if told.get("sent") is None or feeling is None:
                continue
            true = int(np.sign(told["sent"])) + 1
            said = (feeling.negative_probability, feeling.neutral_probability, feeling.positive_probability)
            answers.append((i, max(said), felt(feeling) != true))
            truth.append(true)
    return answers, truth


def _curve(question: str, code: str, answers: Sequence[Answer], truth: Sequence[int], draws: int) -> list[Point]:
    if not answers:
        return []
    owner, sure, wrong = (np.array(column) for column in zip(*answers, strict=True))
    generator, dialogues = np.random.default_rng(_SEED), np.unique(owner)
    rows = {dialogue: np.flatnonzero(owner == dialogue) for dialogue in dialogues}
    drawn = np.array([
        _risks(sure[picked], wrong[picked])
        for picked in (
            np.concatenate([rows[each] for each in generator.choice(dialogues, len(dialogues))]) for _ in range(draws)
        )
    ])  # fmt: skip
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    trivial = 1 - float(np.bincount(truth).max()) / len(truth)
    return [
        Point(question, code, share, float(risk), float(least), float(most), trivial, len(answers))
        for share, risk, least, most in zip(SHARES, _risks(sure, wrong), low, high, strict=True)
    ]


def _risks(sure: NDArray[np.float64], wrong: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The share of wrong answers among the surest, for each of ``SHARES``."""
    order = np.argsort(-sure, kind="stable")
    counts = np.maximum(1, np.round(np.array(SHARES) * len(sure)).astype(int))
    result: NDArray[np.float64] = np.cumsum(wrong[order])[counts - 1] / counts
    return result


def as_picture(points: Sequence[Point]) -> str:
    """The curves as SVG, a panel a question."""
    import altair as alt
    import pandas as pd
    import vl_convert

    rows: list[dict[str, Any]] = [
        {"question": p.question, "language": f"{LANGUAGES[p.language]}, n = {p.n:,}", "share": p.share,
         "risk": p.risk, "low": p.low, "high": p.high, "trivial": p.trivial}
        for p in points
    ]  # fmt: skip
    panels = [
        _panel(alt, pd.DataFrame([row for row in rows if row["question"] == question]), question)
        for question in dict.fromkeys(row["question"] for row in rows)
    ]
    chart = alt.hconcat(*panels).resolve_scale(color="independent").configure(background="white", font="sans-serif")
    return str(vl_convert.vegalite_to_svg(chart.configure_view(stroke=None).to_json()))


def _panel(alt: Any, frame: Any, question: str) -> Any:
    share = alt.X("share:Q", title="share of answers given, surest first", axis=alt.Axis(format="%", grid=False),
                  scale=alt.Scale(domain=[0.2, 1]))  # fmt: skip
    colour = alt.Color(
        "language:N",
        title=None,
        scale=alt.Scale(range=["#1d5c9e", "#b5470b"]),
        legend=alt.Legend(orient="top", symbolOpacity=1, symbolType="square"),
    )
    risk = alt.Y("risk:Q", title="wrong answers", axis=alt.Axis(format="%", gridColor="#dde1e5"),
                 scale=alt.Scale(domain=[0, 0.6]))  # fmt: skip
    base = alt.Chart(frame, title=alt.Title(question, anchor="start", fontSize=14)).properties(width=400, height=260)
    band = base.mark_area(opacity=0.13).encode(x=share, y=alt.Y("low:Q"), y2="high:Q", color=colour)
    line = base.mark_line(strokeWidth=2.5).encode(x=share, y=risk, color=colour)
    trivial = base.mark_line(strokeDash=[3, 4], strokeWidth=1.2).encode(x=share, y="trivial:Q", color=colour)
    return band + trivial + line
