"""The command line: what an operator types, and how it is shown."""

from ratingd.cli.main import main

__all__ = ["main"]
