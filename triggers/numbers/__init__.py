"""Telephone numbers: read, compared, listed."""
