"""The rows a person may see and how they stand now: what the queue, assigning and the progress start from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from analyzer.review.answered import answered, looked_at
from analyzer.review.asked import Asked
from analyzer.review.assignments import assigned
from analyzer.review.database import Connection
from analyzer.review.desk import Snapshot, visible
from analyzer.review.listing import Listed, Standing, listed, standing_of
from analyzer.review.roles import User


@dataclass(frozen=True, slots=True)
class Board:
    """``flags``: the visible rows of ``snapshot``; ``done``: contacts that need nobody any more; ``assigned``: the
    person by contact."""

    snapshot: Snapshot
    user: User
    flags: pd.DataFrame
    done: set[str]
    assigned: Mapping[str, str]
    standing: Standing

    def list(self, asked: Asked) -> Listed:
        return listed(self.flags, asked, self.standing, self.user.name)


def board_of(connection: Connection, snapshot: Snapshot, user: User, second: Collection[str] = ()) -> Board:
    """The board of ``user`` now; ``second``: the contacts that wait for them as the second person."""
    flags = visible(snapshot.flags, user)
    done, theirs = answered(connection, snapshot), assigned(connection)
    standing = standing_of(flags, snapshot, done, looked_at(connection, user.name), theirs, second)
    return Board(snapshot, user, flags, done, theirs, standing)
