"""Verdicts to corrected unit scores: what counts, what it moves, and what stays the machine's."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analyzer.score.correction_samples import Audit, Scored, audited_measures
from analyzer.score.correction_scores import correct_unit_scores
from analyzer.score.correction_table import audit_corrections
from analyzer.score.correction_verdicts import judgements
from analyzer.score.units import UnitInputs, score_units
from analyzer.tables import STORED
from tests.score import worlds
from tests.score.audited_agents import AgentSpec, tell

NO_FCR = STORED["fcr"].empty()
ANSWERED = datetime(2026, 11, 20, 9, tzinfo=UTC)


def verdict(contact, finding="resolution", answer="resolved", **changes):
    row = {
        "verdict_id": f"{contact} {finding} {changes.get('reviewer', 'r')}", "interaction_id": contact,
        "finding": finding, "answer": answer, "reviewer": "r", "answered_at": ANSWERED, "blind": True,
        "sampling_probability": 0.1, "assigned_at": None, "content_hash": "h", "model_version": "m", "use": "audit",
    }  # fmt: skip
    return row | changes


def told(*rows, contacts=3):
    facts = worlds.contacts(contacts, content_hash="h", resolved_probability=0.4, resolution="partial")
    return judgements(STORED["verdicts"].from_rows(list(rows)), facts)


def test_verdicts_take_the_place_of_readings():
    found = told(verdict("c-000001"), verdict("c-000001", "empathy", "4"), verdict("c-000002", answer="pending"))
    facts = found.facts.set_index("interaction_id")
    assert facts["resolved_probability"].to_dict() == {"c-000001": 1.0, "c-000002": 0.0}
    assert facts["resolution"].to_dict() == {"c-000001": "resolved", "c-000002": "pending"}
    assert facts.loc["c-000001", "empathy"] == 4 and np.isnan(facts.loc["c-000002", "empathy"])
    assert found.of(("empathy",)).tolist() == [True, False] and found.sampling_probability.tolist() == [0.1, 0.1]


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"use": "training"}, "not an audit"), ({"blind": False}, "not blind"), ({"answer": "7"}, "not on the scale"),
     ({"content_hash": "old"}, "another version"), ({"sampling_probability": 0.0}, "not drawn at random"),
     ({"finding": "reason"}, "finding not corrected"), ({"interaction_id": "c-9"}, "not known")],
)  # fmt: skip
def test_verdicts_that_do_not_correct_are_counted_by_why(changes, why):
    found = told(verdict("c-000001") | changes)
    assert len(found.facts) == 0 and [why in reason for reason in found.left_out] == [True]


def test_training_verdicts_do_not_correct_and_spoil_only_what_later_weights_read():
    rows = [verdict("c-000001"), verdict("c-000001", "empathy", "2", use="training", verdict_id="t")]
    found = told(*rows)
    assert found.facts["resolved_probability"].tolist() == [1.0] and np.isnan(found.facts["empathy"]).all()
    facts = worlds.contacts(3, content_hash="h")
    read_by = pd.Series({"c-000001": "later weights"})
    spoilt = judgements(STORED["verdicts"].from_rows(rows), facts, model_versions=read_by)
    assert spoilt.facts.empty and spoilt.left_out == {"not an audit": 1, "may have been trained on": 1}


def test_reviewers_count_as_their_mean_each_with_the_last_answer():
    found = told(
        verdict("c-000001", "empathy", "1"),
        verdict("c-000001", "empathy", "5", verdict_id="later", answered_at=ANSWERED.replace(hour=10)),
        verdict("c-000001", "empathy", "2", reviewer="s"),
    )
    assert found.facts["empathy"].tolist() == [3.5]


def world(seed=0, agents=20, contacts=120, share=0.15):
    """The machine finds every agent 0.2 too good, and the last quarter of agents 0.3 more."""
    rng = np.random.default_rng(seed)
    n = agents * contacts
    agent = np.repeat(np.arange(agents), contacts)
    truth = 0.5 + 0.1 * np.sin(agent)
    y = rng.random(n) < truth
    flattered = agent >= agents * 3 // 4
    f = np.clip(truth * 0 + 0.3 + 0.4 * y + 0.2 + 0.3 * flattered + rng.normal(0, 0.05, n), 0, 1)
    facts = worlds.contacts(n, content_hash="h", resolved_probability=f, agent_id=[f"a-{a:02d}" for a in agent],
                            team="t", satisfaction=3.0, language=np.where(rng.random(n) < 0.5, "de", "en"))  # fmt: skip
    seen = np.flatnonzero(rng.random(n) < share)
    rows = [verdict(facts["interaction_id"][i], answer="resolved" if y[i] else "unresolved",
                    sampling_probability=share) for i in seen]  # fmt: skip
    means = pd.Series(y).groupby(facts["agent_id"]).mean()
    return facts, STORED["verdicts"].from_rows(rows), means, float(y.mean())


def corrected(facts, verdicts):
    links = worlds.links(facts)
    experience = worlds.experience(facts, np.full(len(facts), 50.0))
    agents = worlds.sole_agents(facts, facts["agent_id"])
    settings = worlds.score_settings("score.daily=false", "score.weekly=false", "score.case_mix=[]")
    told = judgements(verdicts, facts)
    judged_links = links.loc[told.facts["interaction_id"]]
    audit = Audit(told, Scored(told.facts, judged_links, experience.loc[told.facts["interaction_id"]]), NO_FCR)
    model = score_units(UnitInputs(facts, links, experience, agents, settings, worlds.AS_OF, "Europe/Berlin"))
    scored = Scored(facts, links, experience)
    table = correct_unit_scores(model, scored, agents, audit, settings, worlds.AS_OF, business_timezone="Europe/Berlin")
    return model, table, audit_corrections(scored, audit, 0.95, worlds.AS_OF)


def rows(table, kind, measure):
    frame = table.to_pandas()
    return frame[(frame["unit_kind"] == kind) & (frame["measure"] == measure)].set_index("unit_id")


def test_units_are_corrected_also_where_the_machine_flatters_some():
    facts, verdicts, truth, _ = world()
    model, table, _ = corrected(facts, verdicts)
    before, after = (rows(t, "agent", "resolved_rate") for t in (model, table))
    held = after["low"].le(truth) & after["high"].ge(truth)
    assert table.schema.equals(STORED["unit_scores"].schema) and table.num_rows == model.num_rows
    assert held.mean() >= 0.85 and (before["low"].le(truth) & before["high"].ge(truth)).mean() < 0.3
    assert after["error_basis"].eq("audit_corrected").all() and after["raw_mean"].equals(before["raw_mean"])
    assert (after["high"] - after["low"]).min() > (before["high"] - before["low"]).max()
    assert "corrected by" in after["method"].iloc[0]


def test_measures_that_nobody_judged_stay_the_machines_and_say_why():
    model, table, _ = corrected(*world()[:2])
    told = (("satisfaction", "0 audited contacts"), ("opportunities_met_rate", "people do not judge it"))
    for measure, why in told:
        before, after = (rows(t, "team", measure) for t in (model, table))
        assert after["error_basis"].eq("model_only").all() and after["method"].str.contains(why).all()
        assert after["value"].equals(before["value"])


def test_few_verdicts_correct_nothing():
    facts, verdicts, _, _ = world(share=0.15)
    model, table, overall = corrected(facts, verdicts.slice(0, 12))
    assert rows(table, "agent", "resolved_rate")["error_basis"].eq("model_only").all()
    whole = overall.to_pandas().set_index(["measure", "group_id"]).loc[("resolved_rate", "all")]
    assert "12 audited contacts of 20 needed" in whole["method"] and np.isnan(whole["low"])
    assert rows(table, "agent", "resolved_rate")["value"].equals(rows(model, "agent", "resolved_rate")["value"])


def test_overall_figures_hold_what_people_would_say():
    facts, verdicts, _, truth = world()
    table = corrected(facts, verdicts)[2]
    whole = table.to_pandas().set_index(["measure", "group_id"]).loc[("resolved_rate", "all")]
    assert table.schema.equals(STORED["audit_corrections"].schema)
    assert whole["low"] < truth < whole["high"] < whole["machine"] and whole["n"] == len(facts)
    assert {"de", "en", "voice", "all"} == set(table["group_id"].to_pylist())


def test_resolution_of_open_contacts_does_not_correct_their_first_contact_resolution():
    facts, verdicts, _, _ = world()
    links = worlds.links(facts, is_final=False)
    experience = worlds.experience(facts, np.full(len(facts), 50.0))
    found = judgements(verdicts, facts)
    judged = Scored(found.facts, links.loc[found.facts["interaction_id"]], experience)
    measures = audited_measures(Scored(facts, links, experience), Audit(found, judged, NO_FCR))
    assert np.isnan(measures["fcr_rate"].sample.verdict).all()
    assert (~np.isnan(measures["resolved_rate"].sample.verdict)).sum() == len(found.facts)


def test_an_experience_is_judged_only_where_every_part_was():
    facts, verdicts, _, _ = world()
    scored = Scored(facts.assign(empathy=3.0), worlds.links(facts), worlds.experience(facts, np.full(len(facts), 50.0)))
    for more, whole in (([], False), ([verdict(i, "empathy", "4") for i in facts["interaction_id"]], True)):
        table = pa.concat_tables([verdicts, STORED["verdicts"].from_rows(more)])
        found = judgements(table, scored.facts)
        audit = Audit(found, Scored(found.facts, scored.links, scored.experience), NO_FCR)
        told = audited_measures(scored, audit)["experience_contact"].sample.verdict
        assert (~np.isnan(told)).any() == whole


def test_agents_whose_style_the_machine_mishears_get_intervals_that_hold():
    rng = np.random.default_rng(8)
    months = [tell(AgentSpec(), rng) for _ in range(4)]
    held, machine = (
        np.mean([(getattr(m, kind)["low"] <= m.truth) & (m.truth <= getattr(m, kind)["high"]) for m in months])
        for kind in ("corrected", "machine")
    )
    # 80 agents: 99.9 % of samples of a true 95 % lie within 85–100 %
    assert held >= 0.85 and machine < 0.5
