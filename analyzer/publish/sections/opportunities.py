"""Feelings that customers showed, and how often somebody took them up: overall, by channel and by reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from analyzer.publish.charts import Absent, Axis, Dot, Picture, drawn, intervals
from analyzer.publish.estimates import Estimate
from analyzer.publish.sections.units import label_expression, share_bounds
from analyzer.publish.sections.window import Window
from analyzer.publish.wording import Wording

NAME: Final = "feelings_taken_up"
REASONS_SHOWN: Final = 6
Group = tuple[str, Estimate, Estimate]


def opportunities(window: Window, w: Wording) -> Picture | Absent:
    """Wilson intervals over feelings shown, a contact of several counting as one customer's."""
    contacts = window.contacts[window.contacts["experience_contact"].notna()]
    whole = _shares(contacts, window)
    if not whole[0].estimable:
        key = "opportunities.none" if not whole[0].n else "opportunities.too_few"
        return Absent(NAME, w("opportunities.title"), w(key, n=whole[0].n))
    groups: list[Group] = [(w("opportunities.all"), *whole)]
    for column, section, most in (("channel", "channel", None), ("reason", "reason", REASONS_SHOWN)):
        counts = contacts.groupby(column)["empathic_opportunities"].sum()
        ordered = sorted(counts[counts > 0].items(), key=lambda item: (-item[1], str(item[0])))[:most]
        groups += [
            (w.name(section, str(name)), *_shares(contacts[contacts[column] == name], window)) for name, _ in ordered
        ]
    return _picture(groups, w, w.value(window.rules.level, "share"))


def _shares(contacts: pd.DataFrame, window: Window) -> tuple[Estimate, Estimate]:
    """Taken up, and brushed off, of all feelings shown."""
    columns = ["opportunities_met", "opportunities_hurt", "empathic_opportunities"]
    met, hurt, shown = contacts[columns].to_numpy(dtype="float64").T
    customers = contacts["customer_key"].tolist()
    return window.rules.ratio(met, shown, customers), window.rules.ratio(hurt, shown, customers)


def _picture(groups: Sequence[Group], w: Wording, level: str) -> Picture:
    whole = groups[0][1]
    shown = [group for group in groups if group[1].estimable]
    dots = [
        Dot(name, met, w("units.n", n=met.n), "accent" if i == 0 else "muted",
            w("opportunities.note", n=met.n, hurt=w.value(hurt.value, "share")) if hurt.value is not None else "")
        for i, (name, met, hurt) in enumerate(shown)
    ]  # fmt: skip
    low, high = share_bounds([met for _, met, _ in groups])
    axis = Axis(low, high, w("word.too_few"), label_expression("share", w), whole.value, "")
    header = (w("word.group"), w("opportunities.met"), w("opportunities.hurt"))
    rows = [(name, w.estimate(met, "share"), w.estimate(hurt, "share")) for name, met, hurt in groups]
    return drawn(
        w("opportunities.finding", share=w.value(whole.value or 0.0, "share"),
          hurt=w.value(groups[0][2].value or 0.0, "share")),
        lambda width: intervals(dots, axis, width), header, rows, name=NAME,
        subtitle=w("opportunities.subtitle", n=whole.n, level=level),
    )  # fmt: skip
