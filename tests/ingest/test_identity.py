from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analyzer.config import IngestSettings
from analyzer.errors import ConfigError
from analyzer.ingest.identity import customer_keys, decide, interaction_id, is_redacted_twin
from analyzer.records import Interaction, Turn
from tests.ingest.conftest import Item, line

Read = Callable[..., list[Item]]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _one(items: list[Item]) -> Interaction:
    (item,) = items
    assert isinstance(item, Interaction), item
    return item


def _known(item: Interaction) -> tuple[str, datetime | None]:
    return item.content_hash, item.updated_at


def _said(*texts: str) -> list[dict[str, Any]]:
    return [{"speaker": "customer", "text": text} for text in texts]


def test_interaction_id_is_the_source_s_own_or_a_hash() -> None:
    assert interaction_id("native_jsonl", True, "c-1", "a", 0) == "c-1"
    assert interaction_id("plain_text", False, "c-1", "a", 0) == interaction_id("plain_text", False, "c-1", "b", 7)
    assert interaction_id("plain_text", False, None, "a", 0) != interaction_id("plain_text", False, None, "a", 1)


def test_content_hash_changes_with_words_and_facts_only(read: Read) -> None:
    base = _one(read(line()))
    assert (
        _one(read(line(updated_at="2026-11-21T00:00:00Z", extra=1), name="other.jsonl")).content_hash
        == base.content_hash
    )
    for change in (
        {"turns": _said("Else")},
        {"customer_id": "k"},
        {"wait_s": 1},
        {"started_at": "2026-11-20T09:12:01Z"},
    ):
        assert _one(read(line(**change))).content_hash != base.content_hash


def test_content_hash_forgets_when_we_first_saw_it(read: Read, defaults: IngestSettings, tmp_path: Path) -> None:
    from analyzer.ingest.files import find_files
    from analyzer.ingest.read import read_file

    first = _one(read(line(started_at=None), name="dump.jsonl"))
    (file,) = find_files([tmp_path / "dump.jsonl"])
    later = _one(list(read_file(file, defaults, now=NOON + timedelta(days=60))))
    assert later.started_at != first.started_at and later.content_hash == first.content_hash


@pytest.mark.parametrize(
    ("known_at", "incoming_at", "decision"),
    [(None, None, "replacement"), (NOON, None, "replacement"), (None, NOON, "replacement"), (NOON, NOON, "replacement"),
     (NOON, NOON + timedelta(1), "replacement"), (NOON, NOON - timedelta(1), "stale")],
)  # fmt: skip
def test_decide_lets_the_later_update_win(
    read: Read, known_at: datetime | None, incoming_at: datetime | None, decision: str
) -> None:
    item = _one(read(line(updated_at=incoming_at and incoming_at.isoformat())))
    assert decide(("other hash", known_at), item) == decision
    assert decide((item.content_hash, known_at), item) == "duplicate"
    assert decide(None, item) == "new"


def test_redacted_twin_is_a_duplicate(read: Read) -> None:
    known = _one(read(line(turns=_said("It stands at the Harbour, mail ann@x.example", "bye"))))
    masked_alike = _one(read(line(turns=_said("It stands at the Harbour, mail [PII]", "bye"))))
    assert decide(_known(known), masked_alike) == "duplicate"
    twin = _one(read(line(turns=_said("It stands at the [PLACE], mail [PII]", "bye"))))
    assert decide(_known(known), twin) == "replacement"
    assert decide(_known(known), twin, lambda: known.turns) == "duplicate"
    changed = _one(read(line(turns=_said("It stands at the [PLACE], call [PII]", "bye"))))
    assert decide(_known(known), changed, lambda: known.turns) == "replacement"


@pytest.mark.parametrize(
    ("known", "incoming", "twin"),
    [("a b c", "a [PII] c", True), ("a [PII] c", "a b c", True), ("a b c", "[NAME_1] c", True),
     ("a b c", "a b c", False), ("a b c", "a [PII] d", False), ("ab", "a[PII]b", True), ("a", "a[PII]a", False),
     ("x *** y", "x 12 y", True)],
)  # fmt: skip
def test_is_redacted_twin(known: str, incoming: str, twin: bool) -> None:
    assert is_redacted_twin([Turn("customer", known)], [Turn("customer", incoming)]) is twin


def test_hashed_customer_keys_need_a_private_file(tmp_path: Path, defaults: IngestSettings) -> None:
    path = tmp_path / "key"
    settings = msgspec.structs.replace(defaults, customer_keys="hashed", key_file=str(path))
    with pytest.raises(ConfigError, match="key_file"):
        customer_keys(settings)
    path.write_text("0123456789abcdef\n")
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="others"):
        customer_keys(settings)
    path.chmod(0o600)
    keys = customer_keys(settings)
    assert keys.key(" K-77") == keys.key("k-77") != keys.key("k-78")
    assert keys.key(None) is None and len(keys.key("k-77") or "") == 64
    assert customer_keys(defaults).key("K-77") == "K-77"
