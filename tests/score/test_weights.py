from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from analyzer.score.weights import configured, score_weights, told_by, weights_version
from tests.score import worlds


def test_version_changes_with_any_weight_only():
    version = weights_version(worlds.score_settings())
    assert version == weights_version(worlds.score_settings("score.min_n=20"))
    assert version != weights_version(worlds.score_settings("score.weights.repeat=-11.0"))
    assert version != weights_version(worlds.score_settings("score.references.effort=2.0"))
    assert version != weights_version(worlds.score_settings("score.base=40.0"))


def test_weights_have_a_row_a_part_and_the_base():
    weights = score_weights([configured(worlds.score_settings())], worlds.AS_OF, "Europe/Berlin")
    table = weights.to_pandas().set_index("component")
    assert table.loc["base", "weight"] == 50 and table.loc["effort", "reference"] == 2.5
    assert len(table) == 10 and table["version"].nunique() == 1


def test_what_told_a_score_changes_with_the_models_and_with_the_weights_that_serve():
    facts = worlds.contacts(4, day=np.array(["2026-11-02", "2026-11-02", "2026-12-07", "2026-12-08"], dtype="M8[D]"))
    base = configured(worlds.score_settings())
    learned = replace(base, base=40.0, source="learned", since=date(2026, 12, 7))
    heard = pd.Series(["m1", "m1", "m1", "m2"], index=facts["interaction_id"])
    told = told_by(heard, facts, (base, learned))
    assert told.tolist() == [
        f"m1/{base.version}",
        f"m1/{base.version}",
        f"m1/{learned.version}",
        f"m2/{learned.version}",
    ]
    unknown = told_by(pd.Series(["m1", None], index=["elsewhere", facts["interaction_id"].iloc[0]]), facts, (base,))
    assert unknown.isna().all()
