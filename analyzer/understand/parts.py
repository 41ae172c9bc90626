"""Which turns open and close a contact: thirds of the customer's turns, as TABLES defines start and end."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.records import Turn


def customer_turns(turns: Sequence[Turn]) -> list[int]:
    return [index for index, turn in enumerate(turns) if turn.speaker == "customer"]


def opening_turns(turns: Sequence[Turn]) -> frozenset[int]:
    """The first third of the customer's turns, rounded up; one turn is its own opening."""
    own = customer_turns(turns)
    return frozenset(own[: -(-len(own) // 3)])


def ending_turns(turns: Sequence[Turn]) -> frozenset[int]:
    """The last third of the customer's turns, rounded up; one turn is its own ending."""
    own = customer_turns(turns)
    return frozenset(own[len(own) - -(-len(own) // 3) :])


def closing_turns(turns: Sequence[Turn]) -> frozenset[int]:
    """What empathy must not see: the last third of the customer's turns, rounded down; of two, the second.

    A plea alone stays, or nobody could be empathic towards it.
    """
    own = customer_turns(turns)
    hidden = max(len(own) // 3, int(len(own) > 1))
    return frozenset(own[len(own) - hidden :])
