from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analyzer.errors import ModelError
from analyzer.journey.episodes import join_episodes
from analyzer.journey.linking import FEATURES, LinkModel, are_neighbours, reason_likeness
from tests.journey.store import MODEL, Store, at

DATA = Path(__file__).parents[3] / "shared" / "data" / "train"
BASE = dict.fromkeys(FEATURES, 0.0) | {"log_days": 1.0, "weeks": 0.25, "earlier_open": -0.7, "open_soon": -0.5}


def probability(**changed: float) -> float:
    return float(MODEL.probability(pd.DataFrame([{**BASE, **changed}]))[0])


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        ("overlap", 0.5),
        ("agent_overlap", 0.3),
        ("opening_overlap", 0.3),
        ("reason", 1.0),
        ("near_reason", 1.0),
        ("claim", 0.9),
        ("chase", 0.8),
        ("earlier_open", 0.0),
    ],
)
def test_link_evidence_raises_the_probability(feature: str, value: float) -> None:
    assert probability(**{feature: value}) > probability()


@pytest.mark.parametrize(("feature", "value"), [("closed", 1.0), ("weeks", 3.0), ("product_differs", 1.0)])
def test_link_counter_evidence_lowers_the_probability(feature: str, value: float) -> None:
    assert probability(**{feature: value}) < probability()


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [("refund", "refund", 1.0), ("refund", "payment", 0.0), ("refund", "setup", 0.0), (None, "refund", 0.5),
     (None, None, 0.5)],
)  # fmt: skip
def test_reason_likeness(earlier: str | None, later: str | None, expected: float) -> None:
    assert reason_likeness(earlier, later) == expected


def test_neighbouring_reasons_are_different_ones_of_a_group() -> None:
    assert are_neighbours("refund", "payment") and not are_neighbours("refund", "refund")
    assert not are_neighbours("refund", "setup") and not are_neighbours(None, "refund")


@pytest.mark.parametrize(("days", "episodes"), [(59, 1), (61, 2)])
def test_horizon_bounds_a_link_and_windows_do_not(days: int, episodes: int) -> None:
    claim = {"effort.repeat_contact": 0.95}
    store = Store().contact("a", at(0), resolution="unresolved", resolved_probability=0.05)
    journeys = store.contact("b", at(days), cues=claim).trace(at(100))
    assert journeys.episodes.num_rows == episodes


def test_horizon_holds_between_neighbours_so_that_a_matter_may_last_longer() -> None:
    store = Store()
    for number in range(4):
        facts: dict[str, Any] = {"resolution": "unresolved", "resolved_probability": 0.05}
        store.contact(f"c{number}", at(40 * number), cues={"effort.repeat_contact": 0.95}, **facts)
    journeys = store.trace(at(200))
    assert journeys.episodes.to_pylist()[0]["contacts"] == 4
    assert journeys.links["prior_contacts"].tolist() == [1, 1, 2, 3]  # the first claims a contact nobody recorded


def test_link_of_the_same_small_words_is_none() -> None:
    """Every agent says "sure" and "thank you"; that is no matter of theirs."""
    store = Store().contact("a", at(0), says="Hallo, danke.").contact("b", at(20), says="Hallo, danke.", reason="setup")
    assert store.trace(at(40)).episodes.num_rows == 2


def test_link_knows_the_matter_by_the_agents_words_too() -> None:
    repair = "Ihre Waschmaschine bekommt eine neue Laugenpumpe, der Monteur bringt Dichtung und Riemen mit."

    def probability_of(second: str) -> float:
        store = Store().contact("a", at(0), reason="setup", says="Sie tropft.", promise=repair)
        store.contact("b", at(6), reason="appointment", says="Niemand da gewesen.", promise=second)
        links = [row["link_probability"] for row in store.trace(at(30), link_threshold=0.0).episodes.to_pylist()]
        return float(links[0])

    assert probability_of("Die Laugenpumpe und die Dichtung für die Waschmaschine fehlen noch.") > probability_of(
        "Die Überweisung der Gutschrift auf Ihr Konto fehlt noch."
    )


def test_link_knows_the_matter_by_what_the_agent_told_and_the_customer_takes_up() -> None:
    def probability_of(opening: str) -> float:
        store = Store().contact(
            "a", at(0), reason="setup", says="Sie tropft.", promise="Ich schicke den Monteur Brandl."
        )
        store.contact("b", at(20), reason="billing_question", says=opening)
        links = [row["link_probability"] for row in store.trace(at(40), link_threshold=0.0).episodes.to_pylist()]
        return float(links[0])

    assert probability_of("Der Monteur Brandl ist da.") > probability_of("Der Vertreter Kaluza ist da.") + 0.02


