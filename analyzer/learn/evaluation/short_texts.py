"""Single texts by customers: airline tweets (English), posts on a railway (German), comments (English)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from analyzer.learn.auxiliary import POLARITIES, polarity_of
from analyzer.learn.evaluation.lines import Line
from analyzer.learn.evaluation.reading import Read, alone, felt, over_pairs, read_set
from analyzer.learn.evaluation.rivals import vader
from analyzer.learn.measures import macro_f1, short
from analyzer.understand.understand import Understanding


def airline_tweets(data: Path, ears: Understanding, draws: int) -> list[Line]:
    reads = read_set(data / "airline_sentiment_en.jsonl.gz", ears, partial(alone, language="en"))
    return _lines("airline tweets", "en", reads, _told, draws, "VADER .46; fine-tuned on it .82–.85")


def railway_posts(data: Path, ears: Understanding, draws: int) -> list[Line]:
    reads = read_set(data / "germeval2017_dev_de.jsonl.gz", ears, partial(alone, language="de"))
    return _lines("GermEval 2017, posts", "de", reads, _told, draws, "german-sentiment-bert .51, accuracy .75")


def comments(data: Path, ears: Understanding, draws: int) -> list[Line]:
    """GoEmotions folded to three feelings, where the emotions of a comment agree on one."""
    reads = read_set(data / "goemotions_test.jsonl.gz", ears, partial(alone, language="en"))
    clear = [read for read in reads if polarity_of(read.row["emotions"]) is not None]
    return _lines("GoEmotions as feelings", "en", clear, lambda row: polarity_of(row["emotions"]) or 0, draws, "")


def _told(row: dict[str, Any]) -> int:
    return POLARITIES.index(row["sentiment"])


def _lines(
    name: str, language: str, reads: Sequence[Read], truth: Callable[[dict[str, Any]], int], draws: int, published: str
) -> list[Line]:
    pairs = [(truth(read.row), felt(read.understood.feelings.get(0))) for read in reads]
    true = [pair[0] for pair in pairs]
    common = int(np.bincount(true).argmax())
    rival = vader([read.row["text"] for read in reads]) if language == "en" else None
    return [
        Line(name, language, "feeling, 3-class macro-F1", over_pairs(pairs, macro_f1, draws),
             macro_f1(true, [common] * len(true)), "social",
             "" if rival is None else f"VADER {short(macro_f1(true, rival))}", published),
        Line(name, language, "feeling, accuracy", over_pairs(pairs, _accuracy, draws),
             float(np.mean(np.array(true) == common)), "social",
             "" if rival is None else f"VADER {short(_accuracy(true, rival))}", ""),
    ]  # fmt: skip


def _accuracy(true: Sequence[int], said: Sequence[int]) -> float:
    return float(np.mean(np.array(true) == np.array(said)))
