"""Fraud detection at work: events come in, verdicts go out, and what was found is stored, told and acted upon."""
