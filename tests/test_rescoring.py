"""Stored contacts heard again: the same as if they came in now, without the files they came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer import batches
from analyzer.store.verify import verify

from .conftest import Ended, call
from .dumps import contact, differences, dump, rows, said_by, versions
from .nights import nothing_understood

Run = Callable[..., Ended]
ANGRY = ("This is the third time I ask. I am furious.", "I am so sorry about that.", "Then I will cancel.")
DERIVED = ("interaction_facts", "turns", "cues", "findings", "outcomes", "contributions", "flags")


@pytest.fixture
def unheard(run: Run, tmp_path: Path) -> Path:
    """A store whose contacts no model has read: as if weights of long ago had heard nothing in them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "understand_all", nothing_understood)
        assert run(_calls(tmp_path), store="unheard").code == 0
    return tmp_path / "unheard"


def _calls(folder: Path, *more: dict[str, Any]) -> Path:
    return dump(
        folder / "calls.jsonl", contact("a1"), contact("b1", day="2026-11-04", said=ANGRY, agent_id="a-2"),
        contact("a2", day="2026-11-06"), *more,
    )  # fmt: skip


def test_rescore_says_what_a_run_of_the_files_would(run: Run, unheard: Path, tmp_path: Path) -> None:
    (tmp_path / "calls.jsonl").rename(tmp_path / "gone.jsonl")
    again = call("rescore", "--store", unheard)
    assert again.code == 0 and "3 contacts heard again by bilingual" in again.out
    (tmp_path / "gone.jsonl").rename(tmp_path / "calls.jsonl")
    run(tmp_path / "calls.jsonl", store="fresh")
    assert differences(said_by(unheard, DERIVED), said_by(tmp_path / "fresh", DERIVED)) == []
    assert verify(unheard) == [] and len(rows(unheard, "runs")) == 2


def test_rescore_with_the_same_models_changes_no_finding(run: Run, tmp_path: Path) -> None:
    too_short_to_tell = contact("c1", day="2026-11-06", said=("ok", "Sure."), language="de")
    run(_calls(tmp_path, too_short_to_tell))
    before = said_by(tmp_path / "store", DERIVED)
    again = call("rescore", "--store", tmp_path / "store")
    assert again.code == 0 and "Heard otherwise" in again.out
    assert differences(before, said_by(tmp_path / "store", DERIVED)) == []
    assert run(tmp_path / "calls.jsonl").out.startswith("4 read = 0 accepted"), "the files are known still"


def test_rescore_turns_no_clock_back(run: Run, tmp_path: Path) -> None:
    run(_calls(tmp_path), more=["--as-of", "2026-11-20T22:00Z"])
    before = said_by(tmp_path / "store", ("fcr", "outcomes", "commitments"))
    call("rescore", "--store", tmp_path / "store")
    first, again = (row["as_of"] for row in rows(tmp_path / "store", "runs"))
    assert first == again and differences(before, said_by(tmp_path / "store", tuple(before))) == []


def test_rescore_since_leaves_earlier_days_as_they_were_heard(unheard: Path) -> None:
    call("rescore", "--store", unheard, "--since", "2026-11-05")
    heard = dict(zip(rows(unheard, "interaction_facts", "interaction_id"), _endings(unheard), strict=True))
    known = {row["source_id"]: heard[row["interaction_id"]] for row in rows(unheard, "interaction_facts")}
    assert known["a1"] is None and known["b1"] is None and known["a2"] is not None


def _endings(store: Path) -> list[Any]:
    return rows(store, "interaction_facts", "resolution")


def test_rescore_that_is_killed_leaves_what_stood_and_ends_when_asked_again(
    unheard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = versions(unheard)
    real = batches.understand_all

    def dies(*given: Any) -> Iterator[Any]:
        yield from real(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(batches, "understand_all", dies)
    with pytest.raises(KeyboardInterrupt):
        from analyzer.config import load_settings
        from analyzer.rescoring import rescore

        rescore(unheard, None, load_settings(None, ["ingest.batch_contacts=2"]))
    assert versions(unheard) == before and verify(unheard) == []
    monkeypatch.setattr(batches, "understand_all", real)
    assert call("rescore", "--store", unheard).code == 0
    assert all(ending is not None for ending in _endings(unheard)[:3])


def test_rescore_of_no_store_says_what_to_do(tmp_path: Path) -> None:
    refused = call("rescore", "--store", tmp_path / "none")
    assert refused.code == 2 and "analyzer run" in refused.err
