"""Threads cut at silences: where, what goes with which contact, and one account for the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import batches
from analyzer.config import IngestSettings, load_settings
from analyzer.ingest.files import find_files
from analyzer.ingest.raw import RawTurn
from analyzer.ingest.roles import with_roles
from analyzer.ingest.roster import Roster, load_roster
from analyzer.ingest.sessions import contacts_of, is_later_part
from analyzer.intake import Sources, take_in
from analyzer.progress import Silent
from analyzer.records import Interaction, Turn
from analyzer.store import Change, open_store
from analyzer.tables import FACT_TABLES, STORED
from analyzer.taken_in import Account
from tests.ingest.conftest import NOW, Item, codes, line
from tests.store.contacts import Contact, rows

HOUR = 3_600_000
SETTINGS = load_settings().ingest
START = datetime(2026, 11, 2, 9, tzinfo=UTC)
Said = tuple[str, float | None]  # who, and hours after the start


def thread(*said: Said, channel: str = "messaging", **changes: Any) -> Interaction:
    turns = [
        Turn(who, f"{place}", f"a-{place}" if who == "agent" else None, None if at is None else round(at * HOUR))  # type: ignore[arg-type]
        for place, (who, at) in enumerate(said)
    ]
    plain: dict[str, Any] = {
        "interaction_id": "t", "source_id": "t", "source_uri": "t.jsonl", "source_format": "native_jsonl",
        "content_hash": "", "day": START.date(), "channel": channel, "started_at": START,
        "started_at_source": "record", "turns": tuple(turns),
        "agent_id": next((turn.agent_id for turn in reversed(turns) if turn.agent_id), None),
    }  # fmt: skip
    return Interaction(**(plain | changes))


def said_in(parts: tuple[Interaction, ...]) -> list[str]:
    return ["".join(turn.text for turn in part.turns) for part in parts]


# (what, channel, turns, the turns of each contact)
CASES: list[tuple[str, str, list[Said], list[str]]] = [
    ("exactly at the limit", "messaging", [("customer", 0), ("agent", 24)], ["01"]),
    ("a millisecond more", "messaging", [("customer", 0), ("agent", 24 + 1 / HOUR)], ["0", "1"]),
    ("social as messaging", "social", [("customer", 0), ("agent", 25)], ["0", "1"]),
    ("email is slower", "email", [("customer", 0), ("agent", 72), ("customer", 145)], ["01", "2"]),
    ("a chat is one contact", "chat", [("customer", 0), ("agent", 200)], ["01"]),
    ("a call is one contact", "voice", [("customer", 0), ("agent", 200)], ["01"]),
    ("no times", "messaging", [("customer", None), ("agent", None)], ["01"]),
    ("one time", "messaging", [("customer", None), ("agent", 200)], ["01"]),
    ("one turn", "email", [("customer", 300)], ["0"]),
    ("three contacts", "messaging", [("customer", 0), ("agent", 1), ("customer", 30), ("customer", 90)],
     ["01", "2", "3"]),
    ("unordered turns", "messaging", [("customer", 50), ("agent", 1), ("agent", 51), ("customer", 0)], ["13", "02"]),
    ("a bridge told last", "messaging", [("customer", 0), ("customer", 40), ("agent", 20)], ["012"]),
    ("a turn without a time within the silence", "messaging", [("customer", 0), ("agent", None), ("customer", 50)],
     ["012"]),
    ("a turn without a time elsewhere", "messaging", [("customer", 0), ("agent", None), ("agent", 1), ("customer", 50)],
     ["012", "3"]),
    ("unordered among turns without times", "messaging",
     [("customer", 50), ("agent", 0), ("agent", None), ("customer", 51)], ["0123"]),
    ("a notice does not break the silence", "messaging", [("customer", 0), ("system", 20), ("customer", 30)],
     ["0", "12"]),
    ("a notice after the end", "messaging", [("customer", 0), ("system", 1), ("customer", 30)], ["01", "2"]),
    ("a notice without a time", "messaging", [("system", None), ("customer", 0), ("customer", 30)], ["01", "2"]),
    ("notices alone", "messaging", [("system", 0), ("system", 100)], ["01"]),
    ("a bot breaks the silence", "messaging", [("customer", 0), ("bot", 20), ("customer", 40)], ["012"]),
]  # fmt: skip


@pytest.mark.parametrize(("channel", "said", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_thread_is_cut_at_a_silence(
    defaults: IngestSettings, channel: str, said: list[Said], expected: list[str]
) -> None:
    parts = contacts_of(thread(*said, channel=channel), defaults, NOW)
    assert said_in(parts) == expected
    assert [part.interaction_id for part in parts] == ["t", *(f"t#{n}" for n in range(2, len(parts) + 1))]


def test_silence_counts_from_the_end_of_a_turn(defaults: IngestSettings) -> None:
    turns = (Turn("customer", "0", None, 0, 2 * HOUR), Turn("agent", "1", None, 26 * HOUR, 26 * HOUR + 5))
    assert len(contacts_of(thread(turns=turns), defaults, NOW)) == 1


def test_contacts_have_times_of_their_own(defaults: IngestSettings) -> None:
    said: list[Said] = [("customer", 0), ("agent", 1), ("customer", 38.5), ("agent", 39)]
    first, second = contacts_of(thread(*said), defaults, NOW)
    assert (first.started_at, first.ended_at, first.day) == (START, START + timedelta(hours=1), date(2026, 11, 2))
    assert (second.started_at, second.ended_at) == (START + timedelta(hours=38.5), START + timedelta(hours=39))
    assert second.day == date(2026, 11, 4)  # 23:30 UTC is the next day in Berlin
    assert [turn.start_ms for turn in second.turns] == [0, HOUR // 2]


@pytest.mark.parametrize(
    ("first", "second", "contacts"),
    [
        ("2026-10-24T12:00", "2026-10-25T11:30", 2),  # the clock is put back: 23.5 hours by the clock, 24.5 in truth
        ("2026-03-28T12:00", "2026-03-29T12:30", 1),  # put forward: 24.5 by the clock, 23.5 in truth
        ("2026-10-24T12:00", "2026-10-25T11:00", 1),
        ("2026-03-28T12:00", "2026-03-29T13:01", 2),
    ],
)
def test_silence_is_real_time_when_clocks_change(
    read: Callable[..., list[Item]], first: str, second: str, contacts: int
) -> None:
    header = "interaction_id,channel,speaker,text,started_at\n"
    table = f"{header}c,sms,customer,Hello?,{first}\nc,sms,customer,Anyone?,{second}\n"
    items = read(table, "t.csv")
    assert list(codes(items)) == ["ok"] * contacts


def test_facts_of_the_whole_thread_stand_once(defaults: IngestSettings) -> None:
    whole = thread(
        ("customer", 0), ("agent", 1), ("customer", 30), ("agent", 31), chain_id="x", customer_key="k", queue="q",
        wait_s=9.0, handle_s=60.0, hold_s=3.0, transfers=0, csat=4.0, disposition="closed", agent_id="a-3",
        team="north", ended_at=START + timedelta(hours=40), direction="inbound",
    )  # fmt: skip
    first, last = contacts_of(whole, defaults, NOW)
    closing = ("handle_s", "hold_s", "transfers", "csat", "disposition")
    assert [getattr(first, name) for name in closing] == [None] * 5
    assert [getattr(last, name) for name in closing] == [60.0, 3.0, 0, 4.0, "closed"]
    assert (first.wait_s, last.wait_s) == (9.0, None) and (first.chain_id, last.chain_id) == ("x", None)
    assert (first.agent_id, first.team) == ("a-1", None) and (last.agent_id, last.team) == ("a-3", "north")
    assert last.ended_at == START + timedelta(hours=40) and {first.customer_key, last.customer_key} == {"k"}


def test_team_of_an_earlier_contact_is_its_agents(defaults: IngestSettings, tmp_path: Path) -> None:
    path = tmp_path / "agents.csv"
    path.write_text("agent_id,team\na-1,south\na-3,north\n")
    roster: Roster = load_roster(path, defaults)
    whole = thread(("customer", 0), ("agent", 1), ("customer", 30), ("agent", 31), agent_id="a-3", team="north")
    assert [part.team for part in contacts_of(whole, defaults, NOW, roster)] == ["south", "north"]


@pytest.mark.parametrize(
    ("speakers", "direction"),
    [(["customer"], "inbound"), (["agent", "customer"], "outbound"), (["bot"], "outbound"),
     (["bot", "customer"], "inbound"), (["system", "customer"], "inbound")],
)  # fmt: skip
def test_direction_tells_who_broke_the_silence(defaults: IngestSettings, speakers: list[str], direction: str) -> None:
    said: list[Said] = [("customer", 0), *((who, 30 + n / 60) for n, who in enumerate(speakers))]
    first, second = contacts_of(thread(*said, direction="inbound"), defaults, NOW)
    assert (first.direction, second.direction) == ("inbound", direction)


def test_open_thread_ends_with_its_last_turn_so_far(defaults: IngestSettings) -> None:
    (only,) = contacts_of(thread(("customer", 0), ("agent", 2), ("system", 9)), defaults, NOW)
    assert only.ended_at == START + timedelta(hours=2)


def test_thread_of_unknown_date_is_never_cut(defaults: IngestSettings) -> None:
    whole = thread(("customer", 0), ("agent", 200), started_at=NOW, started_at_source="first_seen")
    assert contacts_of(whole, defaults, NOW) == (whole,)


def test_offsets_into_the_future_are_refused(read: Callable[..., list[Item]]) -> None:
    turns = [{"speaker": "customer", "text": "Hi", "start_ms": 0}, {"speaker": "agent", "text": "Yes", "start_ms": 9e9}]
    assert list(codes(read(line(channel="sms", turns=turns)))) == ["future_time"]


@pytest.mark.parametrize(
    ("own", "source", "later"), [("t#2", "t", True), ("t", "t", False), ("t#2", "t#2", False), ("t#b", "t", False)]
)
def test_later_part_is_told_from_an_id_that_looks_like_one(own: str, source: str, later: bool) -> None:
    assert is_later_part(thread(("customer", 0), interaction_id=own, source_id=source)) is later


turns = st.lists(
    st.tuples(st.sampled_from(["customer", "agent", "bot", "system"]), st.none() | st.floats(0, 400)), min_size=1,
    max_size=12,
)  # fmt: skip


@given(said=turns)
def test_cutting_loses_and_doubles_no_turn(said: list[Said]) -> None:
    parts = contacts_of(thread(*said), SETTINGS, NOW)
    assert sorted(turn.text for part in parts for turn in part.turns) == sorted(str(n) for n in range(len(said)))
    told = [(part.started_at, turn) for part in parts for turn in part.turns if turn.start_ms is not None]
    assert all((turn.start_ms or 0) >= 0 for _, turn in told)
    moments = {turn.text: start + timedelta(milliseconds=turn.start_ms or 0) for start, turn in told}
    expected = {
        str(n): START + timedelta(milliseconds=round(at * HOUR)) for n, (_, at) in enumerate(said) if at is not None
    }
    assert moments == expected
    assert all(part.ended_at is None or part.ended_at >= part.started_at for part in parts)


@given(
    said=st.lists(st.tuples(st.sampled_from(["customer", "agent", "bot"]), st.floats(0, 200)), min_size=1, max_size=9),
    more=st.floats(25, 90),
)
def test_grown_thread_gives_its_old_contacts_unchanged(said: list[tuple[str, float]], more: float) -> None:
    last = max(at for _, at in said)
    before = contacts_of(thread(*said), SETTINGS, NOW)
    after = contacts_of(thread(*said, ("customer", last + more)), SETTINGS, NOW)
    assert [part.content_hash for part in after[:-1]] == [part.content_hash for part in before]


def test_last_contact_that_nobody_answered_has_no_agent(defaults: IngestSettings) -> None:
    parts = contacts_of(thread(("customer", 0), ("agent", 1), ("customer", 40), team="north"), defaults, NOW)
    assert [(part.agent_id, part.team) for part in parts] == [("a-1", "north"), (None, None)]


# The account, over several nights


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Account, list[str]]]:
    """A run without models: takes in the records, publishes who they are; gives the account and the contacts new."""
    empty = {name: STORED[name].from_rows([]) for name in FACT_TABLES}
    read: dict[str, Interaction] = {}

    def nothing_understood(batches: Iterator[list[Interaction]], *_settings: object) -> Iterator[Any]:
        for batch in batches:
            read.update({contact.interaction_id: contact for contact in batch})
            yield empty

    monkeypatch.setattr(batches, "understand_all", nothing_understood)
    runs = iter(range(100))

    def night_(*records: str, **settings_: Any) -> tuple[Account, list[str]]:
        name = f"run-{next(runs)}"
        path = tmp_path / name / "threads.jsonl"
        path.parent.mkdir()
        path.write_text("".join(records))
        settings = load_settings(assignments=[f"ingest.{key}={value}" for key, value in settings_.items()])
        with open_store(tmp_path / "store", write=True) as store:
            taken = take_in(Sources(find_files([path]), None, None, NOW, name), store, settings, Silent(), _ignored)
            told = [Contact(key, identity.day) for key, identity in taken.identities.items()]
            days = frozenset(taken.moved_from | {contact.day for contact in told})
            tables = {"interaction_facts": rows("interaction_facts", told), "turns": said_of(taken.identities, read)}
            changes = [
                Change(name, store.merge_days(name, table, taken.identities.keys(), days), days)
                for name, table in tables.items()
            ]
            store.publish(
                changes, run={"run_id": name}, fingerprint=name, identities=taken.identities.values(),
                files=taken.account.files,
            )  # fmt: skip
        return taken.account, sorted(taken.identities)

    return night_


def said_of(keys: Iterable[str], read: dict[str, Interaction]) -> pa.Table:
    return STORED["turns"].from_rows(
        [
            {"interaction_id": key, "day": read[key].day, "turn": n, "speaker": turn.speaker, "text": turn.text}
            for key in keys
            for n, turn in enumerate(read[key].turns)
        ]
    )


def _ignored(reject: object) -> None:
    del reject


def counted(account: Account) -> tuple[int, int, int, int, int]:
    assert account.read == account.accepted + account.rejected + account.duplicate
    (file,) = account.files
    assert (file.read, file.accepted, file.duplicate) == (account.read, account.accepted, account.duplicate)
    return account.read, account.accepted, account.rejected, account.duplicate, account.replaced


def messages(*hours: float, words: str = "Where is it?", key: str = "t", **changes: Any) -> str:
    said = [
        {"speaker": "agent" if place % 2 else "customer", "text": f"{words} {place}", "start_ms": round(at * HOUR)}
        for place, at in enumerate(hours)
    ]
    return line(interaction_id=key, channel="sms", started_at="2026-11-02T09:00:00Z", turns=said, **changes)


def test_thread_that_grows_over_three_nights(night: Callable[..., tuple[Account, list[str]]]) -> None:
    first, taken = night(messages(0, 1))
    assert counted(first) == (1, 1, 0, 0, 0) and taken == ["t"]
    second, taken = night(messages(0, 1, 40, 41))
    assert counted(second) == (1, 1, 0, 0, 0) and taken == ["t#2"]
    third, taken = night(messages(0, 1, 40, 41, 90))
    assert counted(third) == (1, 1, 0, 0, 0) and taken == ["t#3"]
    again, taken = night(messages(0, 1, 40, 41, 90))
    assert counted(again) == (1, 0, 0, 1, 0) and taken == []


def test_thread_counts_once_whatever_became_of_its_contacts(
    night: Callable[..., tuple[Account, list[str]]],
) -> None:
    night(messages(0, 1, 40), messages(0, key="u"))
    account, taken = night(messages(0, 1, 40, 41), messages(0, key="u"), "{}\n", messages(0, 50, 100, key="v"))
    assert counted(account) == (4, 2, 1, 1, 1) and taken == ["t#2", "v", "v#2", "v#3"]


def test_closing_facts_that_move_on_replace_the_contact_that_had_them(
    night: Callable[..., tuple[Account, list[str]]],
) -> None:
    night(messages(0, 1, csat=2, csat_scale=[1, 5]))
    account, taken = night(messages(0, 1, 40, 41, csat=5, csat_scale=[1, 5]))
    assert counted(account) == (1, 1, 0, 0, 1) and taken == ["t", "t#2"]


def test_thread_counts_once_across_batches(night: Callable[..., tuple[Account, list[str]]]) -> None:
    account, taken = night(messages(0, 40, 80), messages(0, 40, key="u"), batch_contacts=1)
    assert counted(account) == (2, 2, 0, 0, 0) and taken == ["t", "t#2", "t#3", "u", "u#2"]


# Who speaks


# (speakers with their agent_id, agent_id of the contact, agents of the turns that count, closer)
SPEAKERS: list[tuple[str, list[tuple[str, str | None]], str | None, list[tuple[str, str | None]], str | None]] = [
    ("supervisor with an id", [("customer", None), ("agent", None), ("supervisor", "s-1")], "a-1",
     [("customer", None), ("agent", "a-1"), ("agent", "s-1")], "a-1"),
    ("supervisor without one", [("customer", None), ("agent", None), ("Supervisor 2", None)], "a-1",
     [("customer", None), ("agent", "a-1"), ("agent", "supervisor")], "a-1"),
    ("barging among named agents", [("customer", None), ("agent", "a-1"), ("barge", "s-1"), ("agent", "a-2")], None,
     [("customer", None), ("agent", "a-1"), ("agent", "s-1"), ("agent", "a-2")], "a-2"),
    ("supervisor does not close for nobody", [("agent", None), ("customer", None), ("supervisor", "s-1")], None,
     [("agent", None), ("customer", None), ("agent", "s-1")], None),
    ("whispered words", [("customer", None), ("whisper", "s-1"), ("agent", "a-1"), ("coach", None), ("monitor", None)],
     None, [("customer", None), ("agent", "a-1")], "a-1"),
    ("menus", [("IVR menu", None), ("auto-attendant", None), ("customer", None), ("agent", "a-1")], None,
     [("bot", None), ("bot", None), ("customer", None), ("agent", "a-1")], "a-1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("speakers", "agent_id", "expected", "closer"), [c[1:] for c in SPEAKERS], ids=[c[0] for c in SPEAKERS]
)
def test_supervisors_whispers_and_menus_are_told_apart(
    read: Callable[..., list[Item]], speakers: list[tuple[str, str | None]], agent_id: str | None,
    expected: list[tuple[str, str | None]], closer: str | None,
) -> None:  # fmt: skip
    said = [{"speaker": who, "text": "Yes.", **({"agent_id": name} if name else {})} for who, name in speakers]
    (item,) = read(json.dumps({"interaction_id": "c", "agent_id": agent_id, "turns": said}))
    assert isinstance(item, Interaction)
    assert [(turn.speaker, turn.agent_id) for turn in item.turns] == expected and item.agent_id == closer


def test_whispers_alone_are_no_contact(read: Callable[..., list[Item]]) -> None:
    assert list(codes(read(line(turns=[{"speaker": "whisper", "text": "Offer a refund."}])))) == ["no_turns"]


def test_supervisor_in_plain_text_has_an_agent_id_of_their_own(read: Callable[..., list[Item]]) -> None:
    (item,) = read("Customer: Hello\nAgent: Hi\nSupervisor Anna: I am joining.\n", "c.txt")
    assert isinstance(item, Interaction) and [turn.agent_id for turn in item.turns] == [None, None, "supervisor"]


def test_readers_that_infer_roles_leave_supervisors_and_whispers_to_the_contract() -> None:
    labels = ["CUSTOMER", "AGENT", "SUPERVISOR", "Whisper", "SPEAKER_9"]
    told = with_roles([RawTurn(label, "Yes.") for label in labels], 0.9, {"SPEAKER_9": "bot"})
    assert [turn.speaker for turn in told] == ["customer", "agent", "SUPERVISOR", "Whisper", "bot"]


def test_supervisor_in_contact_lens_does_not_speak_for_the_agent(read: Callable[..., list[Item]]) -> None:
    said = [("CUSTOMER", "Hello?"), ("AGENT", "Hi."), ("SUPERVISOR", "May I join?")]
    transcript = [
        {"Id": f"{n}", "ParticipantId": who, "ParticipantRole": who, "Type": "MESSAGE", "ContentType": "text/plain",
         "Content": text, "AbsoluteTime": f"2026-11-02T09:0{n}:00Z"}
        for n, (who, text) in enumerate(said)
    ]  # fmt: skip
    people = [{"ParticipantId": who, "ParticipantRole": who} for who, _ in said]
    document = {"Version": "CHAT-2022-11-30", "Participants": people, "Channel": "CHAT", "Transcript": transcript,
                "ConversationCharacteristics": {}, "CustomerMetadata": {"ContactId": "c"}}  # fmt: skip
    (item,) = read(json.dumps(document), "c.json")
    assert isinstance(item, Interaction)
    assert [(turn.speaker, turn.agent_id) for turn in item.turns] == [
        ("customer", None), ("agent", None), ("agent", "supervisor"),
    ]  # fmt: skip
    assert item.agent_id is None
