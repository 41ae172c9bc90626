"""Scorecards: versioned forms, the program's answers to them, people's cards, and what both say of teams and items."""
