"""A world with its truth: ``make(spec, seed)``, the same to the last bit for the same spec and seed.

from analyzer.simulate.named import world_spec
world = make(world_spec("confounded", contacts=2000), seed=1)
world.contacts["satisfaction"].mean(), world.truth.contacts["satisfaction"].mean()
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.simulate.cues import cues
from analyzer.simulate.draws import Draws
from analyzer.simulate.facts import interaction_agents, interaction_facts
from analyzer.simulate.lives import Lives, live
from analyzer.simulate.records import loyalty_records
from analyzer.simulate.spec import WorldSpec
from analyzer.simulate.surveys import answered_surveys
from analyzer.simulate.truth import Truth


@dataclass(frozen=True)
class World:
    """What a store knows of the world by ``clock`` (None: everything), in the store's own shapes, and what is true.

    Each table is made when it is first asked for; what is not asked for costs nothing.
    """

    spec: WorldSpec
    seed: int
    lives: Lives
    clock: datetime | None = None

    @cached_property
    def interactions(self) -> pa.Table:
        """STORED["interaction_facts"], in order of time: what was heard, with the detectors' error."""
        return self._by("ended_at", interaction_facts(self.spec, self.lives, Draws(self.seed)))

    @cached_property
    def contacts(self) -> pd.DataFrame:
        """``interactions`` as a frame, as stages are given it."""
        frame: pd.DataFrame = self.interactions.to_pandas()
        return frame

    @cached_property
    def interaction_agents(self) -> pa.Table:
        """STORED["interaction_agents"]."""
        return self._of_known(interaction_agents(self.spec, self.lives.contacts))

    @cached_property
    def cues(self) -> pa.Table:
        """STORED["cues"] of what journeys hear: repeats, denials, unmet expectations, promises, confirmations."""
        return self._of_known(cues(self.spec, self.lives, Draws(self.seed)))

    @cached_property
    def loyalty_records(self) -> pa.Table:
        """STORED["loyalty_records"]: facts at the end of each wave, notices when received."""
        return self._by("known_at", loyalty_records(self.spec, self.lives, Draws(self.seed).stream("records")))

    @cached_property
    def surveys(self) -> pa.Table:
        """STORED["surveys"]; invited and not answered is a row without an answer."""
        told = answered_surveys(self.spec, self.lives.contacts, Draws(self.seed).stream("surveys"))
        if self.clock is None:
            return told
        clock = pa.scalar(self.clock, pa.timestamp("us", tz="UTC"))
        late = pc.fill_null(pc.greater(told["answered_at"], clock), False)
        return told.filter(pc.and_(pc.less_equal(told["invited_at"], clock), pc.invert(late)))

    @cached_property
    def truth(self) -> Truth:
        """Of the whole world, whatever the clock says: it is what is estimated."""
        return Truth(self.spec, self.lives)

    @property
    def as_of(self) -> datetime:
        """The data's own clock: the end of the last day, if no other was set."""
        end = datetime.combine(self.spec.last_day, datetime.max.time(), tzinfo=UTC).replace(microsecond=0)
        return self.clock or end

    def until(self, clock: datetime) -> World:
        """The world as a store knew it at ``clock``: contacts ended, facts known and surveys answered by then."""
        return replace(self, clock=clock)

    def _of_known(self, table: pa.Table) -> pa.Table:
        if self.clock is None:
            return table
        return table.filter(pc.is_in(table["interaction_id"], self.interactions["interaction_id"]))

    def _by(self, column: str, table: pa.Table) -> pa.Table:
        if self.clock is None:
            return table
        return table.filter(pc.less_equal(table[column], pa.scalar(self.clock, pa.timestamp("us", tz="UTC"))))


def make(spec: WorldSpec, seed: int) -> World:
    """The world of ``spec``: at most ``spec.contacts`` contacts; the last customer who would pass it is left out."""
    return World(spec, seed, live(spec, Draws(seed)))
