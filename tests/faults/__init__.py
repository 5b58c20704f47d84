"""What must hold when processes are killed at any moment."""
