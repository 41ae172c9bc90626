"""Contact-center interaction analyzer: what was solved, felt and promised, and what it did to loyalty."""

__version__ = "0.1.0"