def test_link_is_likelier_where_the_opening_answers_a_promise_kept_or_not() -> None:
    def probability_of(opening: str, cues: dict[str, float] | None = None) -> float:
        store = Store().contact("a", at(0), reason="setup", promise="Ich schicke Ihnen am Freitag jemanden.")
        store.contact("b", at(20), reason="billing_question", says=opening, cues=cues)
        links = [row["link_probability"] for row in store.trace(at(40), link_threshold=0.0).episodes.to_pylist()]
        return float(links[0])

    neither = probability_of("Auf dem Auszug steht etwas Neues.")
    assert probability_of("Der Mann war pünktlich hier. Auf dem Auszug steht etwas Neues.") > neither + 0.05
    assert probability_of("Auf dem Auszug steht etwas Neues.", {"expect.unmet": 0.9}) > neither + 0.05


def test_link_is_less_likely_where_the_opening_closes_the_old_matter() -> None:
    def episodes_of(opening: str) -> int:
        store = Store().contact("a", at(0)).contact("b", at(3), says=opening)
        return int(store.trace(at(40)).episodes.num_rows)

    assert episodes_of("Schon wieder ein falscher Betrag.") == 1
    assert episodes_of("Die Rechnung ist bezahlt, das hat geklappt. Jetzt aber ein falscher Betrag.") == 2


def test_link_threshold_is_obeyed() -> None:
    store = Store().contact("a", at(0)).contact("b", at(2), cues={"effort.repeat_contact": 0.9})
    assert store.trace(at(30), link_threshold=0.5).episodes.num_rows == 1
    assert store.trace(at(30), link_threshold=1.0).episodes.num_rows == 2


def test_episodes_follow_best_links_and_multiply_their_probabilities() -> None:
    contacts = pd.DataFrame({"customer_key": ["k", "k", "k", None]}, dtype=object)
    links = pd.DataFrame({"earlier": [0, 0, 1], "later": [1, 2, 2], "probability": [0.3, 0.6, 0.8]})
    joined = join_episodes(links, contacts, 0.5)
    assert joined["episode"].tolist() == [0, 1, 1, -1]
    assert np.isnan(joined["link"][0]) and joined["link"][2] == 0.8


def test_episodes_take_the_latest_of_equally_likely_links() -> None:
    contacts = pd.DataFrame({"customer_key": ["k"] * 3}, dtype=object)
    links = pd.DataFrame({"earlier": [0, 0, 1], "later": [1, 2, 2], "probability": [0.1, 0.7, 0.7]})
    assert join_episodes(links, contacts, 0.5)["episode"].tolist() == [0, 1, 1]


def test_episode_of_two_links_has_their_joint_probability() -> None:
    claim = {"effort.repeat_contact": 0.9}
    store = Store().contact("a", at(0)).contact("b", at(2), cues=claim)
    two = store.trace(at(30)).episodes.to_pylist()[0]["link_probability"]
    three = store.contact("c", at(4), cues=claim).trace(at(30)).episodes.to_pylist()[0]
    assert three["contacts"] == 3 and 0.5 < three["link_probability"] < two < 1


def test_link_model_survives_saving(tmp_path: Path) -> None:
    MODEL.save(tmp_path / "linking.json")
    assert LinkModel.load(tmp_path / "linking.json") == MODEL


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"weights": {}}', b"\xff\xfe"])
def test_link_model_damaged_says_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "linking.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"linking\.json"):
        LinkModel.load(path)


def test_link_model_of_other_features_is_refused(tmp_path: Path) -> None:
    LinkModel({"mood": 1.0}, 0.0, 1, {}, {}).save(tmp_path / "linking.json")
    with pytest.raises(ModelError, match="other features"):
        LinkModel.load(tmp_path / "linking.json")


@pytest.mark.evaluation
@pytest.mark.skipif(not DATA.exists(), reason="needs the shared training data")
def test_learning_the_links_gives_the_shipped_weights_and_beats_the_baselines() -> None:
    from analyzer.learn.linking import learn_linking

    models = Path(__file__).parents[2] / "models"
    model, reports = learn_linking(DATA, models / "training")
    shipped = LinkModel.load(models / "linking.json")
    # The worlds among the lessons may change a little; what is learned from them must not.
    assert model.weights == pytest.approx(dict(shipped.weights), abs=0.3)
    assert model.document_frequency == shipped.document_frequency
    for report in reports.values():
        assert report.auc > max(report.auc_same_reason, 0.7)
    given = reports["given"]
    assert given.f1 > max(given.f1_same_reason, given.f1_join_all)
    assert given.f1_labelled >= 0.84
