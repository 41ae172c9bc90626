"""From verdicts in the store to corrected estimates, and a look that spoils an audit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analyzer.publish.blind import AUDIT_RULE
from analyzer.store import Change, open_store
from analyzer.tables import STORED

from .conftest import call, sample_arguments

ANSWERED = datetime(2026, 11, 25, tzinfo=UTC)


def judge(path: Path, some: slice = slice(None)) -> list[dict[str, Any]]:
    """Publishes blind random verdicts of resolution, the way a review does; every contact was drawn."""
    with open_store(path, write=True) as store:
        facts = store.read("interaction_facts").to_pylist()[some]
        rows = [_verdict(fact, at) for at, fact in enumerate(facts) if fact["resolution"]]
        table = STORED["verdicts"].from_rows(rows)
        store.publish([Change("verdicts", table)], run=store.ledger.runs()[-1] | {"run_id": "review"}, fingerprint="v")
    return rows


def _verdict(fact: dict[str, Any], at: int) -> dict[str, Any]:
    return {
        "verdict_id": f"v-{at}", "interaction_id": fact["interaction_id"], "finding": "resolution",
        "answer": "unresolved" if at % 3 else "resolved", "reviewer": "r-1", "answered_at": ANSWERED, "blind": True,
        "sampling_probability": 0.9, "assigned_at": None, "content_hash": fact["content_hash"], "model_version": "m",
        "use": "audit",
    }  # fmt: skip


def read(path: Path, name: str) -> pa.Table:
    with open_store(path, write=False) as store:
        return store.read(name)


def test_verdicts_correct_the_next_run(sample_copy: Path) -> None:
    assert set(read(sample_copy, "unit_scores")["error_basis"].to_pylist()) == {"model_only"}
    rows = judge(sample_copy)
    ended = call(*sample_arguments(sample_copy))
    assert ended.code == 0, ended.said
    scores = read(sample_copy, "unit_scores").to_pandas()
    corrected = scores[scores["error_basis"] == "audit_corrected"]
    assert {"resolved_rate"} <= set(corrected["measure"]) <= {"resolved_rate", "fcr_rate"}
    whole = {r["measure"]: r for r in read(sample_copy, "audit_corrections").to_pylist() if r["group_kind"] == "all"}
    said = whole["resolved_rate"]
    assert said["error_basis"] == "audit_corrected" and said["n_audited"] <= len(rows)
    assert said["low"] < 1 / 3 < said["high"] < said["machine"]
    assert "people do not judge it" in scores.loc[scores["measure"] == "handle_s", "method"].iloc[0]


def test_a_look_before_the_answer_is_recorded_and_spoils_it(sample_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flags = read(sample_copy, "flags").to_pylist()
    drawn = next(flag["interaction_id"] for flag in flags if flag["rule"] == AUDIT_RULE)
    hidden, shown = (call("show", drawn, "--store", sample_copy, *more) for more in ((), ("--reveal",)))
    assert hidden.code == shown.code == 0, hidden.said + shown.said
    assert "Findings" not in hidden.out and "Findings" in shown.out
    (look,) = read(sample_copy, "reveals").to_pylist()
    assert look["interaction_id"] == drawn and look["revealed_by"]
    assert call("verify", "--store", sample_copy).code == 0

    from analyzer.score.correction_verdicts import judgements

    monkeypatch.setattr("tests.test_audited.ANSWERED", datetime.now(UTC))
    judge(sample_copy)
    found = judgements(
        read(sample_copy, "verdicts"), read(sample_copy, "interaction_facts").to_pandas(), read(sample_copy, "reveals")
    )
    assert found.left_out == {"findings seen before": 1} and drawn not in set(found.facts["interaction_id"])


def test_a_look_at_a_contact_that_was_not_drawn_writes_nothing(sample_copy: Path) -> None:
    drawn = {flag["interaction_id"] for flag in read(sample_copy, "flags").to_pylist() if flag["rule"] == AUDIT_RULE}
    other = next(i for i in read(sample_copy, "interaction_facts")["interaction_id"].to_pylist() if i not in drawn)
    shown = call("show", other, "--store", sample_copy, "--reveal")
    assert shown.code == 0 and "Findings" in shown.out
    assert read(sample_copy, "reveals").num_rows == 0
