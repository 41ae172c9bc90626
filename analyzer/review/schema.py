"""The tables of the review database, step by step; a step that was ever released is never changed.

Verdicts are only ever added: an undone one stays, and ``undone`` says who took it back.
"""

from __future__ import annotations

from typing import Final

STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE users (
            name TEXT PRIMARY KEY, role TEXT NOT NULL, agent_id TEXT, password_hash TEXT NOT NULL,
            created_at TEXT NOT NULL, disabled_at TEXT)""",
        """CREATE TABLE user_teams (
            name TEXT NOT NULL REFERENCES users (name), team TEXT NOT NULL, PRIMARY KEY (name, team))""",
        """CREATE TABLE sessions (
            id_hash TEXT PRIMARY KEY, name TEXT NOT NULL REFERENCES users (name), csrf TEXT NOT NULL,
            created_at TEXT NOT NULL, seen_at TEXT NOT NULL)""",
        "CREATE TABLE failures (subject TEXT NOT NULL, at TEXT NOT NULL)",
        "CREATE INDEX failures_subject ON failures (subject, at)",
        """CREATE TABLE audit_log (
            at TEXT NOT NULL, name TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL, address TEXT NOT NULL)""",
        "CREATE INDEX audit_log_at ON audit_log (at)",
        """CREATE TABLE verdicts (
            verdict_id TEXT PRIMARY KEY, interaction_id TEXT NOT NULL, turn INTEGER, start_char INTEGER,
            end_char INTEGER, finding TEXT NOT NULL, answer TEXT NOT NULL, reviewer TEXT NOT NULL,
            answered_at TEXT NOT NULL, blind INTEGER NOT NULL, sampling_probability REAL NOT NULL, assigned_at TEXT,
            content_hash TEXT NOT NULL, model_version TEXT NOT NULL, use_for TEXT NOT NULL)""",
        "CREATE INDEX verdicts_interaction ON verdicts (interaction_id)",
        """CREATE TABLE undone (
            verdict_id TEXT PRIMARY KEY REFERENCES verdicts (verdict_id), at TEXT NOT NULL, name TEXT NOT NULL)""",
    ),
    (  # the desk: saved views, who reads what, the list somebody came from, passwords chosen by code
        """CREATE TABLE views (
            view_id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES users (name), name TEXT NOT NULL,
            query TEXT NOT NULL, shared INTEGER NOT NULL, created_at TEXT NOT NULL)""",
        """CREATE TABLE default_views (
            name TEXT PRIMARY KEY REFERENCES users (name),
            view_id TEXT NOT NULL REFERENCES views (view_id) ON DELETE CASCADE)""",
        "CREATE TABLE last_lists (name TEXT PRIMARY KEY REFERENCES users (name), query TEXT NOT NULL)",
        """CREATE TABLE assignments (
            interaction_id TEXT PRIMARY KEY, name TEXT NOT NULL REFERENCES users (name), assigned_at TEXT NOT NULL,
            assigned_by TEXT NOT NULL)""",
        "CREATE INDEX assignments_name ON assignments (name)",
        """CREATE TABLE password_codes (
            name TEXT PRIMARY KEY REFERENCES users (name), code_hash TEXT NOT NULL, made_at TEXT NOT NULL)""",
        "CREATE INDEX audit_log_name ON audit_log (name, at)",
    ),
    (
        """CREATE TABLE looks (
            interaction_id TEXT NOT NULL, name TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (interaction_id, name))""",
    ),
    (  # objections of agents and what leads decided; how far a coaching note has got
        """CREATE TABLE disputes (
            dispute_id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject_id TEXT NOT NULL, interaction_id TEXT NOT NULL,
            reviewer TEXT NOT NULL, raised_by TEXT NOT NULL, raised_at TEXT NOT NULL, reason TEXT NOT NULL,
            UNIQUE (kind, subject_id, raised_by))""",
        "CREATE INDEX disputes_interaction ON disputes (interaction_id)",
        """CREATE TABLE dispute_decisions (
            dispute_id TEXT PRIMARY KEY REFERENCES disputes (dispute_id), decision TEXT NOT NULL, reason TEXT NOT NULL,
            decided_by TEXT NOT NULL, decided_at TEXT NOT NULL)""",
        """CREATE VIEW overruled AS
            SELECT d.subject_id AS verdict_id FROM disputes d JOIN dispute_decisions x ON x.dispute_id = d.dispute_id
            WHERE d.kind = 'answer' AND x.decision = 'changed'""",
        """CREATE TABLE coaching_steps (
            verdict_id TEXT NOT NULL REFERENCES verdicts (verdict_id), step TEXT NOT NULL, name TEXT NOT NULL,
            at TEXT NOT NULL, PRIMARY KEY (verdict_id, step))""",
    ),
    (  # scorecards: the forms they were filled in by, cards, their answers, those taken back
        """CREATE TABLE card_forms (
            form TEXT NOT NULL, version TEXT NOT NULL, hash TEXT NOT NULL, content TEXT NOT NULL,
            used_at TEXT NOT NULL, PRIMARY KEY (form, version))""",
        """CREATE TABLE cards (
            card_id TEXT PRIMARY KEY, number INTEGER NOT NULL, interaction_id TEXT NOT NULL, form TEXT NOT NULL,
            version TEXT NOT NULL, reviewer TEXT NOT NULL, saved_at TEXT NOT NULL, blind INTEGER NOT NULL,
            sampling_probability REAL NOT NULL, content_hash TEXT NOT NULL, model_version TEXT NOT NULL,
            FOREIGN KEY (form, version) REFERENCES card_forms (form, version))""",
        "CREATE INDEX cards_interaction ON cards (interaction_id)",
        """CREATE TABLE card_answers (
            card_id TEXT NOT NULL REFERENCES cards (card_id), item TEXT NOT NULL, answer TEXT NOT NULL,
            PRIMARY KEY (card_id, item))""",
        """CREATE TABLE cards_undone (
            card_id TEXT PRIMARY KEY REFERENCES cards (card_id), at TEXT NOT NULL, name TEXT NOT NULL)""",
    ),
)
