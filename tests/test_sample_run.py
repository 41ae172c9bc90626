"""The sample dump, end to end on the real models: what the README of transcripts/ promises to a newcomer."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterator

import pandas as pd
import pytest
from stdnum import luhn

from analyzer.tables import EXPORTED

from .conftest import SAMPLE, Sample
from .dumps import account

KNOWN = {"read": 139, "accepted": 135, "rejected": 3, "duplicate": 1, "replaced": 1, "skipped": 0}


def test_account_is_that_of_the_readme(sample: Sample) -> None:
    found = account(sample.store)
    assert found == KNOWN
    assert found["read"] == found["accepted"] + found["rejected"] + found["duplicate"]
    assert "139 read = 135 accepted (1 replaced) + 3 rejected + 1 duplicate; 0 files skipped" in sample.ended.out


def test_every_accepted_contact_is_there_once(sample: Sample) -> None:
    interactions = sample.frame("interactions")
    assert len(interactions) == interactions["interaction_id"].nunique() == 134
    assert interactions["fcr_status"].notna().all() and interactions["as_of"].notna().all()
    turns = sample.frame("turns").groupby("interaction_id").size()
    assert turns.to_dict() == interactions.set_index("interaction_id")["turn_count"].to_dict()


def test_rejects_are_the_three_of_the_readme(sample: Sample) -> None:
    assert sorted(sample.frame("rejects")["code"]) == ["bad_json", "unknown_role", "unreadable_time"]


# Nobody has reviewed, looked or acted yet, and too few customers left to rank what is at stake.
EMPTY_HERE = {
    "verdicts", "reveals", "audit_corrections", "initiatives", "initiative_effects", "organisational_gaps",
}  # fmt: skip


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_every_table_exports(sample: Sample, kind: str) -> None:
    for name, table in EXPORTED.items():
        path = sample.exports / f"{name}.{kind}"
        frame = pd.read_csv(path) if kind == "csv" else pd.read_parquet(path)
        assert tuple(frame.columns) == table.column_names
        assert len(frame) or name in EMPTY_HERE


@pytest.mark.parametrize("name", EXPORTED)
def test_numbers_are_numbers_or_null(sample: Sample, name: str) -> None:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
    import pyarrow.types as kinds

    table = pq.read_table(sample.exports / f"{name}.parquet")
    for column in table.schema:
        if kinds.is_floating(column.type):
            assert not pc.any(pc.invert(pc.is_finite(table[column.name]))).as_py(), column.name


def test_points_add_up_to_the_score(sample: Sample) -> None:
    scores = sample.frame("interactions").set_index("interaction_id")["experience_score"]
    contributions = sample.frame("contributions")
    sums = contributions.groupby("interaction_id")["points"].sum()
    scored = scores.dropna()
    assert set(scored.index) <= set(sums.index) and len(scored) >= 130
    assert (sums[scored.index] - scored).abs().max() <= 1e-9
    parts = contributions[contributions["component"] != "base"]
    assert (parts.loc[~parts["observed"], "points"] == 0).all()
    plain = parts[parts["observed"]]
    expected = plain["weight"] * (plain["value"] - plain["reference"])
    assert (plain["points"] - expected).abs().max() <= 1e-9


@pytest.mark.parametrize(
    ("name", "pattern", "low", "high"),
    [("interactions", r"_probability$|^role_confidence$", 0, 1), ("interactions", r"^sentiment_(?!shift)", -1, 1),
     ("interactions", "^sentiment_shift$", -2, 2), ("interactions", "^experience_", 0, 100),
     ("interactions", "^(empathy|effort|satisfaction|csat)$", 1, 5), ("interactions", "^expectation_balance$", -1, 1),
     ("turns", "_probability$", 0, 1), ("turns", "^sentiment$", -1, 1), ("cues", "^probability$", 0.05, 1),
     ("findings", "^probability$", 0, 1), ("fcr", "^probability$", 0, 1), ("commitments", "^probability$", 0, 1),
     ("flags", "^sampling_probability$", 0, 1), ("episodes", "^link_probability$", 0, 1),
     ("unit_scores", "^(coverage_rate|worse_probability|lowest_decile_probability)$", 0, 1),
     ("customers", "_index$", 0, 100), ("customers", "^at_risk_probability$", 0, 1), ("surveys", "^good$", 0, 1)],
)  # fmt: skip
def test_numbers_lie_in_their_range(sample: Sample, name: str, pattern: str, low: float, high: float) -> None:
    frame = sample.frame(name)
    columns = [column for column in frame.columns if re.search(pattern, column)]
    assert columns
    for column in columns:
        values = frame[column].dropna().astype(float)
        assert values.between(low, high).all(), column


def test_feelings_of_a_turn_sum_to_one(sample: Sample) -> None:
    turns = sample.frame("turns").dropna(subset=["sentiment"])
    parts = turns[["negative_probability", "neutral_probability", "positive_probability"]].sum(axis=1)
    assert len(turns) > 400 and (parts - 1).abs().max() < 1e-5
    assert set(turns["speaker"]) == {"customer"}


def test_every_cue_names_the_words_that_carried_it(sample: Sample) -> None:
    said = sample.frame("turns").set_index(["interaction_id", "turn"])["text"].to_dict()
    cues = sample.frame("cues")
    assert len(cues) > 1000
    for cue in cues.itertuples():
        text = said[cue.interaction_id, cue.turn]
        assert 0 <= cue.start_char < cue.end_char <= len(text)
        assert text[cue.start_char : cue.end_char] == cue.reason


def test_fcr_rows_agree_with_the_headline(sample: Sample) -> None:
    fcr = sample.frame("fcr")
    assert set(fcr["window_days"]) == {1, 7, 30} and set(fcr["matter"]) == {"same", "any"}
    headline = fcr[(fcr["matter"] == "same") & (fcr["window_days"] == 7)].set_index("interaction_id")["status"]
    interactions = sample.frame("interactions").set_index("interaction_id")
    assert headline.to_dict() == interactions["fcr_status"].to_dict()
    resolved = interactions.loc[interactions["resolution"] == "unresolved", "fcr_status"]
    assert "confirmed" not in set(resolved)


def test_agents_share_a_contact_to_one(sample: Sample) -> None:
    parts = sample.frame("interaction_agents")
    shares = parts.groupby("interaction_id")["share"].sum()
    assert (shares - 1).abs().max() <= 1e-9
    warm = parts[parts["interaction_id"] == "hb-1027"]
    assert list(warm["role"]) == ["opener", "closer"] and warm["agent_id"].nunique() == 2


# Who may be seen


def test_agents_bear_one_pseudonym_in_all_tables(sample: Sample) -> None:
    interactions = sample.frame("interactions")
    closing = set(interactions["agent_id"].dropna())
    assert len(closing) == 8 and all(re.fullmatch(r"agent-[0-9a-f]{8}", name) for name in closing)
    assert set(sample.frame("interaction_agents")["agent_id"]) <= {
        n for names in interactions["agent_ids"] for n in names
    }
    assert set(sample.frame("turns")["agent_id"].dropna()) <= closing
    units = sample.frame("unit_scores")
    assert set(units.loc[units["unit_kind"] == "agent", "unit_id"]) == closing
    assert set(sample.frame("agent_scores")["unit_id"]) == closing


def test_small_team_is_not_shown(sample: Sample) -> None:
    units = sample.frame("unit_scores")
    assert set(units.loc[units["unit_kind"] == "team", "unit_id"]) == {"north"}


def native() -> Iterator[dict[str, object]]:
    for path in sorted((SAMPLE / "contacts").glob("*.jsonl*")):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for line in content.decode("utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue


def is_card(written: str) -> bool:
    return luhn.is_valid(re.sub(r"\D", "", written))


def personal() -> set[str]:
    """What must not leave the store: emails, IBANs, cards and phone numbers of the dump as they are written there."""
    text = "\n".join(str(turn["text"]) for record in native() for turn in record["turns"])  # type: ignore[attr-defined]
    text += "\n".join(path.read_text(encoding="utf-8") for path in (SAMPLE / "contacts").glob("*.[ct][sx][vt]"))
    return {
        *re.findall(r"[\w.+-]+@[\w-]+\.[\w.-]*\w", text), *re.findall(r"\b[A-Z]{2}\d{2}(?: ?[\dA-Z]{4}){3,7}\b", text),
        *filter(is_card, re.findall(r"\b\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}\b", text)),
        *re.findall(r"\+\d{2}[\d ()-]{7,}\d", text), *re.findall(r"\b0\d{2,4}[ /-]\d[\d ]{5,}\d\b", text),
    }  # fmt: skip


def test_no_agent_and_nothing_personal_leaves_the_store(sample: Sample) -> None:
    agents = {row["agent_id"] for row in csv.DictReader((SAMPLE / "agents.csv").open(encoding="utf-8"))}
    written = personal()
    assert len(written) >= 6 and any("@" in item for item in written)
    for path in sample.exports.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        assert not [item for item in written if item in text], path.name
        assert not re.findall(rf"(?<![\w-])(?:{'|'.join(agents)})(?![\w-])", text), path.name


def test_masked_words_can_still_be_heard_apart(sample: Sample) -> None:
    turns = sample.frame("turns")
    text = " ".join(turns.loc[turns["interaction_id"].isin(["hb-1061", "hb-1112"]), "text"])
    assert {"IBAN_1", "CARD_1", "EMAIL_1", "PHONE_1"} <= set(re.findall(r"\[([A-Z]+_\d)\]", text))


# The stories


def flagged(sample: Sample, rule: str) -> set[str]:
    flags = sample.frame("flags")
    return set(flags.loc[flags["rule"] == rule, "interaction_id"])


def test_urgent_is_rare_and_every_urgent_contact_threatens_to_leave(sample: Sample) -> None:
    flags = sample.frame("flags")
    urgent = set(flags.loc[flags["severity"] == 3, "interaction_id"])
    assert 1 <= len(urgent) <= 4  # of 134 contacts in three weeks
    assert urgent <= flagged(sample, "churn_threat") | flagged(sample, "cancellation")


def row_of(sample: Sample, key: str) -> pd.Series:
    return sample.frame("interactions").set_index("interaction_id").loc[key]


def test_swapped_speakers_are_flagged_and_not_scored(sample: Sample) -> None:
    assert flagged(sample, "speakers_swapped") == {"hb-1095"}
    swapped = row_of(sample, "hb-1095")
    assert swapped["role_confidence"] < 0.1
    assert pd.isna(swapped[["empathy", "sentiment_mean", "experience_score", "resolution"]]).all()


def test_french_contact_is_accepted_and_nothing_is_said_of_it(sample: Sample) -> None:
    french = row_of(sample, "hb-1077")
    assert french["language"] == "und"
    assert pd.isna(french[["resolution", "sentiment_mean", "effort", "empathy", "reason", "experience_score"]]).all()
    assert not len(sample.frame("cues").query("interaction_id == 'hb-1077'"))


def test_bot_alone_has_no_agent_and_no_empathy(sample: Sample) -> None:
    bot = row_of(sample, "hb-1037")
    assert pd.isna(bot[["agent_id", "empathy"]]).all() and len(bot["agent_ids"]) == 0


# What a person hears and the shipped weights do not; told if later ones do.
MISHEARD = pytest.mark.xfail(reason="the customer's unmet expectation is not heard", strict=True)


def promises(sample: Sample, key: str) -> set[tuple[str, str | None]]:
    found = sample.frame("commitments").query("interaction_id == @key")
    evidence = found["evidence_interaction_id"].where(found["evidence_interaction_id"].notna(), None)
    return set(zip(found["status"], evidence, strict=True))


@pytest.mark.parametrize(
    ("status", "promised", "shown_by"),
    [("broken", "hb-1011", "hb-1028"), ("broken", "hb-1015", "hb-1056"),
     pytest.param("broken", "hb-1052", "hb-1075", marks=MISHEARD),
     ("broken", "hb-1063", "hb-1116"), ("broken", "hb-1089", "hb-1114"), ("kept", "hb-1025", "hb-1053"),
     ("kept", "hb-1043", "hb-1055"), ("kept", "hb-1056", "hb-1080"), ("kept", "hb-1086", "hb-1089"),
     ("kept", "hb-1106", "hb-1122")],
)  # fmt: skip
def test_promise_came_out_as_told(sample: Sample, status: str, promised: str, shown_by: str) -> None:
    assert (status, shown_by) in promises(sample, promised)


@pytest.mark.parametrize("promised", ["hb-1123", "hb-1128"])
def test_promise_that_is_not_due_is_open(sample: Sample, promised: str) -> None:
    assert {status for status, _ in promises(sample, promised)} == {"open"}


def test_broken_promise_has_evidence(sample: Sample) -> None:
    commitments = sample.frame("commitments")
    assert commitments.loc[commitments["status"] == "broken", "evidence_interaction_id"].notna().all()


@pytest.mark.parametrize(("first", "second"), [("hb-1064", "hb-1065"), ("hb-1047", "hb-1048")])
def test_legs_of_one_call_are_one_matter_and_no_repeat(sample: Sample, first: str, second: str) -> None:
    one, other = row_of(sample, first), row_of(sample, second)
    assert one["episode_id"] == other["episode_id"] and pd.isna(other["repeat_of"])
    episode = sample.frame("episodes").set_index("episode_id").loc[one["episode_id"]]
    assert episode["link_probability"] == 1.0 or episode["contacts"] > 2, "what is certain of legs is not of others"
    assert one["fcr_status"] != "refuted"


def test_outbound_contact_is_no_repeat(sample: Sample) -> None:
    interactions = sample.frame("interactions")
    outbound = interactions[interactions["direction"] == "outbound"]
    assert len(outbound) and set(outbound["fcr_status"]) == {"not_applicable"} and outbound["repeat_of"].isna().all()


@pytest.mark.parametrize(
    ("earlier", "later"),
    [pytest.param("hb-1004", "hb-1025", marks=MISHEARD),
     ("hb-1010", "hb-1019"), ("hb-1011", "hb-1028"), ("hb-1015", "hb-1056"),
     ("hb-1038", "hb-1039"), ("hb-1063", "hb-1116")],
)  # fmt: skip
def test_matter_taken_up_again_refutes_its_first_contact(sample: Sample, earlier: str, later: str) -> None:
    assert row_of(sample, later)["episode_id"] == row_of(sample, earlier)["episode_id"]
    assert row_of(sample, later)["fcr_status"] == "not_first"
    assert row_of(sample, earlier)["fcr_status"] in ("refuted", "not_first")


def test_quadrants_are_those_of_the_readme(sample: Sample) -> None:
    customers = sample.frame("customers").set_index("customer_key")
    assert customers.loc["k-106", "quadrant"] == "hostage" and bool(customers.loc["k-106", "locked_in"])
    for unsure in ("k-119", "k-120"):
        assert pd.isna(customers.loc[unsure, "quadrant"])
    unhappy = customers[customers["quadrant"].isin(["hostage", "defector"])]
    assert (unhappy["satisfaction_index"] < 60).all()
    assert (customers.loc[customers["quadrant"] == "hostage", "loyalty_index"] >= 60).all() or unhappy[
        "locked_in"
    ].any()


def test_notice_that_is_not_known_yet_does_not_count(sample: Sample) -> None:
    customers = sample.frame("customers").set_index("customer_key")
    reasons = " ".join(customers.loc["k-123", "reasons"])
    assert "gave notice" not in reasons
    assert "gave notice" in " ".join(customers.loc["k-104", "reasons"])


def test_nobody_without_a_reason_stands_on_a_list(sample: Sample) -> None:
    lists = sample.frame("action_lists")
    assert len(lists) and lists["may_contact"].notna().all()
    assert all(len(reasons) for reasons in lists["reasons"])


def test_contact_without_customer_is_counted_apart(sample: Sample) -> None:
    for key in ("hb-1033", "hb-1046"):
        unknown = row_of(sample, key)
        assert pd.isna(unknown["customer_key"]) and unknown["fcr_status"] in ("open", "not_applicable")
