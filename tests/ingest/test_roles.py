from __future__ import annotations

import time

import pytest

from analyzer.ingest.raw import RawTurn
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import infer_roles, role_of_label, with_roles
from analyzer.ingest.speaker_labels import speaker_labels

AGENT = ["Nordwelle, my name is Ruth, how can I help you?", "Let me check. Your order left us on Monday."]
CUSTOMER = ["Hi, I'm calling about my parcel, I have been waiting since Friday.", "OK, thanks for your help."]
BERATER = ["Sie sprechen mit Frau Olt, was kann ich für Sie tun?", "Einen Moment, ich schaue nach Ihrer Bestellung."]
KUNDIN = ["Ich rufe an, weil meine Rechnung nicht stimmt.", "Ja, das hab ich doch schon gesagt."]


def _turns(*said: tuple[str, str]) -> list[RawTurn]:
    return [RawTurn(label, text) for label, text in said]


@pytest.mark.parametrize(("desk", "caller"), [(AGENT, CUSTOMER), (BERATER, KUNDIN)])
def test_infer_roles_goes_by_words_not_by_number(desk: list[str], caller: list[str]) -> None:
    for said in ({"0": desk, "1": caller}, {"1": desk, "0": caller}):
        roles = infer_roles(said)
        assert roles is not None and roles.probability > 0.95
        assert [roles.of[label] for label in said] == ["agent", "customer"]


def test_infer_roles_of_three_speakers_has_one_customer() -> None:
    roles = infer_roles({"a": AGENT, "b": CUSTOMER, "c": ["Technical support, let me see what I can do for you."]})
    assert roles is not None and roles.of == {"a": "agent", "b": "customer", "c": "agent"}


@pytest.mark.parametrize(
    "turns",
    [
        _turns(("A", "Hello."), ("B", "Hello.")),
        _turns(("A", "Only one of us speaks here.")),
        _turns(("Agent", "Yes?"), ("A", "Hm."), ("B", "Hm.")),
        _turns(("Agent", "Yes?"), ("Customer", "Hm."), ("B", "Hm.")),
    ],
)
def test_with_roles_refuses_what_cannot_be_told(turns: list[RawTurn]) -> None:
    with pytest.raises(Refused) as caught:
        with_roles(turns, 0.9)
    assert caught.value.code == "roles_unclear" and "Hm" not in caught.value.detail


def test_with_roles_gives_the_one_missing_role_to_the_one_unknown() -> None:
    turns = with_roles(_turns(("IVR", "Press one."), ("Ms Olt", "Yes?"), ("Caller", "Hi.")), 0.9)
    assert [turn.speaker for turn in turns] == ["bot", "agent", "customer"]


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("Agent Anna", "agent"), ("**Customer(Ann)**", "customer"), ("Bo (Agent)", "agent"), ("cust-12", "customer"),
        ("CLIENT", "customer"), ("Kundin", "customer"), ("AI", "bot"), ("SPEAKER_00", None), ("Ann Miller", None),
        ("", None),
    ],
)  # fmt: skip
def test_role_of_label_reads_words_around_a_role(label: str, role: str | None) -> None:
    assert role_of_label(label) == role


def test_labels_and_talk_of_any_length_take_little_time() -> None:
    began = time.perf_counter()
    for hostile in (" " * 1_000_000, "-" * 1_000_000, "* " * 500_000, "a" * 1_000_000, "[" * 1_000_000):
        assert role_of_label(hostile) is None and speaker_labels([hostile, hostile + ": x"]) == frozenset()
        assert infer_roles({"a": [hostile], "b": ["Can I help you? " * 60_000]}) is not None
    assert time.perf_counter() - began < 5
