from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ingest.raw import ReadStats
from analyzer.records import Interaction
from tests.ingest.conftest import Item, codes
from tests.ingest.formats.mutations import SECRET, accounted, mutated, mutations, short

Read = Callable[..., list[Item]]


def comment(minute: int, author: int, text: str, **more: Any) -> dict[str, Any]:
    return {"id": minute, "type": "Comment", "author_id": author, "public": True, "body": text, "plain_body": text,
            "html_body": f"<p>{text}</p>", "created_at": f"2026-01-05T10:{minute:02}:00Z", "audit_id": 5,
            "via": {"channel": "email"}, "attachments": [], **more}  # fmt: skip


COMMENTS = [
    comment(30, 7001, "Ich habe das Foto &uuml;brigens zweimal geschickt."),
    comment(41, 33, "second contact, difficult", public=False),
    comment(50, 33, "Sorry!<br>I will check.<div class='gmail_quote'>Ich habe</div>"),
    comment(55, -1, "This ticket was merged."),
    comment(40, 44, "Supervisor here."),
]
USERS = [{"id": 7001, "role": "end-user"}, {"id": 33, "role": "agent"}, {"id": 44, "role": "admin"}]


def test_zendesk_comments_take_roles_from_users_and_leave_notes_out(read: Read) -> None:
    stats = ReadStats()
    (item,) = read(json.dumps({"comments": COMMENTS, "users": USERS, "next_page": None}), "ticket_5.json", stats=stats)
    assert isinstance(item, Interaction) and item.source_format == "zendesk_tickets"
    assert [(t.speaker, t.text, t.start_ms, t.agent_id) for t in item.turns] == [
        ("customer", "Ich habe das Foto übrigens zweimal geschickt.", 0, None),
        ("agent", "Supervisor here.", 600_000, "44"),
        ("agent", "Sorry!\nI will check.", 1_200_000, "33"),
        ("system", "This ticket was merged.", 1_500_000, None),
    ]
    assert (item.source_id, item.customer_key, item.channel) == ("ticket_5.json", "7001", "email")
    assert stats.left_out == {"private_note": 1}


def test_zendesk_roles_follow_from_requester_and_private_notes(read: Read) -> None:
    told = {"id": 5, "requester_id": 7001, "assignee_id": 44, "status": "solved", "group_id": 8,
            "updated_at": "2026-01-06T10:00:00Z", "via": {"channel": "whatsapp"}, "comments": COMMENTS}  # fmt: skip
    (item,) = read(json.dumps(told), "x.json")
    assert isinstance(item, Interaction)
    assert [t.speaker for t in item.turns] == ["customer", "agent", "agent", "system"]
    assert (item.source_id, item.channel, item.queue, item.disposition) == ("5", "messaging", "8", "solved")


def test_zendesk_page_of_tickets_shares_its_users(read: Read) -> None:
    page = {"tickets": [{"id": 1, "comments": COMMENTS}, {"id": 2, "comments": 7}, {"id": 3, "comments": COMMENTS[:1]}],
            "users": USERS}  # fmt: skip
    items = read(json.dumps(page), "x.json")
    assert list(codes(items)) == ["ok", "wrong_type", "ok"]
    lines = "\n".join(json.dumps({"id": n, "requester_id": 7001, "comments": COMMENTS[:2]}) for n in range(3))
    assert [i.source_id for i in read(lines, "x.jsonl") if isinstance(i, Interaction)] == ["x.jsonl", "1", "2"]


def test_zendesk_bare_list_of_comments_is_one_ticket(read: Read) -> None:
    told = [each | {"author": user} for each, user in zip(COMMENTS[:3], [USERS[0], USERS[1], USERS[1]], strict=True)]
    (item,) = read(json.dumps(told), "x.json")
    assert isinstance(item, Interaction) and [t.speaker for t in item.turns] == ["customer", "agent"]


def test_zendesk_voice_comment_gives_the_words_left_and_not_the_line_about_the_call(read: Read) -> None:
    call = comment(1, 7001, "Call from: +15550100", type="VoiceComment", data={"transcription_text": "Call me back."})
    line = comment(2, 7001, "Call from: +15550100", type="VoiceComment", data={"transcription_text": None})
    (item,) = read(json.dumps({"comments": [call, line], "users": USERS}), "x.json")
    assert isinstance(item, Interaction) and [t.text for t in item.turns] == ["Call me back."]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"comments": COMMENTS}, "unknown_role"),
        ({"comments": COMMENTS[1:2], "users": USERS}, "no_turns"),
        ({"comments": COMMENTS, "users": USERS, "next_page": "https://x/2"}, "truncated"),
        ({"comments": [comment(1, 7001, "a", public=None)], "users": USERS}, "wrong_type"),
        ({"comments": [comment(1, 7001, "a", created_at="1.1.")], "users": USERS}, "unreadable_time"),
        ({"comments": [comment(1, 7001, "a", author_id={})], "users": USERS}, "wrong_type"),
    ],
)
def test_zendesk_refuses_with_a_reason(read: Read, told: dict[str, Any], code: str) -> None:
    assert list(codes(read(json.dumps(told), "x.json"))) == [code]


@short
@given(changes=mutations, data=st.data(), page=st.booleans())
def test_zendesk_with_any_value_anywhere_is_accounted(changes: Any, data: st.DataObject, page: bool) -> None:
    told: Any = copy.deepcopy({"id": 1, "status": SECRET, "comments": COMMENTS, "users": USERS})
    told = {"tickets": [told], "users": copy.deepcopy(USERS)} if page else told
    accounted(json.dumps(mutated(told, changes, data)), "x.json")


def test_zendesk_users_may_stand_by_id_and_plain_text_keeps_entities(read: Read) -> None:
    users = {str(user["id"]): user for user in USERS}
    told = [{**each, "html_body": None, "plain_body": "You &amp; I,&nbsp;twice"} for each in COMMENTS[:1]]
    (item,) = read(json.dumps({"comments": told, "users": users}), "x.json")
    assert isinstance(item, Interaction) and item.turns[0].text == "You & I, twice"


@pytest.mark.parametrize(("more", "expected"), [(True, "truncated"), (False, "ok")])
def test_zendesk_page_before_others_is_refused(read: Read, more: bool, expected: str) -> None:
    page = {"comments": COMMENTS, "users": USERS, "meta": {"has_more": more, "after_cursor": "x"}}
    assert list(codes(read(json.dumps(page), "x.json"))) == [expected]


def test_zendesk_comments_behind_a_long_list_of_users_are_one_ticket(read: Read) -> None:
    many = [{"id": 9000 + n, "role": "end-user", "name": "x" * 200} for n in range(400)]
    (item,) = read(json.dumps({"users": [*USERS, *many], "comments": COMMENTS}), "x.json")
    assert isinstance(item, Interaction) and len(item.turns) == 4
