from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyzer.config import IngestSettings
from analyzer.errors import UsageError
from analyzer.ingest.metadata import load_metadata
from analyzer.ingest.roster import load_roster
from analyzer.records import Interaction
from tests.ingest.conftest import Item, codes, line

Read = Callable[..., list[Item]]


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_metadata_fills_what_the_file_lacks(read: Read, tmp_path: Path, defaults: IngestSettings) -> None:
    path = _write(
        tmp_path / "meta.csv",
        "source_id,customer_id,channel,started_at,queue\nc-1,k-7,email,2026-11-01T10:00:00Z,billing\nx.txt,k-8,sms,,\n",
    )
    metadata = load_metadata(path, defaults)
    (item,) = read(line(started_at=None), metadata=metadata)
    assert isinstance(item, Interaction)
    assert (item.customer_key, item.channel, item.queue) == ("k-7", "chat", "billing")
    assert (item.started_at, item.started_at_source) == (datetime(2026, 11, 1, 10, tzinfo=UTC), "metadata")
    (named,) = read("Agent: a", name="x.txt", metadata=metadata)
    assert isinstance(named, Interaction) and (named.customer_key, named.channel) == ("k-8", "messaging")


def test_metadata_may_be_parquet_by_file_name(read: Read, tmp_path: Path, defaults: IngestSettings) -> None:
    pq.write_table(pa.table({"file_name": ["calls/x.txt"], "wait_s": [7.5]}), tmp_path / "meta.parquet")
    (item,) = read("Agent: a", name="x.txt", metadata=load_metadata(tmp_path / "meta.parquet", defaults))
    assert isinstance(item, Interaction) and item.wait_s == 7.5


def test_metadata_that_contradicts_itself_rejects_its_contact(
    read: Read, tmp_path: Path, defaults: IngestSettings
) -> None:
    path = _write(tmp_path / "meta.csv", "source_id,queue\nc-1,a\nc-1,b\nc-2,a\nc-2,a\n")
    items = read(line() + line(interaction_id="c-2"), metadata=load_metadata(path, defaults))
    assert list(codes(items)) == ["metadata_conflict", "ok"]


def test_metadata_value_that_cannot_be_read_rejects_its_contact(
    read: Read, tmp_path: Path, defaults: IngestSettings
) -> None:
    path = _write(tmp_path / "meta.csv", "source_id,wait_s,started_at\nc-1,long,\nc-2,,soon\n")
    items = read(line() + line(interaction_id="c-2", started_at=None), metadata=load_metadata(path, defaults))
    assert list(codes(items)) == ["bad_number", "unreadable_time"]


def test_roster_gives_the_team_as_of_the_contact(read: Read, tmp_path: Path, defaults: IngestSettings) -> None:
    path = _write(
        tmp_path / "agents.csv",
        "agent_id;name;team;valid_from;valid_to\na-3;Bo;north;;2026-11-19\na-3;Bo;south;2026-11-20;\na-4;Cy;east;;9999-12-31\n",
    )
    roster = load_roster(path, defaults)
    assert roster.team_of("a-3", datetime(2026, 11, 19, 22, 59, tzinfo=UTC)) == "north"
    assert roster.team_of("a-3", datetime(2026, 11, 19, 23, 0, tzinfo=UTC)) == "south"
    assert roster.team_of("a-4", datetime(2026, 11, 19, tzinfo=UTC)) == "east"
    assert roster.team_of("a-9", datetime(2026, 11, 19, tzinfo=UTC)) is None
    items = read(line(agent_id="a-3") + line(interaction_id="c-2", agent_id="a-3", team="own"), roster=roster)
    assert [item.team for item in items if isinstance(item, Interaction)] == ["south", "own"]


@pytest.mark.parametrize(
    "text",
    ["name,team\nBo,north\n", "agent_id,valid_from\na-1,soon\n", "agent_id,team\na-1\n", "agent_id,agent_id\n1,2\n"],
)
def test_roster_says_what_is_wrong(tmp_path: Path, defaults: IngestSettings, text: str) -> None:
    with pytest.raises(UsageError, match="--agents"):
        load_roster(_write(tmp_path / "agents.csv", text), defaults)


def test_side_table_that_is_missing_or_keyless_is_a_usage_error(tmp_path: Path, defaults: IngestSettings) -> None:
    with pytest.raises(UsageError):
        load_metadata(tmp_path / "none.csv", defaults)
    with pytest.raises(UsageError, match="key column"):
        load_metadata(_write(tmp_path / "meta.csv", "queue\na\n"), defaults)
