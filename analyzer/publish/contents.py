"""All that a report shows, section by section, and every picture in it by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from analyzer.config import JourneySettings, PublishSettings
from analyzer.publish.agents import AgentPolicy
from analyzer.publish.charts import Absent, Picture
from analyzer.publish.reading import Tables
from analyzer.publish.sections.changes import Changes, changes
from analyzer.publish.sections.customers import Customers, customers
from analyzer.publish.sections.drivers import Drivers, drivers
from analyzer.publish.sections.funnels import funnels
from analyzer.publish.sections.glance import FirstContact, Glance, glance
from analyzer.publish.sections.heat_map import heat_map
from analyzer.publish.sections.history import read_history
from analyzer.publish.sections.kept import kept_promises
from analyzer.publish.sections.look import Look, look
from analyzer.publish.sections.opportunities import opportunities
from analyzer.publish.sections.promises import Promises, promises
from analyzer.publish.sections.quality import Quality, quality
from analyzer.publish.sections.topics import Feeling, Topics, apart_below, feeling, topics
from analyzer.publish.sections.trends import Trends, trends
from analyzer.publish.sections.units import Units, units
from analyzer.publish.sections.watch import Watch, watch
from analyzer.publish.sections.window import Window
from analyzer.publish.wording import Wording

SECTIONS: Final = (
    "glance", "changes", "trends", "look", "channels", "agents", "topics", "feeling", "promises", "customers",
    "drivers", "watch", "intake", "method",
)  # fmt: skip
CORRECTED: Final = "audit_corrected"


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page shows; ``people`` are agents, or teams where agents are not shown, or None."""

    as_of: datetime
    glance: Glance
    changes: Changes
    trends: Trends
    look: Look
    channels: Units | None
    people: Units | None
    funnels: tuple[Picture | Absent, ...]
    watch: Watch
    topics: Topics
    heat: Picture | Absent
    feeling: Feeling
    opportunities: Picture | Absent
    promises: Promises
    kept: Picture | Absent
    customers: Customers | None
    drivers: Drivers | None
    quality: Quality
    topics_below: tuple[str, ...]
    audit_corrected: bool
    sections: tuple[str, ...] = SECTIONS

    @property
    def methods(self) -> list[str]:
        shown = [u.measures[0].method for u in (self.people, self.channels) if u]
        return list(dict.fromkeys(shown))

    @property
    def fcr_windows(self) -> list[int]:
        return sorted({row.window_days for row in self.glance.fcr})

    def fcr_of(self, matter: str, days: int) -> FirstContact | None:
        return next((row for row in self.glance.fcr if (row.matter, row.window_days) == (matter, days)), None)

    @property
    def pictures(self) -> Mapping[str, Picture | Absent]:
        """By name, in the order of the page."""
        measures = [m.picture for u in (self.channels,) if u for m in u.measures if m.picture]
        some = [
            self.glance.days, self.changes.picture, *self.trends.pictures, *measures, *self.funnels, self.heat,
            self.topics.resolved, self.feeling.picture, self.opportunities, self.kept,
            self.customers.conditionals if self.customers else None, *(self.drivers.pictures if self.drivers else ()),
            self.quality.picture,
        ]  # fmt: skip
        return {picture.name: picture for picture in some if picture is not None}


def assemble(
    tables: Tables, window: Window, policy: AgentPolicy, settings: PublishSettings, w: Wording, journey: JourneySettings
) -> Report:
    """Every section of the report for the days of ``window``."""
    of_contacts = topics(window, w)
    history = read_history(tables, window.last, window.rules)
    at_a_glance = glance(tables, window, w, journey)
    headline = at_a_glance.headline.window_days if at_a_glance.headline else journey.headline_window_days
    people = units(tables, policy, "agent", w, pictured=0) or units(tables, policy, "team", w, pictured=0)
    return Report(
        as_of=window.as_of,
        glance=at_a_glance,
        changes=changes(tables, history, w, headline),
        trends=trends(tables, history, w, headline),
        look=look(tables, window, settings.quotes),
        channels=units(tables, policy, "channel", w, pictured=3),
        people=people,
        funnels=funnels(tables, policy, people, w) if people else (),
        watch=watch(tables, policy, window.last, window.rules.min_n),
        topics=of_contacts,
        heat=heat_map(window, w),
        feeling=feeling(tables, window, w),
        opportunities=opportunities(window, w),
        promises=promises(tables, window, settings.quotes),
        kept=kept_promises(tables, window, w),
        customers=customers(tables, window.rules.min_n, w),
        drivers=drivers(tables, w),
        quality=quality(tables, window, w),
        topics_below=_below(of_contacts, w),
        audit_corrected=CORRECTED in tables.read("unit_scores", columns=["error_basis"])["error_basis"].to_pylist(),
    )


def _below(found: Topics, w: Wording) -> tuple[str, ...]:
    """Reasons whose whole interval lies under the average."""
    return tuple(w.name("reason", row.reason) for row in found.rows if apart_below(row.resolved, found.overall))
