"""What follows from the facts as of a date: journeys, scores, flags, loyalty. Pure: frames in, Arrow tables out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.audited import Heard, audit_of
from analyzer.config import Settings
from analyzer.journey.linking import LinkModel
from analyzer.journey.trace import Journeys, trace_journeys
from analyzer.loyalty.asof import notices, notices_are_recorded, records_frame
from analyzer.loyalty.assess import assess_loyalty
from analyzer.score.audit import draw_audit
from analyzer.score.bias import bias_watch
from analyzer.score.boilerplate import boilerplate_turns
from analyzer.score.calibration import score_calibration, weight_trials
from analyzer.score.contact import ContactScores, score_contacts
from analyzer.score.control import control_points
from analyzer.score.correction_fcr import correct_fcr_rates
from analyzer.score.correction_samples import Audit, Scored
from analyzer.score.correction_scores import correct_unit_scores
from analyzer.score.correction_table import audit_corrections
from analyzer.score.counters import counter_measures, counter_values
from analyzer.score.flags import raise_flags
from analyzer.score.units import UnitInputs, score_units
from analyzer.score.weights import Weighting, score_weights, serving, told_by, weightings
from analyzer.score.weights_learned import adopted, answers, try_weights
from analyzer.tables import STORED

LINKING = "linking.json"
_LOYALTY = ("customers", "loyalty_matrix", "loyalty_drivers", "loyalty_dynamics", "expectation_gap", "perception_gap",
            "survey_checks", "action_lists", "initiative_effects", "organisational_gaps", "staff_mood")  # fmt: skip
_BY_DAY = ("contributions", "fcr", "commitments", "flags")


@dataclass(frozen=True)
class Known:
    """All contacts of the store as this run leaves them, and what else is known of the customers."""

    facts: pd.DataFrame
    turns: pd.DataFrame
    cues: pd.DataFrame
    interaction_agents: pd.DataFrame
    loyalty_records: pa.Table
    surveys: pa.Table
    initiatives: pa.Table
    verdicts: pa.Table
    score_weights: pa.Table  # all versions that ever served
    reveals: pa.Table  # looks at the machine's findings before an audit was answered
    model_versions: pd.Series  # of each contact, the weights that heard it


def look_out(known: Known, settings: Settings, as_of: datetime, run_id: str, models: Path) -> dict[str, pa.Table]:
    """Every derived table in full, as of ``as_of``."""
    zone = settings.ingest.business_timezone
    journeys = trace_journeys(
        known.facts, known.cues, known.turns, settings.journey, as_of,
        business_timezone=zone, link_model=LinkModel.load(models / LINKING),
        left_at=_left_at(known, settings, as_of),
    )  # fmt: skip
    served = weightings(settings.score, known.score_weights, zone)
    contacts = score_contacts(
        known.facts, journeys.links, settings.score, swap_below=settings.understand.swap_below, weightings=served
    )
    units = _unit_tables(known, journeys, contacts, served, settings, as_of)
    heard = Heard(known.facts, known.cues, known.turns, known.model_versions)
    audit = audit_of(known.verdicts, known.reveals, heard, settings, as_of, LinkModel.load(models / LINKING), served)
    if audit is not None:
        units |= _corrected(units["unit_scores"], audit, known, journeys, contacts, settings, as_of)
    units["counter_measures"] = _counters(units["unit_scores"], known, journeys, contacts, settings, as_of)
    tables = {
        "outcomes": _outcomes(known.facts, journeys, contacts, as_of, run_id),
        "episodes": journeys.episodes,
        "fcr": journeys.fcr,
        "fcr_rates": journeys.fcr_rates,
        "commitments": journeys.commitments,
        "contributions": contacts.contributions,
        "flags": _flags(known, journeys, contacts, settings),
        **units,
        **_survey_tables(known, contacts, served, settings, as_of),
        **_loyalty_tables(known, journeys, contacts, settings, as_of),
    }
    return {name: _with_day(name, table, known.facts) for name, table in tables.items()}


def _left_at(known: Known, settings: Settings, as_of: datetime) -> pd.Series | None:
    """When each customer gave notice or left, as far as it was known by ``as_of``; None where nobody keeps record."""
    records = records_frame(known.loyalty_records, known.surveys, settings.loyalty)
    if not notices_are_recorded(records):
        return None
    left: pd.Series = notices(records, as_of)["exit_at"]
    return left


def _outcomes(
    facts: pd.DataFrame, journeys: Journeys, contacts: ContactScores, as_of: datetime, run_id: str
) -> pa.Table:
    frame = (
        facts[["interaction_id", "day"]]
        .join(journeys.links, on="interaction_id")
        .join(contacts.experience[["experience_contact", "experience_score"]], on="interaction_id")
    )
    frame["as_of"] = pd.Timestamp(as_of)
    frame["run_id"] = run_id
    schema = STORED["outcomes"].schema
    return pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False)


def _flags(known: Known, journeys: Journeys, contacts: ContactScores, settings: Settings) -> pa.Table:
    raised = raise_flags(
        known.facts, known.cues, journeys.links, settings.flags,
        swap_below=settings.understand.swap_below, experience=contacts.experience, turns=known.turns,
    )  # fmt: skip
    return pa.concat_tables([raised, draw_audit(known.facts, settings.audit)])


def _unit_tables(
    known: Known,
    journeys: Journeys,
    contacts: ContactScores,
    served: Sequence[Weighting],
    settings: Settings,
    as_of: datetime,
) -> dict[str, pa.Table]:
    score, experience = settings.score, contacts.experience
    return {
        "unit_scores": score_units(_unit_inputs(known, journeys, contacts, settings, as_of)),
        "audit_corrections": STORED["audit_corrections"].empty(),
        "control_chart_points": control_points(
            known.facts, journeys.links, experience, known.interaction_agents, score,
            told_by(known.model_versions, known.facts, served),
        ),
        "bias_watch": bias_watch(known.facts, known.turns, experience, score, as_of),
    }  # fmt: skip


def _survey_tables(
    known: Known, contacts: ContactScores, served: Sequence[Weighting], settings: Settings, as_of: datetime
) -> dict[str, pa.Table]:
    """What customers answered beside the score, and the weights that this makes."""
    zone, score = settings.ingest.business_timezone, settings.score
    today = as_of.astimezone(ZoneInfo(zone)).date()
    in_force = served[int(serving(served, np.array([today], dtype="datetime64[D]"))[0])]
    told = answers(known.facts, contacts.experience, known.surveys, in_force, score.survey_item)
    trial = try_weights(told, in_force, score)
    new = adopted(trial, served, today, score)
    kept = [*served, new] if new is not None and new not in served else served
    return {
        "score_weights": score_weights(kept, as_of, zone),
        "score_calibration": score_calibration(told, score, as_of),
        "weight_trials": weight_trials(trial, score.survey_item, new is not None, as_of),
    }


def _corrected(
    unit_scores: pa.Table, audit: Audit, known: Known, journeys: Journeys, contacts: ContactScores, settings: Settings,
    as_of: datetime,
) -> dict[str, pa.Table]:  # fmt: skip
    """unit_scores and overall figures with the error of the ears taken out as far as the audit tells it."""
    scored = Scored(known.facts, journeys.links, contacts.experience)
    return {
        "unit_scores": correct_unit_scores(
            unit_scores,
            scored,
            known.interaction_agents,
            audit,
            settings.score,
            as_of,
            business_timezone=settings.ingest.business_timezone,
        ),
        "audit_corrections": audit_corrections(scored, audit, settings.score.interval, as_of),
        "fcr_rates": correct_fcr_rates(journeys.fcr_rates, journeys.fcr, audit.fcr, scored, audit),
    }


def _counters(
    unit_scores: pa.Table,
    known: Known,
    journeys: Journeys,
    contacts: ContactScores,
    settings: Settings,
    as_of: datetime,
) -> pa.Table:
    """Beside each measure what would show that it was bought and not earned."""
    templates = boilerplate_turns(known.turns, known.cues, settings.understand)
    values = counter_values(known.facts, journeys.links, known.cues, templates, as_of)
    return counter_measures(unit_scores, values, _unit_inputs(known, journeys, contacts, settings, as_of))


def _unit_inputs(
    known: Known, journeys: Journeys, contacts: ContactScores, settings: Settings, as_of: datetime
) -> UnitInputs:
    return UnitInputs(
        known.facts, journeys.links, contacts.experience, known.interaction_agents, settings.score, as_of,
        settings.ingest.business_timezone,
    )  # fmt: skip


def _loyalty_tables(
    known: Known, journeys: Journeys, contacts: ContactScores, settings: Settings, as_of: datetime
) -> Mapping[str, pa.Table]:
    loyalty = assess_loyalty(
        known.facts, journeys.links, contacts.experience, known.cues, known.loyalty_records, known.surveys,
        settings.loyalty, as_of, verdicts=known.verdicts, initiatives=known.initiatives,
        zone=ZoneInfo(settings.ingest.business_timezone),
    )  # fmt: skip
    return {name: getattr(loyalty, name) for name in _LOYALTY}


def _with_day(name: str, table: pa.Table, facts: pd.DataFrame) -> pa.Table:
    """The table in its stored schema; stages that know no day leave it to be looked up here."""
    schema = STORED[name].schema
    if name not in _BY_DAY or "day" in table.column_names:
        return table.select(schema.names).cast(schema)
    days = pa.Table.from_pandas(facts[["interaction_id", "day"]], preserve_index=False)
    return table.join(days, "interaction_id").select(schema.names).cast(schema)
