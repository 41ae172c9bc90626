"""Store → one HTML page that stands alone: no scripts, no addresses, pictures inline, English or German.

The page is assembled from the dataclasses of ``sections``; every figure on it has its n and interval beside it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, tzinfo
from importlib import resources
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup

from analyzer.config import JourneySettings, PublishSettings, ScoreSettings, load_settings
from analyzer.errors import RunAborted, UsageError
from analyzer.publish.agents import agent_policy
from analyzer.publish.charts import Absent
from analyzer.publish.contents import Report, assemble
from analyzer.publish.estimates import Estimate, Rules
from analyzer.publish.picture_files import Format, write_pictures
from analyzer.publish.reading import Tables
from analyzer.publish.sections.glance import FirstContact
from analyzer.publish.sections.intake import intake
from analyzer.publish.sections.units import STANDINGS, Measured
from analyzer.publish.sections.watch import Watch
from analyzer.publish.sections.window import open_window
from analyzer.publish.wording import Wording, wording

PROMISE_COLOURS: Final = (("kept", "accent"), ("open", "soft"), ("unknown", "rule"), ("broken", "concern"))


def write_report(
    tables: Tables,
    to: Path,
    settings: PublishSettings,
    *,
    score: ScoreSettings,
    journey: JourneySettings | None = None,
    zone: tzinfo = UTC,
) -> None:
    """Writes the page to ``to``, whole or not at all, with times and days of ``zone``.

    ``journey`` tells from what share of finished windows a rate of first-contact resolution may be stated (None: the
    shipped default).
    """
    if to.is_dir():
        raise UsageError(f"{to} is a folder.", hint="Give a file name with --to, such as report.html.")
    page = render_report(tables, settings, score, journey or load_settings().journey, zone)
    draft = to.with_name(f".{to.name}.{os.getpid()}.tmp")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(page, encoding="utf-8", newline="\n")
        draft.replace(to)
    except OSError as error:
        raise RunAborted(f"Cannot write {to}: {error.strerror or type(error).__name__}.") from error
    finally:
        draft.unlink(missing_ok=True)


def render_report(
    tables: Tables, settings: PublishSettings, score: ScoreSettings, journey: JourneySettings, zone: tzinfo = UTC
) -> str:
    """The page as text; the same store and settings give the same text."""
    w = replace(wording(settings.report_language), zone=zone)
    report = _report(tables, settings, score, journey, w)
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


def write_report_pictures(
    tables: Tables,
    to: Path,
    form: Format,
    name: str | None,
    settings: PublishSettings,
    score: ScoreSettings,
    journey: JourneySettings,
) -> list[Path]:
    """Writes the pictures of the report as files: the one of that ``name`` to ``to``, or all into the folder ``to``."""
    w = wording(settings.report_language)
    report = _report(tables, settings, score, journey, w)
    if report is None:
        raise UsageError("This store holds no contacts, so there is no picture to draw.")
    return write_pictures(report, to, form, name, w, w.value(score.interval, "share"))  # fmt: skip


def _report(
    tables: Tables, settings: PublishSettings, score: ScoreSettings, journey: JourneySettings, w: Wording
) -> Report | None:
    policy, rules = agent_policy(tables, settings), Rules(score.min_n, score.interval)
    window = open_window(tables, policy, rules)
    return assemble(tables, window, policy, settings, w, journey) if window else None


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


def _environment(w: Wording) -> jinja2.Environment:
    loader = jinja2.FunctionLoader(_text)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["method_words"] = w.method
    environment.filters["rule_name"] = lambda rule: w.name("rule", rule)
    environment.globals.update(
        svg=Markup,
        place=lambda value, low, high: round(100 * min(max((value - low) / (high - low), 0), 1), 2),
        joined=lambda names: ", ".join(w.name("channel", name) for name in names),
        standings=lambda measured: standings(measured, w),
        fcr_notes=lambda row: _fcr_notes(row, w),
        fcr_details=lambda row: _fcr_details(row, w),
        signals=lambda found: _signals(found, w),
        mixes=lambda names: ", ".join(w(f"quality.mix_{name}") for name in names),
        absent=lambda picture: isinstance(picture, Absent),
    )
    return environment


def _fcr_notes(row: FirstContact, w: Wording) -> list[str]:
    """Beneath the figure: of what period, how much of it is forecast."""
    mature = w("glance.fcr_over") if row.is_final else w("glance.fcr_mature", share=w.value(row.mature_share, "share"))
    return [w("glance.fcr_period", period=w.period(row.period), n=row.window_days), mature]


def _fcr_details(row: FirstContact, w: Wording) -> str:
    """Beneath the table: what became of the customers, and who is not counted."""
    said = []
    if row.returned is not None and row.left is not None and row.quiet is not None:
        ways = {name: w.value(getattr(row, name), "share") for name in ("returned", "left", "quiet")}
        said.append(w("glance.fcr_ways", n=row.window_days, **ways))
    if row.silent and row.lowest is not None:
        said.append(w("glance.fcr_silent", n=row.silent, span=w.interval(row.lowest, row.highest, "share")))
    if row.unidentified:
        said.append(w("glance.fcr_unidentified", n=row.unidentified))
    return "".join(f"{text}. " for text in said).strip()


def _signals(found: Watch, w: Wording) -> str:
    """Whether the signals of control charts are more than the false alarms that so many charts bring."""
    if not found.leads:
        return w("watch.no_charts")
    if not found.alarm_count:
        return w("changes.signals_none")
    key = "changes.signals_noise" if found.is_noise else "changes.signals_real"
    return w(key, n=found.alarm_count, expected=w.decimal(found.expected, 1))


def _text(name: str) -> str:
    return resources.files("analyzer.publish").joinpath(f"templates/{name}").read_text(encoding="utf-8")
