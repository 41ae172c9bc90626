from __future__ import annotations

import random
import time
from datetime import timedelta

import pandas as pd
import pytest

from analyzer.journey.assemble import LINK_COLUMNS
from analyzer.journey.trace import Journeys
from analyzer.tables import STORED
from tests.journey.store import MODEL, Store, at, settings, status

CLAIM = {"effort.repeat_contact": 0.9}
WORDS = [
    "rechnung",
    "modem",
    "lieferung",
    "tarif",
    "karte",
    "termin",
    "passwort",
    "zähler",
    "paket",
    "adresse",
    "heizung",
    "erstattung",
    "mahnung",
]


def busy_store(contacts: int, seed: int = 7) -> Store:
    """Customers with one to several contacts over 60 days, some redials, promises, callbacks and missing keys."""
    draw = random.Random(seed)
    store = Store()
    for number in range(contacts):
        store.contact(
            f"c{number:05d}",
            at(draw.uniform(0, 60)),
            customer_key=None if draw.random() < 0.05 else f"k-{draw.randrange(max(contacts // 3, 1))}",
            channel=draw.choice(["voice", "chat", "email"]),
            direction="outbound" if draw.random() < 0.05 else "inbound",
            reason=draw.choice(["billing_charge", "setup", "refund", "feedback"]),
            resolution=draw.choice(["resolved", "pending", "unresolved", "unclear"]),
            resolved_probability=draw.random(),
            cues={draw.choice(["effort.repeat_contact", "expect.unmet", "res.confirmed"]): draw.random()},
            says="Es geht um " + " ".join(draw.choices(WORDS, k=8)),
            promise=draw.choice([None, None, "Ich rufe Sie morgen an.", "Das Geld kommt in 5 Werktagen."]),
        )
    return store


def same(one: Journeys, other: Journeys) -> bool:
    tables = all(getattr(one, name).equals(getattr(other, name)) for name in ("episodes", "fcr", "commitments"))
    return tables and one.links.equals(other.links)


def test_journeys_of_nothing_are_empty_tables() -> None:
    journeys = Store().trace(at(1))
    for name in ("episodes", "fcr", "commitments"):
        assert getattr(journeys, name).schema.equals(STORED[name].schema)
        assert getattr(journeys, name).num_rows == 0
    assert tuple(journeys.links.columns) == LINK_COLUMNS and journeys.links.empty


def test_journeys_have_one_row_a_contact_matter_and_window() -> None:
    journeys = busy_store(120).trace(at(50))
    fcr = journeys.fcr.to_pandas()
    assert len(fcr) == 120 * 2 * 3 and not fcr.duplicated(["interaction_id", "matter", "window_days"]).any()
    assert set(journeys.links.index) == set(fcr["interaction_id"]) and len(journeys.links) == 120
    assert fcr["probability"].dropna().between(0, 1).all()
    assert journeys.links["repeat_probability"].dropna().between(0, 1).all()
    headline = fcr[(fcr["matter"] == "same") & (fcr["window_days"] == 7)].set_index("interaction_id")
    assert (journeys.links["fcr_status"] == headline["status"].reindex(journeys.links.index)).all()


def test_journeys_episodes_hold_every_identified_contact_once() -> None:
    journeys = busy_store(200).trace(at(70))
    in_episodes = journeys.links["episode_id"].dropna()
    sizes = journeys.episodes.to_pandas().set_index("episode_id")["contacts"]
    assert in_episodes.value_counts().sort_index().equals(sizes.sort_index().astype("int64").rename("count"))


def test_journeys_do_not_depend_on_row_order() -> None:
    store = busy_store(200)
    shuffled = busy_store(200)
    for rows in (shuffled.facts, shuffled.cues, shuffled.turns):
        random.Random(3).shuffle(rows)
    assert same(store.trace(at(50)), shuffled.trace(at(50)))
    assert same(store.trace(at(50)), store.trace(at(50)))


