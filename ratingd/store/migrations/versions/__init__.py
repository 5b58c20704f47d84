"""One change a file; each says why, how long it locks and how to go back."""
