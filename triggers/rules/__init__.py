"""Fraud rules over traffic metrics, one a row of a file."""
