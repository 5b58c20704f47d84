"""Labelled traffic: calls of which it is known what they were, made by simulators or told by an operator."""
