"""Threads over several nights: their pieces grow, merge and split, and nothing of a former version stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .nights import Nights, counts

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
Said = tuple[float, str]  # hours after the start, and the words


def thread(*said: Said, key: str = "t", **changes: Any) -> dict[str, Any]:
    """A native messaging record; who speaks is told by the words: the agent says "A…", the customer anything else."""
    turns = [
        {"speaker": "agent" if words.startswith("A") else "customer", "text": words, "start_ms": round(at * 3_600_000)}
        for at, words in said
    ]
    plain = {"interaction_id": key, "channel": "messaging", "started_at": START.isoformat(), "customer_id": "k",
             "agent_id": "a-1", "turns": turns}  # fmt: skip
    return {name: value for name, value in (plain | changes).items() if value is not None}


THREE = ((0, "One"), (1, "Aye"), (40, "Two"), (90, "Three"))
BRIDGES = ((20, "B20"), (60, "B60"), (80, "B80"))


def merged(*said: Said) -> tuple[Said, ...]:
    return tuple(sorted((*THREE, *said)))


@pytest.mark.parametrize(
    ("bridges", "pieces"),
    [(BRIDGES[:1], {"t": ["One", "Aye", "B20", "Two"], "t#2": ["Three"]}),
     (BRIDGES[1:], {"t": ["One", "Aye"], "t#2": ["Two", "B60", "B80", "Three"]}),
     (BRIDGES, {"t": ["One", "Aye", "B20", "Two", "B60", "B80", "Three"]})],
)  # fmt: skip
def test_late_message_that_bridges_a_silence_leaves_no_orphan(
    nights: Nights, bridges: tuple[Said, ...], pieces: dict[str, list[str]]
) -> None:
    nights.run({"a.jsonl": [thread(*THREE), thread((0, "Else"), key="u")]})
    assert nights.said().keys() == {"t", "t#2", "t#3", "u"}
    assert counts(nights.run({"a.jsonl": [thread(*merged(*bridges))]})) == (1, 1, 0, 1)
    assert nights.said() == {**pieces, "u": ["Else"]}
    tables = nights.ids_by_table()
    assert all(ids <= {*pieces, "u"} for ids in tables.values()), tables
    assert tables["outcomes"] == {*pieces, "u"}
    assert sum(row["contacts"] for row in nights.rows("episodes")) == len(pieces) + 1
    assert counts(nights.run({"b.jsonl": [thread(*merged(*bridges))]})) == (1, 0, 1, 0)


def test_pieces_merge_and_split_within_one_run(intakes: Nights) -> None:
    versions = [thread(*THREE), thread(*merged(*BRIDGES)), thread(*merged(BRIDGES[0]))]
    assert counts(intakes.run({"a.jsonl": versions}, ["ingest.batch_contacts=1"])) == (3, 3, 0, 2)
    assert intakes.said() == {"t": ["One", "Aye", "B20", "Two"], "t#2": ["Three"]}


def test_piece_that_was_gone_comes_back(intakes: Nights) -> None:
    intakes.run({"a.jsonl": [thread(*THREE)]})
    intakes.run({"a.jsonl": [thread(*merged(*BRIDGES)), thread(*THREE)]})
    assert intakes.said() == {"t": ["One", "Aye"], "t#2": ["Two"], "t#3": ["Three"]}


def test_source_id_that_looks_like_a_piece_is_no_orphan(intakes: Nights) -> None:
    intakes.run({"a.jsonl": [thread((0, "One"), key="t"), thread((0, "Own"), key="t#2")]})
    intakes.run({"a.jsonl": [thread((0, "One more"), key="t")]})
    assert intakes.said() == {"t": ["One more"], "t#2": ["Own"]}


def test_earlier_export_that_comes_late_takes_no_message_back(intakes: Nights) -> None:
    intakes.run({"a.jsonl": [thread(*THREE, csat=5, csat_scale=[1, 5])]})
    for earlier in (THREE[:1], THREE[:2], THREE[:3]):
        late = thread(*earlier, csat=2, csat_scale=[1, 5])
        assert counts(intakes.run({"a.jsonl": [late]})) == (1, 0, 1, 0)
    assert intakes.said() == {"t": ["One", "Aye"], "t#2": ["Two"], "t#3": ["Three"]}


def test_earlier_version_by_the_clock_of_the_source_takes_no_piece_back(intakes: Nights) -> None:
    told = "2026-11-06T09:00:00Z", "2026-11-07T09:00:00Z"
    intakes.run({"a.jsonl": [thread(*THREE, updated_at=told[1])]})
    intakes.run({"a.jsonl": [thread((0, "Won"), (1, "Aye"), updated_at=told[0])]})
    assert intakes.said().keys() == {"t", "t#2", "t#3"}
    intakes.run({"a.jsonl": [thread((0, "Won"), (1, "Aye"), updated_at="2026-11-08T09:00:00Z")]})
    assert intakes.said() == {"t": ["Won", "Aye"]}


def test_shorter_thread_with_other_words_replaces_all_pieces(intakes: Nights) -> None:
    intakes.run({"a.jsonl": [thread(*THREE)]})
    intakes.run({"a.jsonl": [thread((0, "Other"))]})
    assert intakes.said() == {"t": ["Other"]}


def test_pieces_told_in_another_zone_move_and_stay_whole(intakes: Nights) -> None:
    times = ["2026-11-02T09:00", "2026-11-03T12:00", "2026-11-05T00:30"]
    told = "interaction_id,channel,speaker,text,started_at\n" + "".join(
        f"c,sms,customer,M{n},{at}\n" for n, at in enumerate(times)
    )
    intakes.run({"t.csv": told})
    assert intakes.run({"t.csv": told}, ["ingest.timezone=America/New_York"]).replaced == 1
    days = {row["interaction_id"]: row["started_at"] for row in intakes.rows("interaction_facts")}
    first = datetime(2026, 11, 2, 14, tzinfo=UTC)
    assert days == {"c": first, "c#2": first + timedelta(hours=27), "c#3": first + timedelta(hours=63.5)}


def test_thread_of_ten_thousand_messages_is_cut_once_a_silence(intakes: Nights) -> None:
    said = [(n * 0.01 + 30 * (n // 1000), f"M{n}") for n in range(10_000)]
    assert counts(intakes.run({"a.jsonl": [thread(*said)]}, ["ingest.batch_contacts=3"])) == (1, 1, 0, 0)
    assert [len(words) for words in intakes.said().values()] == [1000] * 10
