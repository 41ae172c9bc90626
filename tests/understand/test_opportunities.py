"""Case tables over labels alone; no model is asked."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from analyzer.records import Turn
from analyzer.understand.opportunities import find_opportunities

from .talk import contact

LONG = "Ich sehe mir das jetzt einmal in Ruhe an."
APOLOGY, DISMISS, POLICY, SOLUTION, COMMIT = (
    "emp.apology", "anti.dismiss", "anti.policy", "svc.solution", "svc.commit",
)  # fmt: skip
UNMET, CHURN, WAIT, HANDOFF, REPEAT = (
    "expect.unmet", "loyal.churn", "effort.wait", "effort.handoff", "effort.repeat_contact",
)  # fmt: skip


def turns(speakers: str) -> tuple[Turn, ...]:
    """Turns by letters; a capital A is an agent who only says "mhm"."""
    return contact(*(f"{s.lower()}:{'mhm' if s == 'A' else LONG}" for s in speakers)).turns


def outcomes(
    speakers: str,
    labels: dict[int, list[str]],
    negative: Collection[int] = (),
    below: Collection[int] = (),
    blocks: int = 2,
    boilerplate: Collection[int] = (),
) -> str:
    """The opportunities as "first-last outcome", in order; negative turns are below zero as well."""
    places = range(len(speakers))
    found = find_opportunities(
        turns(speakers),
        {i: i in negative for i in places},
        {i: i in negative or i in below for i in places},
        labels,
        blocks=blocks,
        boilerplate=boilerplate,
    )
    return ", ".join(f"{o.first_turn}-{o.last_turn} {o.outcome}" for o in found)


@pytest.mark.parametrize(
    ("speakers", "negative", "labels", "expected"),
    [
        ("", set(), {}, ""),
        ("ca", set(), {}, ""),
        ("ca", {0}, {}, "0-0 unmet"),
        ("ca", {0}, {1: [APOLOGY]}, "0-0 met"),
        ("ca", {0}, {1: [COMMIT]}, "0-0 unmet"),
        ("ca", {0}, {1: [SOLUTION]}, "0-0 met_by_action"),
        ("ca", {0}, {1: [SOLUTION, APOLOGY]}, "0-0 met"),
        ("ca", {0}, {1: [DISMISS]}, "0-0 hurt"),
        ("ca", {0}, {1: [POLICY, SOLUTION]}, "0-0 hurt"),
        ("ca", {0}, {1: [APOLOGY, DISMISS]}, "0-0 hurt"),
        ("caca", {0}, {1: [APOLOGY], 3: [POLICY]}, "0-0 hurt"),
        ("c", {0}, {}, ""),
        ("ac", {1}, {}, ""),
        ("cb", {0}, {1: [APOLOGY]}, ""),
        ("cs", {0}, {}, ""),
        ("aca", {1}, {0: [APOLOGY]}, "1-1 unmet"),
    ],
)
def test_opportunity_outcome(speakers: str, negative: set[int], labels: dict[int, list[str]], expected: str) -> None:
    assert outcomes(speakers, labels, negative=negative) == expected


@pytest.mark.parametrize(
    ("speakers", "labels", "expected"),
    [
        ("cacacac", {1: [APOLOGY]}, "0-0 met"),
        ("cacacac", {3: [APOLOGY]}, "0-0 met"),
        ("cacacac", {5: [APOLOGY]}, "0-0 unmet"),
        ("caaaca", {3: [APOLOGY]}, "0-0 met"),
        ("cacaca", {5: [DISMISS]}, "0-0 unmet"),
        ("casaba", {5: [APOLOGY]}, "0-0 met"),
    ],
)
def test_two_speaking_blocks_answer(speakers: str, labels: dict[int, list[str]], expected: str) -> None:
    """A block is the agent's talk until the customer speaks; bot and system do not interrupt it."""
    assert outcomes(speakers, labels, negative={0}) == expected


@pytest.mark.parametrize(("blocks", "expected"), [(1, "0-0 unmet"), (2, "0-0 unmet"), (3, "0-0 met")])
def test_the_number_of_blocks_is_configured(blocks: int, expected: str) -> None:
    assert outcomes("cacaca", {5: [APOLOGY]}, negative={0}, blocks=blocks) == expected


def test_a_receipt_is_no_speaking_block() -> None:
    assert outcomes("cAcAcaca", {7: [APOLOGY]}, negative={0}) == "0-0 met"
    assert outcomes("cA", {}, negative={0}) == "", "nobody answered but with 'mhm'"
    assert outcomes("cAca", {1: [DISMISS], 3: [APOLOGY]}, negative={0}) == "0-0 hurt", "a short word may hurt"


@pytest.mark.parametrize(
    ("speakers", "negative", "expected"),
    [
        ("cca", {0, 1}, "0-1 unmet"),
        ("cacaca", {0, 2, 4}, "0-4 unmet"),
        ("cacaca", {0, 4}, "0-0 unmet, 4-4 unmet"),
        ("cbcsca", {0, 2, 4}, "0-4 unmet"),
        ("ccca", {0, 2}, "0-0 unmet, 2-2 unmet"),
        ("cac", {0, 2}, "0-2 unmet"),
        ("cacc", {0, 3}, "0-0 unmet"),
    ],
)
def test_neighbouring_customer_turns_are_one_opportunity(speakers: str, negative: set[int], expected: str) -> None:
    assert outcomes(speakers, {}, negative=negative) == expected


def test_a_long_complaint_is_answered_until_two_blocks_after_its_end() -> None:
    assert outcomes("cacacacaca", {7: [APOLOGY]}, negative={0, 2, 4}) == "0-4 met"
    assert outcomes("cacacacaca", {9: [APOLOGY]}, negative={0, 2, 4}) == "0-4 unmet"
    assert outcomes("cacaca", {3: [DISMISS], 5: [APOLOGY]}, negative={0, 2, 4}) == "0-4 hurt"


def test_each_run_has_its_own_answers() -> None:
    assert outcomes("cacaca", {1: [APOLOGY], 5: [DISMISS]}, negative={0, 4}) == "0-0 met, 4-4 hurt"


@pytest.mark.parametrize("label", [UNMET, CHURN])
def test_a_complaint_counts_without_feeling(label: str) -> None:
    assert outcomes("ca", {0: [label]}) == "0-0 unmet"


@pytest.mark.parametrize("label", [WAIT, HANDOFF, REPEAT])
def test_an_effort_counts_only_with_some_feeling(label: str) -> None:
    assert outcomes("ca", {0: [label]}) == ""
    assert outcomes("ca", {0: [label]}, below={0}) == "0-0 unmet"


@pytest.mark.parametrize("label", ["effort.hurdle", "res.denied", "trust.doubt", "topic.time"])
def test_other_labels_make_no_opportunity(label: str) -> None:
    assert outcomes("ca", {0: [label]}, below={0}) == ""


def test_an_agents_own_feeling_is_none() -> None:
    assert outcomes("aca", {0: [UNMET]}, negative={0}) == ""


def test_boilerplate_empathy_meets_nobody() -> None:
    assert outcomes("caca", {1: [APOLOGY]}, negative={0}, boilerplate={1}) == "0-0 unmet"
    assert outcomes("caca", {1: [APOLOGY], 3: [APOLOGY]}, negative={0}, boilerplate={1}) == "0-0 met"
    assert outcomes("ca", {1: [APOLOGY, SOLUTION]}, negative={0}, boilerplate={1}) == "0-0 met_by_action"
    assert outcomes("ca", {1: [DISMISS]}, negative={0}, boilerplate={1}) == "0-0 hurt"
