"""Findings and links → what a contact was worth to the customer, and what can fairly be said of agents and channels."""
