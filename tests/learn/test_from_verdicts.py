"""Weights learn from verdicts, are adopted only where that helps, and one command goes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from analyzer import adopted
from analyzer.learn.answers import is_held_out
from analyzer.learn.from_verdicts import LEAST_HELD_OUT, Compared, _compared, is_better
from analyzer.records import stable_id
from analyzer.review import verdicts
from analyzer.review.database import open_database
from analyzer.review.verdicts import Answer, Judged
from analyzer.store.store import open_store
from analyzer.trust.audit import audit
from analyzer.understand.model import load_heads

from ..conftest import call, sample_arguments
from ..dumps import rows

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DOUBTED = "svc.solution"


def answer_all(store: Path, said: Callable[[str, int], str], use: str = "training") -> int:
    """Judges every cue of one label that was found; how many."""
    with open_store(store, write=False) as opened:
        cues = opened.read("cues", ["interaction_id", "turn", "label", "found"]).to_pylist()
        hashes = {
            row["interaction_id"]: row["content_hash"]
            for row in opened.read("interaction_facts", ["interaction_id", "content_hash"]).to_pylist()
        }
    own = [cue for cue in cues if cue["label"] == DOUBTED and cue["found"]]
    with open_database(None, store).write() as connection:
        for cue in own:
            key = cue["interaction_id"]
            about = Judged(key, hashes[key], "m", False, 1.0, None, use)  # type: ignore[arg-type]
            answer = Answer(DOUBTED, said(key, cue["turn"]), cue["turn"])
            verdicts.add(connection, about, answer, "dana", NOW)
    return len(own)


def always_wrong(key: str, turn: int) -> str:
    return "wrong"


def by_chance(key: str, turn: int) -> str:
    """As often right as the machine thinks itself, and as likely where it is sure as where it is not."""
    return "right" if int(stable_id(key, str(turn)), 16) % 4 else "wrong"


def test_verdicts_that_agree_with_each_other_are_learned_and_used(sample_copy: Path) -> None:
    judged = answer_all(sample_copy, always_wrong)
    learned = call("learn", "heads", "--with-verdicts", "--store", sample_copy)
    assert learned.code == 0 and "Adopted as house-" in learned.out, learned.out
    name = adopted.used(sample_copy)
    assert name is not None and name in call("learn", "versions", "--store", sample_copy).out
    before, _ = said(sample_copy)
    assert judged > 60 and before == judged
    assert call("rescore", "--store", sample_copy).code == 0
    after, heard_by = said(sample_copy)
    assert after < 0.5 * before and heard_by == {name}


def test_going_back_takes_one_command(sample_copy: Path) -> None:
    answer_all(sample_copy, always_wrong)
    before = said(sample_copy)[0]
    call("learn", "heads", "--with-verdicts", "--store", sample_copy)
    back = call("learn", "use", "shipped", "--store", sample_copy)
    assert back.code == 0 and "shipped is used" in back.out and adopted.used(sample_copy) is None
    on_record = [(event.what, event.action) for event in audit(sample_copy, None) if event.record == "weights"]
    assert [action for _, action in on_record] == ["learned from verdicts", "asked for"]
    assert [what for what, _ in on_record][1] == "shipped"
    again = call(*sample_arguments(sample_copy))
    assert "Nothing has changed" not in again.out, "verdicts came in"
    assert said(sample_copy)[0] == before


def test_verdicts_that_say_nothing_leave_the_weights(sample_copy: Path) -> None:
    answer_all(sample_copy, by_chance)
    refused = call("learn", "heads", "--with-verdicts", "--store", sample_copy)
    assert refused.code == 0 and "the weights in use stay" in refused.out, refused.out
    assert adopted.used(sample_copy) is None
    assert [version.name for version in adopted.versions(sample_copy)] == ["shipped"]


def test_verdicts_of_the_audit_never_teach(sample_copy: Path) -> None:
    answer_all(sample_copy, always_wrong, use="audit")
    refused = call("learn", "heads", "--with-verdicts", "--store", sample_copy)
    assert refused.code == 2 and "Verdicts that can teach: 0; 60 are needed" in refused.err


def test_other_heads_stay_as_they_are(sample_copy: Path) -> None:
    answer_all(sample_copy, always_wrong)
    call("learn", "heads", "--with-verdicts", "--store", sample_copy)
    old, new = (load_heads(version.folder).state_dict() for version in adopted.versions(sample_copy))
    moved = {name.split(".")[0] for name in old if not old[name].equal(new[name])}
    assert "label_sentence" in moved and not moved & {"reader", "empathy", "pools"}


def test_a_version_that_is_not_there_is_refused(sample_copy: Path) -> None:
    refused = call("learn", "use", "house-0", "--store", sample_copy)
    assert refused.code == 2 and "learn versions" in refused.err


def test_a_damaged_note_is_told(sample_copy: Path) -> None:
    (sample_copy / "models").mkdir()
    (sample_copy / "models" / "adopted.json").write_text('{"used": ')
    refused = call(*sample_arguments(sample_copy))
    assert refused.code != 0 and "adopted.json is damaged" in refused.err


@pytest.mark.parametrize("share", [0.2, 0.3])
def test_about_a_quarter_of_the_contacts_is_held_out(share: float) -> None:
    held_out = sum(is_held_out(f"c-{n}") for n in range(2000)) / 2000
    assert (held_out > share) == (share < 0.25)


def said(store: Path) -> tuple[int, set[str]]:
    """How often the label is found, and by which weights."""
    found = [row for row in rows(store, "cues") if row["label"] == DOUBTED and row["found"]]
    return len(found), set(rows(store, "findings", "model_version"))


def held_out_losses(contacts: int, seed: int, gain: float = 0.0) -> Compared:
    """Of three answers a contact, whose losses move together by chance and by ``gain``."""
    draw = np.random.default_rng(seed)
    moved = np.repeat(draw.normal(-gain, 1, contacts), 3)
    zero = np.zeros(3 * contacts)
    return _compared("all answers", np.repeat(np.arange(contacts, dtype=float), 3), zero, moved, zero, zero)


@pytest.mark.parametrize("contacts", [1, 3, LEAST_HELD_OUT - 1])
def test_few_contacts_held_out_decide_nothing(contacts: int) -> None:
    told = held_out_losses(contacts, 3, gain=5.0)
    assert told.new_loss < told.old_loss and told.contacts == contacts and not is_better([told])
    assert (told.low is None) == (contacts == 1)


def test_weights_that_are_no_better_are_seldom_taken() -> None:
    """A percentile bootstrap over three contacts takes them in 13 of 100 cases, over two in 23."""
    wrongly = [is_better([held_out_losses(LEAST_HELD_OUT, seed)]) for seed in range(1000)]
    assert np.mean(wrongly) < 0.04
    of_three = [held_out_losses(3, seed) for seed in range(1000)]
    assert np.mean([each.high is not None and each.high < 0 for each in of_three]) < 0.04
    assert np.mean([is_better([held_out_losses(40, seed, gain=1.0)]) for seed in range(50)]) > 0.95
