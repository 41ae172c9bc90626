"""Real support talk, annotated twice and adjudicated: labels, feelings, endings and grades, by language and channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from analyzer.learn.evaluation.lines import LANGUAGES, Line
from analyzer.learn.evaluation.reading import Read, felt, read_set
from analyzer.learn.evaluation.rivals import vader
from analyzer.learn.measures import (
    Measure,
    auc,
    bootstrap,
    calibration_error,
    kappa,
    macro_f1,
    micro_f1,
    short,
    spearman,
)
from analyzer.understand.understand import Understanding

NAME: Final = "real support talk"
_SUREST: Final = (0.8, 0.6)  # shares of the contacts of which the resolution is surest


def real_talk(data: Path, ears: Understanding, draws: int) -> list[Line]:
    reads = read_set(data / "gold.jsonl.gz", ears)
    lines: list[Line] = []
    for code in LANGUAGES:
        own = [read for read in reads if read.row["language"] == code]
        lines += _lines(code, own, draws)
        channels = sorted({read.row["channel"] for read in own})
        for channel in channels if len(channels) > 1 else ():
            lines += _heard(code, [read for read in own if read.row["channel"] == channel], draws, channel)
    return lines


def _heard(code: str, reads: Sequence[Read], draws: int, channel: str = "all") -> list[Line]:
    """Labels and feelings of turns."""
    measured = partial(bootstrap, draws=draws)
    labels = measured([_label_sets(r) for r in reads], micro_f1)
    svc = [({(t, "svc.solution") for t in _agent_turns(r)}, _label_sets(r)[1]) for r in reads]
    rival = _vader(reads) if code == "en" else None
    return [
        Line(NAME, code, "codebook labels, micro-F1", labels, micro_f1(svc), channel, "",
             "two annotators .94; plain fine-tune .51 (en) / .53 (de)"),
        Line(NAME, code, "feeling of a turn, 3-class macro-F1", measured(reads, _over_feelings(macro_f1)),
             _neutral_f1(reads), channel, "" if rival is None else f"VADER {short(macro_f1(*rival))}", ""),
        Line(NAME, code, "feeling of a turn, kappa", measured(reads, _over_feelings(kappa)), 0.0, channel,
             "" if rival is None else f"VADER {short(kappa(*rival))}", "two annotators .92"),
    ]  # fmt: skip


def _lines(code: str, reads: Sequence[Read], draws: int) -> list[Line]:
    measured = partial(bootstrap, draws=draws)
    resolved = [r for r in reads if r.understood.resolved_probability is not None]
    lines = [
        *_heard(code, reads, draws),
        Line(NAME, code, "resolved, AUC", measured(resolved, lambda rs: auc(*_resolved(rs))), 0.5),
        Line(NAME, code, "resolved, kappa at .5", measured(resolved, _resolved_kappa), 0.0, "all", "",
             "two annotators .95"),
        Line(NAME, code, "resolved, calibration error",
             measured(resolved, lambda rs: calibration_error(*_resolved(rs))), _base_rate_error(resolved), "all",
             f"perfect one, of so few: {short(_error_of_a_perfect_one(resolved))}"),
    ]  # fmt: skip
    often = float(np.mean(_resolved(resolved)[0])) if resolved else float("nan")
    lines += [
        Line(NAME, code, f"resolved, accuracy of the surest {100 * share:.0f} %",
             _accuracy_of_surest(resolved, share, draws), max(often, 1 - often))
        for share in (1.0, *_SUREST)
    ]  # fmt: skip
    for name in ("satisfaction", "effort", "empathy"):
        graded = [r for r in reads if r.row.get(name) is not None and getattr(r.understood, name) is not None]
        lines.append(Line(NAME, code, f"{name} 1–5, Spearman", measured(graded, _grades(name)), 0.0))
    return lines


def _accuracy_of_surest(reads: Sequence[Read], share: float, draws: int) -> Measure:
    """Accuracy at .5 over the ``share`` of contacts whose probability is farthest from .5, abstaining on the rest."""

    def accuracy(drawn: Sequence[Read]) -> float:
        true, said = _resolved(drawn)
        order = np.argsort(-np.abs(np.array(said) - 0.5), kind="stable")[: max(1, round(share * len(said)))]
        return float(np.mean((np.array(said)[order] >= 0.5) == np.array(true)[order]))

    return bootstrap(reads, accuracy, draws=draws)


def _vader(reads: Sequence[Read]) -> tuple[list[int], list[int]] | None:
    """What VADER says of the same turns, beside what people say."""
    turns = [t for read in reads for t in read.row["turns"] if t.get("sent") is not None]
    said = vader([turn["text"] for turn in turns])
    return None if said is None else ([int(np.sign(turn["sent"])) + 1 for turn in turns], said)


def _label_sets(read: Read) -> tuple[set[tuple[int, str]], set[tuple[int, str]]]:
    said = {(cue.turn, cue.label) for cue in read.understood.cues if cue.found}
    true = {(index, label) for index, turn in enumerate(read.row["turns"]) for label in turn["labels"]}
    return said, true


def _agent_turns(read: Read) -> list[int]:
    return [index for index, turn in enumerate(read.row["turns"]) if turn["speaker"] == "agent"]


def _feelings(reads: Sequence[Read]) -> tuple[list[int], list[int]]:
    told = [
        (int(np.sign(turn["sent"])) + 1, felt(read.understood.feelings.get(index)))
        for read in reads
        for index, turn in enumerate(read.row["turns"])
        if turn.get("sent") is not None
    ]
    return [true for true, _ in told], [said for _, said in told]


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


def _error_of_a_perfect_one(reads: Sequence[Read], draws: int = 500) -> float:
    """The error that chance alone gives to probabilities that are exactly right, of as many contacts."""
    said = _resolved(reads)[1]
    generator = np.random.default_rng(3)
    if not said:
        return float("nan")
    return float(np.mean([calibration_error(list(generator.random(len(said)) < said), said) for _ in range(draws)]))


def _grades(name: str) -> Callable[[Sequence[Read]], float]:
    return lambda reads: spearman([r.row[name] for r in reads], [getattr(r.understood, name) for r in reads])
