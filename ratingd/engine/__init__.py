"""The engine: requests queue per lane, a lane decides them in batches, a batch commits as a whole, then answers."""
