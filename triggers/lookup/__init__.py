"""Lookup: what is thought of one number, and what an alert may cost. Pure."""
