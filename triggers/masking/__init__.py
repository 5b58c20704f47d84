"""Who calls one number under many callers' numbers."""
