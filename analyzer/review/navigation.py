"""The places that the header of every page leads to, in order; one row a page."""

from __future__ import annotations

from typing import Final, NamedTuple

from analyzer.review.roles import Right
from analyzer.review.sessions import Session


class Place(NamedTuple):
    """``text``: key of the page's name in the words of the app; ``right``: what one must be allowed to do there."""

    path: str
    text: str
    right: Right


PLACES: Final = (
    Place("/queue", "place_queue", "read"),
    Place("/progress", "place_progress", "decide"),
    Place("/scorecards", "place_scorecards", "read"),
    Place("/coaching", "place_coaching", "read"),
    Place("/praise", "place_praise", "read"),
    Place("/disputes", "place_disputes", "read"),
    Place("/agreement", "place_agreement", "settle"),
    Place("/audit", "place_audit", "settle"),
    Place("/people", "place_people", "manage"),
    Place("/log", "place_log", "see_log"),
)


def places(session: Session | None) -> tuple[Place, ...]:
    """The places that the person who is signed in may go to; none before."""
    return () if session is None else tuple(each for each in PLACES if session.user.may(each.right))
