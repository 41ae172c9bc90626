"""The parts of the report: each module turns tables into one dataclass, which is all that its part of the page sees."""
