"""Delivery: what has been committed to the outbox reaches its receiver, at least once, in order, and without hurry."""
