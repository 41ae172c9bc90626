"""The contacts of a world judged as of a moment, as a store would: rows, draws, and what obvious rules would say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.journey.fcr import Judged, Standing, judge
from tests.journey.worlds import ZONE, World


def judged(
    world: World, as_of_us: int, window_days: int = 7, pending: np.ndarray | None = None
) -> tuple[Judged, np.ndarray]:
    """The rows of the contacts that had ended by ``as_of_us``, and their positions in the world."""
    seen = np.flatnonzero(world.end_us <= as_of_us)
    size = len(seen)
    yes = np.ones(size, dtype=bool)
    heard = np.where(world.p > 0.5, "resolved", "unresolved")
    standing = Standing(
        end_us=world.end_us[seen],
        resolution=(heard if pending is None else np.where(pending, "pending", heard))[seen],
        text_probability=world.p[seen],
        applicable=yes, identified=yes, first=yes,
        settled_us=np.full(size, -1, dtype=np.int64),
        reason=world.reason[seen].astype(object),
        channel=world.channel[seen].astype(object),
        zone=ZONE,
        left_us=None,
    )  # fmt: skip
    back = world.returned_us[seen]
    known = np.flatnonzero((back >= 0) & (back <= as_of_us))
    returns = pd.DataFrame(
        {"earlier": known, "later": known, "start_us": back[known], "probability": 1.0, "accepted": True}
    )
    return judge(standing, returns, returns.iloc[:0], window_days, as_of_us), seen
