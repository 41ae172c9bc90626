"""Every scorer takes frames as Arrow gives them, whatever the pandas dtypes, and empty ones."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analyzer.score.audit import draw_audit
from analyzer.score.bias import bias_watch
from analyzer.score.boilerplate import boilerplate_turns
from analyzer.score.contact import score_contacts
from analyzer.score.control import control_points
from analyzer.score.flags import raise_flags
from analyzer.score.units import UnitInputs, score_units
from analyzer.tables import STORED
from tests.score import worlds

TABLES = ("interaction_facts", "interaction_agents", "cues", "turns")


def arrow_world(n):
    facts = worlds.contacts(
        n,
        day=worlds.day_range(n, 14),
        started_at=pd.Timestamp("2026-11-02", tz="UTC"),
        agent_ids=[["a-1"]] * n,
        resolved_probability=np.linspace(0, 1, n),
        satisfaction=np.linspace(1, 5, n),
        sentiment_end=np.linspace(-1, 1, n),
        queue=["orders", None] * (n // 2),
        agent_id="a-1",
    )
    for column in ("source_id", "source_uri", "source_format", "content_hash", "started_at_source"):
        facts[column] = "x"
    agents = worlds.sole_agents(facts, "a-1").assign(first_turn=0, last_turn=1, agent_turns=1)
    heard = facts[["interaction_id", "day"]].assign(
        cue_id=facts["interaction_id"], turn=1, label="emp.apology", probability=0.9, found=True, start_char=0,
        end_char=3, detector="d", reason="r",
    )  # fmt: skip
    turns = facts[["interaction_id", "day", "agent_id"]].assign(turn=1, speaker="agent", text="So sorry.")
    frames = zip(TABLES, (facts, agents, heard, turns), strict=True)
    return [
        pa.Table.from_pandas(
            frame.reindex(columns=STORED[name].column_names), STORED[name].schema, preserve_index=False
        )
        for name, frame in frames
    ]


def run(facts, agents, cues, turns):
    settings = worlds.settings("audit.share=0.5")
    links, zone = worlds.links(facts), "Europe/Berlin"
    scores = score_contacts(facts, links, settings.score, swap_below=0.35)
    return [
        scores.contributions,
        score_units(UnitInputs(facts, links, scores.experience, agents, settings.score, worlds.AS_OF, zone)),
        control_points(facts, links, scores.experience, agents, settings.score),
        bias_watch(facts, turns, scores.experience, settings.score, worlds.AS_OF),
        raise_flags(facts, cues, links, settings.flags, swap_below=0.35, experience=scores.experience),
        draw_audit(facts, settings.audit),
        boilerplate_turns(turns, cues, settings.understand),
    ]


@pytest.mark.parametrize("n", [0, 40])
def test_results_do_not_depend_on_the_dtypes_of_frames(n):
    tables = arrow_world(n) if n else [STORED[name].schema.empty_table() for name in TABLES]
    plain = run(*(table.to_pandas() for table in tables))
    arrow = run(*(table.to_pandas(types_mapper=pd.ArrowDtype) for table in tables))
    for one, other in zip(plain, arrow, strict=True):
        assert one == other if isinstance(one, set) else one.equals(other)
    assert all(len(result) > 0 for result in plain) == bool(n)
