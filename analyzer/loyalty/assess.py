"""The loyalty stage on one screen: what is known of each customer as of a date, and all tables that follow from it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import pandas as pd
import pyarrow as pa

from analyzer.config import LoyaltySettings
from analyzer.loyalty.actions import action_lists
from analyzer.loyalty.asof import notices_are_recorded, records_frame, register_of
from analyzer.loyalty.contacts import contacts_as_of, of_customer
from analyzer.loyalty.customers import assess_customers, customers_table
from analyzer.loyalty.drivers import loyalty_drivers
from analyzer.loyalty.dynamics import loyalty_dynamics
from analyzer.loyalty.gaps import expectation_gap
from analyzer.loyalty.initiatives import initiative_effects
from analyzer.loyalty.levels import levels_at
from analyzer.loyalty.matrix import Read, loyalty_matrix
from analyzer.loyalty.organisation import organisational_gaps
from analyzer.loyalty.perception import perception_gap
from analyzer.loyalty.reliability import audit_answers
from analyzer.loyalty.satisfaction import error_of_readings, satisfaction_readings, standing_readings
from analyzer.loyalty.staff_mood import staff_mood
from analyzer.loyalty.state import customer_state
from analyzer.loyalty.survey_checks import invitations, silence_weights, sound_surveys, survey_checks
from analyzer.tables import STORED

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoyaltyTables:
    """Tables of exactly the schemas in STORED, under their own names."""

    customers: pa.Table
    loyalty_matrix: pa.Table
    loyalty_drivers: pa.Table
    loyalty_dynamics: pa.Table
    expectation_gap: pa.Table
    perception_gap: pa.Table
    survey_checks: pa.Table
    action_lists: pa.Table
    initiative_effects: pa.Table
    organisational_gaps: pa.Table
    staff_mood: pa.Table


def assess_loyalty(
    facts: pd.DataFrame, links: pd.DataFrame, experience: pd.DataFrame, cues: pd.DataFrame, records: pa.Table,
    surveys: pa.Table, settings: LoyaltySettings, as_of: datetime, *, verdicts: pa.Table | None = None,
    initiatives: pa.Table | None = None, zone: tzinfo = UTC,
) -> LoyaltyTables:  # fmt: skip
    """All loyalty tables as of ``as_of``, the same whatever the order of rows; empty input gives empty tables.

    ``facts`` has tables.FACT_COLUMNS; ``links`` and ``experience`` are indexed by ``interaction_id`` (or have it as a
    column) and may lack columns; ``cues`` needs ``interaction_id``, ``turn``, ``label``, ``found``. Reasons name
    days of ``zone``.
    """
    as_of = as_of.astimezone(UTC)
    _warn_of_the_future(records, as_of)
    verdicts = STORED["verdicts"].empty() if verdicts is None else verdicts
    initiatives = STORED["initiatives"].empty() if initiatives is None else initiatives
    given, surveys = surveys, sound_surveys(surveys)
    frame = records_frame(records, surveys, settings)
    frame = frame[(frame["as_of"] <= as_of) & (frame["known_at"] <= as_of)]
    contacts = contacts_as_of(facts, links, experience, as_of)
    readings = satisfaction_readings(contacts, surveys)

    error = error_of_readings(
        readings, as_of, settings.satisfaction_halflife_days, _audited_satisfaction(verdicts, as_of)
    )

    def state_at(date: datetime) -> pd.DataFrame:
        return customer_state(frame, contacts, readings, date, settings, error)

    state, recorded = state_at(as_of), notices_are_recorded(frame)
    if state.empty and contacts.empty:
        return LoyaltyTables(**{name: STORED[name].empty() for name in LoyaltyTables.__slots__})
    levels = levels_at(standing_readings(readings, as_of), error, as_of, settings.satisfaction_halflife_days)
    register = register_of(frame, as_of, state["exit_at"])
    customers = assess_customers(state, state_at, contacts, levels, error, register, as_of, settings, zone)
    contacts = contacts.assign(segment_of_customer=_segment_of(contacts, customers))
    read = Read(readings, error, levels, register)
    answered = _answered_by(surveys, as_of)
    weights = silence_weights(invitations(given, as_of), contacts)
    return LoyaltyTables(
        customers=customers_table(customers, as_of, settings),
        loyalty_matrix=loyalty_matrix(customers, read, recorded, as_of, settings),
        loyalty_drivers=loyalty_drivers(contacts, customers, frame, recorded, as_of, settings, verdicts.to_pandas()),
        loyalty_dynamics=loyalty_dynamics(frame, readings, customers, as_of, settings),
        expectation_gap=expectation_gap(contacts, cues, answered),
        perception_gap=perception_gap(contacts, answered, verdicts, weights, as_of),
        survey_checks=survey_checks(given, weights, as_of),
        action_lists=action_lists(customers, as_of, settings),
        initiative_effects=initiative_effects(initiatives, frame, customers, recorded, as_of, settings),
        organisational_gaps=organisational_gaps(contacts, cues, customers, recorded, as_of, settings),
        staff_mood=staff_mood(facts[_begun(facts, as_of)], cues, settings.staff_min_agents, as_of),
    )


def _segment_of(contacts: pd.DataFrame, customers: pd.DataFrame) -> pd.Series[str]:
    """The customer's segment; of a contact without a customer, its own."""
    own = contacts["segment"].where(contacts["segment"].notna(), contacts["product_line"]).astype("object")
    known = of_customer(contacts, customers["segment"]).astype("object")
    return known.where(known.notna(), own)


def _audited_satisfaction(verdicts: pa.Table, as_of: datetime) -> pd.DataFrame:
    """What people found of satisfaction in blind audits by ``as_of``."""
    told = verdicts.to_pandas()
    audits = audit_answers(told[told["answered_at"] <= as_of])
    return audits[audits["driver"] == "satisfaction"]


def _begun(facts: pd.DataFrame, as_of: datetime) -> pd.Series[bool]:
    return pd.to_datetime(facts["started_at"], utc=True) <= as_of


def _answered_by(surveys: pa.Table, as_of: datetime) -> pa.Table:
    """Answers known by ``as_of``; one without a date cannot be placed and does not count."""
    keep = [moment is not None and moment <= as_of for moment in surveys.column("answered_at").to_pylist()]
    return surveys.filter(pa.array(keep, pa.bool_()))


def _warn_of_the_future(records: pa.Table, as_of: datetime) -> None:
    later = sum(moment > as_of for moment in records.column("as_of").to_pylist())
    if later:
        log.warning("%d of %d loyalty facts are dated after %s and do not count", later, records.num_rows, as_of)
