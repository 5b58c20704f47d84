"""The way of a call event through all that looks at it."""
