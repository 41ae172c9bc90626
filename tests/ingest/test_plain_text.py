from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from analyzer.records import Interaction
from tests.ingest.conftest import Item, codes

Read = Callable[..., list[Item]]


def _contacts(items: list[Item]) -> list[Interaction]:
    assert all(isinstance(item, Interaction) for item in items), items
    return [item for item in items if isinstance(item, Interaction)]


def test_one_contact_a_file_is_named_and_dated_by_it(read: Read) -> None:
    text = (
        "Gespräch\r\n\r\nBerater: Guten Tag,\r\n was kann ich tun?\r\nKundin: Hinweis: nichts geht.\r\nBot: Danke\r\n"
    )
    (item,) = _contacts(read(text, name="call_2026-11-20_0912_c-77.txt"))
    assert [(turn.speaker, turn.text) for turn in item.turns] == [
        ("agent", "Guten Tag,\n was kann ich tun?"),
        ("customer", "Hinweis: nichts geht."),
        ("bot", "Danke"),
    ]
    assert (item.source_id, item.channel) == ("call_2026-11-20_0912_c-77", "voice")
    assert (item.started_at, item.started_at_source) == (datetime(2026, 11, 20, 8, 12, tzinfo=UTC), "file_name")


def test_contacts_are_parted_by_dashes_or_headings(read: Read) -> None:
    text = "# id: x-1\n# channel: Telefon\nAgent: a\n---\nKunde: b\n# id: x-2\n# customer_id: k-7\nKunde: c\n"
    text += "Mitarbeiter: d\n====\n"
    first, second, third = _contacts(read(text, name="day.txt"))
    assert [item.source_id for item in (first, second, third)] == ["x-1", "day#4", "x-2"]
    assert (first.channel, third.customer_key, len(third.turns)) == ("voice", "k-7", 2)
    assert len({item.interaction_id for item in (first, second, third)}) == 3


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("[00:00:01] Agent: a\n[00:01:05.5] Kunde: b", [1000, 65500]),
        ("Agent [00:00:01]: a\nKunde: b", [1000, None]),
        ("09:12:05 Agent: a\n09:12:09 - Kunde: b", [0, 4000]),
        ("[23:59:58] Agent: a\n[00:00:03] Kunde: b", [0, 5000]),
        ("(01:05) Agent: a\n(02:00) Kunde: b", [65000, 120000]),
        ("09:12 Agent: a\n09:13 Kunde: b", [None, None]),
    ],
)
def test_stamps_become_offsets(read: Read, text: str, starts: list[int | None]) -> None:
    (item,) = _contacts(read(text, name="c-1.txt"))
    assert [turn.start_ms for turn in item.turns] == starts


def test_labels_may_carry_a_name_or_an_id(read: Read) -> None:
    (item,) = _contacts(read("Agent (a-3): a\nKunde Meier: b\nAgent 2: c\nKunde sagt: d", name="c-1.txt"))
    assert [(turn.speaker, turn.agent_id) for turn in item.turns] == [
        ("agent", "a-3"),
        ("customer", None),
        ("agent", None),
    ]
    assert item.turns[2].text == "c\nKunde sagt: d"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Agent: a\nDana: b\nAgent: c\nDana: d", ["unknown_role"]),
        ("Agent: a\n[00:01] Dana: b", ["unknown_role"]),
        ("Agent: a\nAdresse: Hauptstraße", ["ok"]),
        ("Agent:\nKunde:\n", ["no_turns"]),
        ("# id: a\n# wait_s: long\nAgent: a\n# id: b\nAgent: b", ["bad_number", "ok"]),
        ("nobody speaks here", ["unknown_format"]),
        ("Agent: a\n" + "x" * 6000, ["line_too_long"]),
        ("Agent: a\n" * 400, ["line_too_long"]),
        ("Agent: a\n---\n---\n\n---\n", ["ok"]),
    ],
)
def test_text_has_the_stated_outcome(read: Read, text: str, outcome: list[str]) -> None:
    assert list(codes(read(text, name="c-1.txt", max_line_bytes=5000))) == outcome


def test_files_of_one_name_in_two_folders_are_two_contacts(read: Read, tmp_path: object) -> None:
    (first,) = _contacts(read("Agent: a", name="c-1.txt"))
    (second,) = _contacts(read("Agent: a", name="c-1.log"))
    assert first.source_id == second.source_id and first.interaction_id != second.interaction_id


def test_latin_text_is_read_in_the_configured_encoding(read: Read) -> None:
    (item,) = _contacts(read("Agent: Grüße – „gern“".encode("cp1252"), name="c-1.txt"))
    assert item.turns[0].text == "Grüße – „gern“"


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("Agent (00:01): Hi.\nKunde (00:04): Hallo.\n", [1000, 4000]),
        ("[00:00:01 - 00:00:03] Agent: Hi.\n[00:00:04 - 00:00:05] Kunde: Hallo.\n", [1000, 4000]),
        ("[2026-01-05 10:30:01] Agent: Hi.\n[2026-01-05 10:30:04] Kunde: Hallo.\n", [0, 3000]),
        ("05.01.2026, 10:30 - Agent: Hi.\n05.01.2026, 10:31 - Kunde: Hallo.\n", [0, 60_000]),
        ("2026-01-05T10:30:01+01:00 Agent: Hi.\n2026-01-05T09:30:04Z Kunde: Hallo.\n", [0, 3000]),
        ("**Agent:** Hi.\n\n**Kunde**: Hallo.\n", [None, None]),
        ("Anna (Agent): Hi.\nBen (Kunde): Hallo.\n", [None, None]),
    ],
)
def test_labels_as_chat_exports_write_them(read: Read, text: str, starts: list[int | None]) -> None:
    (item,) = _contacts(read(text, name="a.txt", timezone="Europe/Berlin"))
    assert [(turn.speaker, turn.text, turn.agent_id, turn.start_ms) for turn in item.turns] == [
        ("agent", "Hi.", None, starts[0]), ("customer", "Hallo.", None, starts[1])
    ]  # fmt: skip
    if "2026" in text:
        assert (item.started_at.hour, item.started_at.minute) == (9, 30)


@pytest.mark.parametrize("start", ["00:01", "Agent", "[2026-01-05 10:30:01]", "Agent (00:01)", ""])
def test_line_of_a_million_spaces_is_read_at_once(read: Read, start: str) -> None:
    (item,) = _contacts(read(f"Agent: Hi.\n{start}{' ' * 1_000_000}x\nKunde: Hallo.\n", name="a.txt"))
    assert [turn.speaker for turn in item.turns] == ["agent", "customer"]
