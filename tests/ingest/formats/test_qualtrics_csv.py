from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.records import Interaction, Reject
from tests.ingest.conftest import Item, codes

Read = Callable[..., list[Item]]
HEADER = "conversationId*,conversationTimestamp*,participantId*,participantType*,text,timestamp,isIvr,surprise"


def _file(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def test_rows_of_a_conversation_with_facts_in_its_first(read: Read) -> None:
    content = _file(
        "c-1,2026-11-20T09:12:00Z,nora,AGENT,Press one.,2026-11-20T09:12:01Z,true,x",
        'c-1,,k1,CLIENT,"Third time, really.",2026-11-20T09:12:03.250Z,,',
        "c-2,2026-11-20T10:00:00Z,k2,CLIENT,Hello?,2026-11-20T10:00:00Z,,",
        "c-1,,bo-17,AGENT,Sorry.,2026-11-20T10:12:05+01:00,false,",
        "c-2,,2,AGENT,Yes.,2026-11-20T10:00:01Z,,",
    )
    first, second = sorted(read(content, name="export.csv"), key=lambda item: str(getattr(item, "source_id", "")))
    assert isinstance(first, Interaction) and isinstance(second, Interaction)
    assert [(turn.speaker, turn.text, turn.agent_id, turn.start_ms) for turn in first.turns] == [
        ("bot", "Press one.", None, 1000), ("customer", "Third time, really.", None, 3250),
        ("agent", "Sorry.", "bo-17", 5000),
    ]  # fmt: skip
    assert first.started_at.isoformat() == "2026-11-20T09:12:00+00:00" and first.agent_id == "bo-17"
    assert (second.source_id, second.source_format, second.agent_id) == ("c-2", "qualtrics_csv", None)


def test_semicolons_offsets_and_other_spellings(read: Read) -> None:
    content = _file(
        "c-1;20.11.2026 09:12;1;CLIENT;Guten Tag;0;900;chat;de",
        "c-1;;2;AGENT;Ja bitte;1500;2000;;",
        header="conversation_id;conversation_timestamp;participant_id;participant_type;verbatim;start;end;channel;language",
    )
    (item,) = read("\ufeff" + content, name="export.csv")
    assert isinstance(item, Interaction)
    assert [(turn.speaker, turn.start_ms, turn.end_ms) for turn in item.turns] == [
        ("customer", 0, 900),
        ("agent", 1500, 2000),
    ]
    assert (item.channel, item.declared_language) == ("chat", "de") and item.agent_id is None
    assert item.started_at.isoformat() == "2026-11-20T08:12:00+00:00"


def test_unknown_types_get_roles_by_words(read: Read) -> None:
    content = _file(
        'c-1,2026-11-20T09:12:00Z,1,TYPE_UNKNOWN,"Nordwelle, what can I do for you?",,,',
        "c-1,,2,TYPE_UNKNOWN,I need help with my bill.,,,",
    )
    (item,) = read(content, name="export.csv")
    assert isinstance(item, Interaction) and [turn.speaker for turn in item.turns] == ["agent", "customer"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("c-1,2026-11-20T09:12:00Z,1,CLIENT,Hm.,gestern,,", "unreadable_time"),
        ("c-1,2026-11-20T09:12:00Z,1,CLIENT,Hm.,2026-11-20T09:11:00Z,,", "turn_times"),
        ("c-1,2026-11-20T09:12:00Z,1,CLIENT,Hm.", "column_count"),
        (",2026-11-20T09:12:00Z,1,CLIENT,Hm.,,,", "no_id"),
        ("c-1,2026-11-20T09:12:00Z,1,CLIENT,,,,", "no_turns"),
        ("c-1,2026-11-20T09:12:00Z,1,OTHER,Hm.,,,", "roles_unclear"),
        ("c-1,2031-11-20T09:12:00Z,1,CLIENT,Hm.,,,", "future_time"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(read: Read, row: str, code: str) -> None:
    items = read(_file("c-0,2026-11-20T09:12:00Z,1,CLIENT,Hm.,,,", row), name="export.csv")
    assert sorted(codes(items)) == sorted(["ok", code])
    assert all("Hm" not in item.message for item in items if isinstance(item, Reject))
