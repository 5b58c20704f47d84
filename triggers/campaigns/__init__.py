"""Campaigns: callers that act together."""
