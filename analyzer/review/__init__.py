"""The web app in which a person turns findings into verdicts: read, decide, correct; see README.md."""
