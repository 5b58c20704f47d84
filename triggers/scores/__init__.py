"""What models see: features of calls and callers, the same live and in training."""
