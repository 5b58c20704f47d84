"""Training: from labelled rows to a folder with a model, its figures and its card."""
