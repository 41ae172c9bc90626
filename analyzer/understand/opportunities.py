"""Empathic opportunities: when a customer shows a feeling or complains, does the agent take it up?

Codebook, "Derived": an opportunity is a run of neighbouring customer turns with a feeling or a complaint, followed by
an agent turn. It is met if what the agent says during the run, or in the two speaking blocks after it, carries empathy
that is no template, hurt if it carries dismissal or bare policy (hurt wins), and met by action if only a solution came.
"mhm" is no speaking block. A long complaint is one opportunity, so an apology after its last sentence still meets it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from analyzer.codebook import ANTI_LABELS, COMPLAINT_LABELS, EMPATHY_LABELS
from analyzer.records import Turn

Outcome = Literal["met", "hurt", "met_by_action", "unmet"]
_ALWAYS = frozenset({"expect.unmet", "loyal.churn"})
_WITH_FEELING = frozenset(COMPLAINT_LABELS) - _ALWAYS
_RECEIPT_CHARS = 12  # "mhm", "ok", "alles klar": a block no longer than this that carries no label is a receipt


@dataclass(frozen=True, slots=True)
class Opportunity:
    first_turn: int
    last_turn: int
    outcome: Outcome


def find_opportunities(
    turns: Sequence[Turn],
    negative: Mapping[int, bool],
    below_zero: Mapping[int, bool],
    found: Mapping[int, Collection[str]],
    *,
    blocks: int = 2,
    boilerplate: Collection[int] = (),
) -> list[Opportunity]:
    """The opportunities of one contact in order.

    ``negative``: customer turns whose feeling is negative; ``below_zero``: whose feeling is below 0 at all; ``found``:
    labels found a turn; ``boilerplate``: agent turns whose empathy is a template.
    """
    charged = [
        index for index, turn in enumerate(turns)
        if turn.speaker == "customer" and _is_charged(found.get(index, ()), negative.get(index), below_zero.get(index))
    ]  # fmt: skip
    opportunities = []
    for run in _runs(charged, turns):
        answers = _answers(_agent_blocks(turns, run[0], found), run[-1], blocks)
        if answers:
            outcome = _outcome(answers, found, boilerplate)
            opportunities.append(Opportunity(run[0], run[-1], outcome))
    return opportunities


def _is_charged(labels: Collection[str], negative: bool | None, below_zero: bool | None) -> bool:
    if negative or not _ALWAYS.isdisjoint(labels):
        return True
    return bool(below_zero) and not _WITH_FEELING.isdisjoint(labels)


def _runs(charged: Sequence[int], turns: Sequence[Turn]) -> list[list[int]]:
    """Charged turns that follow each other among the customer's turns."""
    order = {index: place for place, index in enumerate(i for i, t in enumerate(turns) if t.speaker == "customer")}
    runs: list[list[int]] = []
    for index in charged:
        if runs and order[index] == order[runs[-1][-1]] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def _agent_blocks(turns: Sequence[Turn], after: int, found: Mapping[int, Collection[str]]) -> list[list[int]]:
    """The agent's uninterrupted stretches of speech after a turn, receipts left out."""
    blocks: list[list[int]] = []
    speaking = False
    for index in range(after + 1, len(turns)):
        if turns[index].speaker == "agent":
            if speaking:
                blocks[-1].append(index)
            else:
                blocks.append([index])
            speaking = True
        elif turns[index].speaker == "customer":
            speaking = False
    return [block for block in blocks if not _is_receipt(block, turns, found)]


def _answers(spoken: Sequence[list[int]], last_turn: int, blocks: int) -> list[list[int]]:
    """The agent's blocks within a run, and as many after its last turn as may answer it."""
    within = [block for block in spoken if block[0] < last_turn]
    return [*within, *spoken[len(within) : len(within) + blocks]]


def _is_receipt(block: Sequence[int], turns: Sequence[Turn], found: Mapping[int, Collection[str]]) -> bool:
    chars = sum(len(turns[index].text) for index in block)
    return chars <= _RECEIPT_CHARS and not any(found.get(index) for index in block)


def _outcome(
    answers: Sequence[Sequence[int]], found: Mapping[int, Collection[str]], boilerplate: Collection[int]
) -> Outcome:
    spoken = [(index, label) for block in answers for index in block for label in found.get(index, ())]
    if any(label in ANTI_LABELS for _, label in spoken):
        return "hurt"
    if any(label in EMPATHY_LABELS and index not in boilerplate for index, label in spoken):
        return "met"
    return "met_by_action" if any(label == "svc.solution" for _, label in spoken) else "unmet"