def test_journeys_take_frames_as_the_store_reads_them() -> None:
    """Arrow brings other dtypes (strings, timestamps, nullable) than hand-made frames; results must not care."""
    from analyzer.journey.trace import trace_journeys
    from analyzer.tables import Table

    store = busy_store(60)
    facts = Table("facts", "", (), STORED["interaction_facts"].columns)
    for row in store.facts:
        row |= {"source_id": "s", "source_uri": "u", "source_format": "native", "content_hash": "h", "agent_ids": []}
        row |= {"started_at_source": "record", "turn_count": 2, "customer_turns": 1, "role_confidence": 1.0}
        row |= dict.fromkeys(
            ("empathic_opportunities", "opportunities_met", "opportunities_hurt", "opportunities_met_by_action"), 0
        )
    read = [
        facts.from_rows(store.facts).to_pandas(),
        STORED["cues"].from_rows(store.cues).to_pandas(),
        STORED["turns"].from_rows(store.turns).to_pandas(),
    ]
    journeys = trace_journeys(*read, settings(), at(50), business_timezone="Europe/Berlin", link_model=MODEL)
    assert same(journeys, store.trace(at(50)))


def test_as_of_moves_only_open_rows() -> None:
    store = busy_store(300)
    last = max(fact["ended_at"] for fact in store.facts)
    now, later = (store.trace(moment).fcr.to_pandas() for moment in (last, last + timedelta(days=40)))
    settled = now["is_final"] & (now["status"] != "open")
    pd.testing.assert_frame_equal(
        now.loc[settled, ["status", "probability"]], later.loc[settled, ["status", "probability"]]
    )
    assert not (later["status"][later["interaction_id"].isin(_identified(store))] == "open").any()
    changed = now["status"] != later["status"]
    assert changed.any() and (now.loc[changed, "status"] == "open").all()


def _identified(store: Store) -> set[str]:
    return {fact["interaction_id"] for fact in store.facts if fact["customer_key"]}


def test_contacts_after_as_of_are_no_evidence_but_keep_a_row() -> None:
    store = Store().contact("a", at(0)).contact("b", at(10), cues=CLAIM)
    journeys = store.trace(at(9))
    assert status(journeys, "a", window=30) == "open" and status(journeys, "a") == "confirmed"
    assert status(journeys, "b") == "open" and journeys.links.loc["b", "episode_id"] is None
    alone = Store().contact("a", at(0)).trace(at(9))
    assert journeys.links.loc[["a"]].equals(alone.links)


def test_late_data_rewrites_what_it_touches() -> None:
    store = Store().contact("a", at(0)).contact("other", at(1), customer_key="k-2")
    before = store.trace(at(30))
    after = store.contact("b", at(3), cues=CLAIM).trace(at(30))
    assert (status(before, "a"), status(after, "a")) == ("confirmed", "refuted")
    assert after.links.loc["a", "next_contact_id"] == "b" and after.links.loc["b", "repeat_of"] == "a"
    assert after.links.loc[["other"]].equals(before.links.loc[["other"]])


def test_day_by_day_ends_where_all_at_once_does() -> None:
    store = busy_store(80)
    days = [store.trace(at(day)) for day in (20, 40, 60, 61)]
    assert same(days[-1], store.trace(at(61)))
    assert days[0].links.index.equals(days[-1].links.index)


def test_tracing_2000_contacts_is_fast() -> None:
    store = busy_store(2000)
    frames = store.frames()
    from analyzer.journey.trace import trace_journeys

    started = time.process_time()
    trace_journeys(*frames, settings(), at(61), business_timezone="Europe/Berlin", link_model=MODEL)
    assert time.process_time() - started < 3.0


@pytest.mark.parametrize("count", [3])
def test_prior_contacts_and_repeat_of_follow_the_episode(count: int) -> None:
    store = Store().contact("c0", at(0))
    for number in range(1, count):
        store.contact(f"c{number}", at(number * 2), cues=CLAIM)
    links = store.trace(at(30)).links
    assert links["prior_contacts"].tolist() == [0, 1, 2]
    assert links["repeat_of"].tolist() == [None, "c0", "c1"]
    assert links["next_contact_id"].tolist() == ["c1", "c2", None]
