from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analyzer.journey.linking import FEATURES, LinkModel
from analyzer.learn.link_lessons import HEARINGS, Lessons, background, histories
from analyzer.learn.linking import PRIORS, Weighed, out_of_fold, weighed

EMPTY = LinkModel(dict.fromkeys(FEATURES, 0.0), 0.0, 10, {}, {})
NOTHING = pd.DataFrame()


def lessons(truth: list[float], customer: list[str], **features: list[float]) -> Lessons:
    rows = pd.DataFrame({name: features.get(name, [0.0] * len(truth)) for name in FEATURES}, dtype=float)
    return Lessons(
        NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, rows, np.array(truth), np.array(customer, dtype=object)
    )


def history(name: str, day: int, episode: str, **told: Any) -> dict[str, Any]:
    says = {"speaker": "customer", "text": "Die Waschmaschine tropft.", "labels": ["effort.repeat_contact"]}
    answers = {"speaker": "agent", "text": "Wir schicken jemanden.", "labels": ["svc.commit"]}
    row = {
        "interaction_id": name, "customer_id": "k", "episode": episode, "channel": "voice", "reason": "product_fault",
        "resolution": "pending", "effort": 3.0, "started_at": f"2026-03-{day:02d}T09:00:00Z", "turns": [says, answers],
    }  # fmt: skip
    return row | told


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def test_links_of_a_customer_are_judged_by_models_that_never_saw_it() -> None:
    told = lessons([1.0, 0.0, 1.0, 0.0], ["a", "a", "b", "c"], reason=[1.0, 0.0, 1.0, 0.5], claim=[0.9, 0.0, 0.0, 0.0])
    turned = replace(told, truth=np.array([0.0, 1.0, 1.0, 0.0]))
    before, after = (out_of_fold(part, [part], [])[0] for part in (told, turned))
    assert after[:2] == pytest.approx(before[:2])
    assert abs(after[2] - before[2]) > 0.01


@pytest.mark.parametrize("name", [name for name in FEATURES if PRIORS[name].sign])
def test_links_never_learn_against_sense(name: str) -> None:
    """Lessons that say the contrary of what every reader knows may silence a feature, not turn it."""
    sign = PRIORS[name].sign
    contrary = lessons([0.0, 0.0, 1.0, 1.0], ["a", "b", "c", "d"], **{name: [1.0, 1.0, 0.0, 0.0]})
    if sign < 0:
        contrary = replace(contrary, truth=1.0 - contrary.truth)
    asked = lessons([0.0, 0.0], ["x", "x"], **{name: [0.0, 1.0]})
    without, with_it = out_of_fold(asked, [asked], [weighed(contrary, 400)])[0]
    assert sign * (with_it - without) >= -1e-12


def test_links_weigh_lessons_by_the_pairs_they_stand_for() -> None:
    part: Weighed = weighed(lessons([1.0, 0.0, 0.0, 1.0], ["a", "b", "c", "d"]), 2.0)
    assert part.weight.tolist() == [0.5] * 4
    assert part.features.shape == (4, len(FEATURES))


def test_histories_are_told_once_as_labelled_and_then_as_heard(tmp_path: Path) -> None:
    rows = [history("1", 2, "A"), history("2", 4, "A"), history("3", 20, "B", reason="refund")]
    labelled, *heard = histories(written(tmp_path / "rows.jsonl.gz", rows), EMPTY)
    assert labelled.truth.tolist() == [1.0, 0.0, 0.0]
    assert labelled.features["reason"].tolist() == [1.0, 0.0, 0.0]
    assert len(heard) == HEARINGS and all(part.truth.tolist() == labelled.truth.tolist() for part in heard)
    claims = [part.features["claim"].to_numpy() for part in heard]
    assert any((claim < labelled.features["claim"].to_numpy()).any() for claim in claims)  # labels are missed
    assert any(part.features["reason"].tolist() != [1.0, 0.0, 0.0] for part in heard)  # reasons are mistaken


def test_rarity_of_words_counts_customers_and_forgets_what_few_said(tmp_path: Path) -> None:
    rows = [history(str(number), 2, "A") for number in range(3)]
    rows.append(history("4", 3, "B", turns=[{"speaker": "customer", "text": "Meine Klarinette!", "labels": []}]))
    documents, counts = background(written(tmp_path / "rows.jsonl.gz", rows))
    assert documents == 4
    assert counts == {"die": 3, "waschm": 3, "tropft": 3}  # neither the agent's words nor one person's own
