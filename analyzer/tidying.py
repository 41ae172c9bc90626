"""After a run is published: what only helped it on the way, and what is too old to be kept, is deleted."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from analyzer.batches import UNDERSTOOD
from analyzer.config import Settings
from analyzer.engine import kept_in
from analyzer.ingest.quarantine import Place, prune, remove
from analyzer.store.folder import STAGING
from analyzer.understand.kept_sentences import merged

if TYPE_CHECKING:
    from analyzer.store.store import Store

log = logging.getLogger(__name__)


def tidy(store: Store, settings: Settings, now: datetime, mended: Collection[Place]) -> None:
    """The run is published: what cannot be deleted now is no failure, and is deleted by a later run."""
    shutil.rmtree(store.path / STAGING / UNDERSTOOD, ignore_errors=True)
    if kept := kept_in(store.path, settings):
        merged(kept, settings.engine.kept_sentences, now)
    try:
        remove(store.path, mended)
        prune(store.path, settings.ingest.quarantine_days, now)
    except OSError as error:
        log.warning("What is old or mended in quarantine could not be removed: %s", error.strerror)
