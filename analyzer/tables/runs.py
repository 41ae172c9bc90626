"""What a run leaves of itself: its account, the records it could not read, the names of agents it was given."""

from __future__ import annotations

from typing import Final

from analyzer.tables.columns import AS_OF
from analyzer.tables.schema import FLOAT, LONG, STRING, TIME, column, nullable, table

RUNS: Final = table(
    "runs",
    "one row a run",
    "run_id",
    column("run_id", STRING, "run"),
    column("started_at", TIME, "start"),
    column("finished_at", TIME, "end"),
    AS_OF,
    column("config_hash", STRING, "hash of the settings"),
    column("model_version", STRING, "weights"),
    column("read", LONG, "conversation records read = accepted + rejected + duplicate"),
    column("accepted", LONG, "accepted"),
    column("rejected", LONG, "rejected"),
    column("duplicate", LONG, "already there"),
    column("replaced", LONG, "of the accepted, new content for a known id"),
    column("skipped", LONG, "files that hold no transcripts"),
    column("seconds", FLOAT, "duration", unit="s"),
    column("engine", STRING, "engine and workers"),
)

REJECTS: Final = table(
    "rejects",
    "conversation records that could not be read",
    "source_uri position",
    column("source_uri", STRING, "file and archive member"),
    column("position", LONG, "0-based record in the file"),
    nullable("source_format", STRING, "reader"),
    column("code", STRING, "stable reject code"),
    column("message", STRING, "what is wrong and what to do; no transcript text"),
    column("run_id", STRING, "run that saw it last"),
)

AGENT_NAMES: Final = table(
    "agent_names",
    "what the roster calls agents; nobody unless publish.agents was named",
    "agent_id",
    column("agent_id", STRING, "human agent"),
    column("name", STRING, "name as the roster has it"),
)
