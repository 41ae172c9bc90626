from analyzer.score.weights import configured, score_weights, weights_version
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
