"""Triggers: floors and ceilings on balances and counters, how they are read, and when they fire.

Nothing in this room touches the world, and nothing in it acts: it tells which monitors are due, and `actions` does the
rest. What a monitor may fire at is handed to `accounts` as plain bounds.
"""
