"""The error tree: what can go wrong, and which exit code each branch ends in.

    AnalyzerError
    ├── UsageError      2  an option, path or file given by the user is wrong
    │   └── ConfigError 2  a setting is unknown, of the wrong type or out of range
    ├── StoreError      3  the store cannot be read or written; nothing was committed
    │   ├── StoreBusy   4  another run holds the writer's lock
    │   └── StoreDamaged 3 tables and ledger disagree; `analyzer repair` is the way out
    ├── ModelError      3  weights are missing, damaged or of another shape
    └── RunAborted      3  stopped (signal, disk, memory); nothing was committed

One bad row is data (records.Reject), never an exception.
"""

from __future__ import annotations


class AnalyzerError(Exception):
    """Says what went wrong, where, and what to try next. Never holds transcript text.

    >>> str(AnalyzerError("No such file: calls.jsonl", hint="Check the path."))
    'No such file: calls.jsonl Check the path.'
    """

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions with keyword arguments do not survive the way back from a worker process otherwise.
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(kind: type[AnalyzerError], message: str, hint: str) -> AnalyzerError:
    return kind(message, hint=hint)


class UsageError(AnalyzerError):
    exit_code = 2


class ConfigError(UsageError):
    pass


class StoreError(AnalyzerError):
    exit_code = 3


class StoreBusy(StoreError):
    exit_code = 4


class StoreDamaged(StoreError):
    pass


class ModelError(AnalyzerError):
    exit_code = 3


class RunAborted(AnalyzerError):
    exit_code = 3
