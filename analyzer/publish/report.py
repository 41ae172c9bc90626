"""Store → one HTML page that stands alone: no scripts, no addresses, pictures inline, English or German.

The page is assembled from the dataclasses of ``sections``; every figure on it has its n and interval beside it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup

from analyzer.config import JourneySettings, PublishSettings, ScoreSettings, load_settings
from analyzer.errors import RunAborted, UsageError
from analyzer.publish.agents import AgentPolicy, agent_policy
from analyzer.publish.estimates import Estimate, Rules
from analyzer.publish.reading import Tables
from analyzer.publish.sections.customers import Customers, customers
from analyzer.publish.sections.glance import FirstContact, Glance, glance
from analyzer.publish.sections.intake import intake
from analyzer.publish.sections.look import Look, look
from analyzer.publish.sections.promises import Promises, promises
from analyzer.publish.sections.topics import Feeling, Topics, feeling, topics
from analyzer.publish.sections.units import STANDINGS, Measured, Units, units
from analyzer.publish.sections.watch import Watch, watch
from analyzer.publish.sections.window import Window, open_window
from analyzer.publish.wording import Wording, wording

SECTIONS: Final = (
    "glance",
    "look",
    "channels",
    "agents",
    "watch",
    "topics",
    "feeling",
    "promises",
    "customers",
    "intake",
    "method",
)
PROMISE_COLOURS: Final = (("kept", "accent"), ("open", "soft"), ("unknown", "faint"), ("broken", "concern"))


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page shows; ``people`` are agents, or teams where agents are not shown, or None."""

    as_of: datetime
    glance: Glance
    look: Look
    channels: Units | None
    people: Units | None
    watch: Watch
    topics: Topics
    feeling: Feeling
    promises: Promises
    customers: Customers | None
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


def write_report(
    tables: Tables,
    to: Path,
    settings: PublishSettings,
    *,
    score: ScoreSettings,
    journey: JourneySettings | None = None,
) -> None:
    """Writes the page to ``to``, whole or not at all. ``journey`` tells from what share of finished windows a rate of
    first-contact resolution may be stated (None: the shipped default)."""
    if to.is_dir():
        raise UsageError(f"{to} is a folder.", hint="Give a file name with --to, such as report.html.")
    page = render_report(tables, settings, score, journey or load_settings().journey)
    draft = to.with_name(f".{to.name}.{os.getpid()}.tmp")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(page, encoding="utf-8", newline="\n")
        draft.replace(to)
    except OSError as error:
        raise RunAborted(f"Cannot write {to}: {error.strerror or type(error).__name__}.") from error
    finally:
        draft.unlink(missing_ok=True)


def render_report(tables: Tables, settings: PublishSettings, score: ScoreSettings, journey: JourneySettings) -> str:
    """The page as text; the same store and settings give the same text."""
    w = wording(settings.report_language)
    policy, rules = agent_policy(tables, settings), Rules(score.min_n, score.interval)
    window = open_window(tables, policy, rules)
    report = assemble(tables, window, policy, settings, w, journey) if window else None
    names = {
        "r": report,
        "w": w,
        "intake": intake(tables),
        "css": Markup(_text("report.css")),
        "nothing": Estimate(0),
        "mode": w(f"mode.{settings.agents}"),
        "min_n": w.count(score.min_n),
        "level": w.value(score.interval, "share"),
        "mature_share": journey.mature_share,
        "promise_colours": PROMISE_COLOURS,
    }
    return _environment(w).get_template("report.html.j2").render(names).lstrip()


def assemble(
    tables: Tables, window: Window, policy: AgentPolicy, settings: PublishSettings, w: Wording, journey: JourneySettings
) -> Report:
    """Every section of the report for the days of ``window``."""
    of_contacts = topics(window, w)
    return Report(
        as_of=window.as_of,
        glance=glance(tables, window, w, journey),
        look=look(tables, window, settings.quotes),
        channels=units(tables, policy, "channel", w, pictured=3),
        people=units(tables, policy, "agent", w, pictured=1) or units(tables, policy, "team", w, pictured=1),
        watch=watch(tables, policy, window.last),
        topics=of_contacts,
        feeling=feeling(tables, window, w),
        promises=promises(tables, window, settings.quotes),
        customers=customers(tables, window.rules.min_n, w),
        topics_below=_below(of_contacts, w),
        audit_corrected="audit_corrected"
        in tables.read("unit_scores", columns=["error_basis"])["error_basis"].to_pylist(),
    )


def standings(measured: Measured, w: Wording) -> Markup:
    """Who can be told apart from the average, who cannot, and of whom too little is known, in sentences that begin with
    the measure: the page shows others beside it, and these may tell units apart where this one does not.

    A name never breaks over two lines.
    """
    firm = Markup('<span class="firm">{}</span>')
    names = {
        standing: Markup(", ").join(firm.format(w.name("channel", name)) for name in measured.names(standing))
        for standing in STANDINGS
    }
    said = [w(f"units.{standing}", names=names[standing]) for standing in ("worse", "better") if names[standing]]
    if names["same"]:
        said.append(w("units.rest") if said else w("units.none_apart"))
    if names["insufficient"]:
        said.append(w("units.insufficient", names=names["insufficient"]))
    about = Markup("<strong>{}.</strong> {}").format(w.name("measure", measured.measure), Markup(" ".join(said)))
    return about if said else Markup("")


def _below(found: Topics, w: Wording) -> tuple[str, ...]:
    """Reasons whose whole interval lies under the average."""
    average = found.overall.value
    return tuple(
        w.name("reason", row.reason)
        for row in found.rows
        if average is not None and row.resolved.high is not None and row.resolved.high < average
    )


def _environment(w: Wording) -> jinja2.Environment:
    loader = jinja2.FunctionLoader(_text)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["rule_name"] = lambda rule: w.name("rule", rule)
    environment.globals.update(
        svg=Markup,
        place=lambda value, low, high: round(100 * min(max((value - low) / (high - low), 0), 1), 2),
        joined=lambda names: ", ".join(w.name("channel", name) for name in names),
        standings=lambda measured: standings(measured, w),
        fcr_notes=lambda row: _fcr_notes(row, w),
    )
    return environment


def _fcr_notes(row: FirstContact, w: Wording) -> list[str]:
    mature = w("glance.fcr_mature", share=w.value(row.mature_share, "share"))
    notes = [f"{w('glance.fcr_window', n=row.window_days)}; {mature}"]
    if row.silent and row.lowest is not None:
        notes.append(w("glance.fcr_silent", n=row.silent, span=w.interval(row.lowest, row.highest, "share")))
    if row.unidentified:
        notes.append(w("glance.fcr_unidentified", n=row.unidentified))
    return notes


def _text(name: str) -> str:
    return resources.files("analyzer.publish").joinpath(f"templates/{name}").read_text(encoding="utf-8")
