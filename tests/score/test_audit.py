import numpy as np
import pytest

from analyzer.score.audit import RULE, draw_audit
from analyzer.tables import STORED
from tests.score import worlds


def drawn(facts, share=0.1, seed="s"):
    return draw_audit(facts, worlds.settings(f"audit.share={share}", f'audit.seed="{seed}"').audit)


def test_draw_takes_the_share_of_each_agent():
    facts = worlds.contacts(20_000, agent_id=np.arange(20_000) % 4)
    table = drawn(facts).to_pandas()
    agent = facts.set_index("interaction_id")["agent_id"][table["interaction_id"]]
    # four binomials (5000, .1): standard deviation 21
    assert agent.value_counts().between(500 - 85, 500 + 85).all() and agent.nunique() == 4
    assert table["sampling_probability"].eq(0.1).all() and table["rule"].eq(RULE).all()


def test_draw_is_the_same_in_any_order_and_with_more_contacts():
    facts = worlds.contacts(500)
    part = drawn(facts.iloc[:300])
    assert drawn(facts.iloc[:300].sample(frac=1, random_state=1)).equals(part)
    assert set(part["interaction_id"].to_pylist()) < set(drawn(facts)["interaction_id"].to_pylist())


def test_larger_share_keeps_what_was_drawn():
    facts = worlds.contacts(500)
    small, large = (set(drawn(facts, share)["interaction_id"].to_pylist()) for share in (0.05, 0.2))
    assert small < large


def test_seed_changes_the_draw():
    facts = worlds.contacts(500)
    assert not drawn(facts).equals(drawn(facts, seed="t"))


@pytest.mark.parametrize(("share", "n"), [(0.0, 0), (1.0, 50)])
def test_draw_of_nothing_and_of_all(share, n):
    assert drawn(worlds.contacts(50), share).num_rows == n


def test_no_contacts_draw_nothing():
    assert drawn(worlds.contacts(0)).equals(STORED["flags"].empty())
