from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from analyzer.ingest import turns as checking
from analyzer.ingest.text import _ODD, is_plain
from analyzer.records import Interaction
from tests.ingest.conftest import Item, line

Read = Callable[..., list[Item]]

TURNS: list[list[dict[str, Any]]] = [
    [{"speaker": "customer", "text": " Hallo \n"}, {"speaker": "agent", "text": "Grüße"}],
    [{"speaker": "agent", "text": "a", "start_ms": 0, "end_ms": 4}, {"speaker": "bot", "text": "b", "start_ms": 4}],
    [{"speaker": "agent", "text": "a", "start_ms": 1.6, "end_ms": 4.4}, {"speaker": "system", "text": "b"}],
    [{"speaker": "Kundin", "text": "a"}, {"speaker": "agent", "text": " "}, {"speaker": "agent", "text": "c"}],
    [{"speaker": "agent", "text": "a", "agent_id": "a-2"}, {"speaker": "agent", "text": "b"}],
    [{"speaker": "customer", "text": "a", "source_sentiment": -0.5}],
    [{"speaker": "agent", "text": "a", "start_ms": 5, "end_ms": 4}],
    [{"speaker": "agent", "text": "a", "start_ms": True, "end_ms": 4}],
    [{"speaker": "Dana", "text": "a"}],
    [],
]
PINNED = ["bb38506ae0f364bd281e9616db6d38af", "094fb7297f9e6924672ef445c809add0"]


@pytest.mark.parametrize("turns", TURNS)
def test_plain_contact_is_read_as_any_other(
    read: Read, monkeypatch: pytest.MonkeyPatch, turns: list[dict[str, Any]]
) -> None:
    quick = read(line(turns=turns, agent_id="a-1"))
    monkeypatch.setattr(checking, "needs_look", lambda text, masker: True)
    monkeypatch.setattr(checking, "mask", lambda text, masker: text)
    assert read(line(turns=turns, agent_id="a-1")) == quick


def test_contact_has_the_types_of_the_record(read: Read) -> None:
    (item,) = read(line(turns=TURNS[1], handle_s=12, transfers=1))
    assert isinstance(item, Interaction)
    assert item == Interaction(**{name: getattr(item, name) for name in Interaction.__struct_fields__})
    assert isinstance(item.turns, tuple) and type(item.handle_s) is float and type(item.transfers) is int


def test_content_hash_stays_what_it_was(read: Read) -> None:
    items = read(line(turns=TURNS[0]) + line(turns=[{"speaker": "customer", "text": "Ask [NAME_1] or {{NAME}}, ***"}]))
    hashes = [item.content_hash for item in items if isinstance(item, Interaction)]
    assert hashes == PINNED


def test_text_is_plain_without_odd_characters_in_nfc() -> None:
    for code in range(sys.maxunicode + 1):
        text = f"a{chr(code)}b"
        assert is_plain(text) == (not _ODD.search(text) and unicodedata.normalize("NFC", text) == text), hex(code)
